import { ReadableStream, TextEncoderStream } from "node:stream/web";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http-types.ts";

/** A `fetch` that calls the service's handler in this process: same bytes, same errors, no socket. */
export function createFetch(handler: HttpHandler): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const response = await Promise.race([handler(requestOf(request)), rejectOnAbort(request.signal)]);
    return responseOf(response);
  };
}

function requestOf(request: Request): HttpRequest {
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
    signal: request.signal,
  };
}

function responseOf({ status, headers, body, stream }: HttpResponse): Response {
  const content = stream
    ? ReadableStream.from(stream).pipeThrough(new TextEncoderStream())
    : status === 204
      ? null
      : (body ?? null);
  return new Response(content as ConstructorParameters<typeof Response>[0], { status, headers });
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
