import type { HttpClient, HttpResponse } from "./http-client.ts";

/** HTTP by a `fetch`, which also follows redirects. `root` has no slash at its end. */
export function createFetchHttp(root: string, fetch: typeof globalThis.fetch): HttpClient {
  return {
    send({ method, target, headers, body }) {
      const controller = new AbortController();
      const init = { method, headers, signal: controller.signal, ...(body === undefined ? {} : { body }) };
      return {
        response: fetch(root + target, init).then((response) => httpResponse(response, controller.signal)),
        cancel: (reason) => controller.abort(reason),
      };
    },
  };
}

function httpResponse(response: Response, signal: AbortSignal): HttpResponse {
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    text: () => response.text(),
    chunks: () => readChunks(response.body, signal),
  };
}

/** Not every `fetch` ends a body that is being read when its signal aborts. */
async function* readChunks(
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  if (!body) return;
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}
