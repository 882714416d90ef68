import { ReadableStream } from "node:stream/web";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http-types.ts";

/** The service without a socket. */
export interface InProcessHost {
  /** Calls the service's handler in this process: same bytes, same errors. */
  readonly fetch: typeof fetch;
  /** Answers what is under way, ends streams between two events, and refuses every later call. */
  close(): Promise<void>;
}

/** Puts a `fetch` before the service's handler. */
export function createInProcessHost(handler: HttpHandler): InProcessHost {
  const stopping = new AbortController();
  const underWay = new Set<Promise<HttpResponse>>();
  const streams = new Set<AsyncIterator<Uint8Array>>();

  /** A stream that is ended by `close`, also when its reader takes nothing. */
  async function* ending(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const chunks = stream[Symbol.asyncIterator]();
    streams.add(chunks);
    try {
      // Copied, as a reader may do with its bytes what it likes, and these are those of all streams.
      for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) yield Uint8Array.from(chunk);
    } finally {
      streams.delete(chunks);
    }
  }

  return {
    async fetch(input, init) {
      const request = new Request(input, init);
      request.signal.throwIfAborted();
      // Without a status it is no answer of the service, and clients do not try again.
      if (stopping.signal.aborted) throw new BellwetherError("unavailable", "The service is closed.");
      const response = handler(requestOf(request, stopping.signal));
      underWay.add(response);
      response.finally(() => underWay.delete(response)).catch(() => {});
      return responseOf(await Promise.race([response, rejectOnAbort(request.signal)]), ending);
    },
    async close() {
      stopping.abort();
      await Promise.allSettled(underWay);
      await Promise.allSettled([...streams].map((chunks) => chunks.return?.()));
    },
  };
}

function requestOf(request: Request, stopping: AbortSignal): HttpRequest {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name) ?? undefined,
    async body() {
      const bytes = new Uint8Array(await request.arrayBuffer());
      if (bytes.length <= limits.bodyBytesMax) return bytes;
      throw new BellwetherError(
        "payload_too_large",
        `The body has ${bytes.length} bytes; the limit is ${limits.bodyBytesMax}. Send less at once.`,
        {
          limitBytes: limits.bodyBytesMax,
          actualBytes: bytes.length,
        },
      );
    },
    get signal() {
      return AbortSignal.any([request.signal, stopping]);
    },
  };
}

function responseOf(
  { status, headers, body, stream }: HttpResponse,
  ending: (stream: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): Response {
  const content = stream ? ReadableStream.from(ending(stream)) : status === 204 ? null : (body ?? null);
  return new Response(content as ConstructorParameters<typeof Response>[0], { status, headers });
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
