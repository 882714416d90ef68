import type { HttpHandler, HttpRequest, HttpResponse } from "#hosts/http-types.ts";
import { createInProcessHost } from "#hosts/in-process/host.ts";

/** Headers that the service reads. */
const names = [
  "accept",
  "authorization",
  "content-type",
  "forwarded",
  "idempotency-key",
  "last-event-id",
  "x-forwarded-for",
];

/** Calls a service the way a program does that holds it in its own process: through the `fetch` of that host. */
export function throughInProcessHost(handler: HttpHandler): { readonly handler: HttpHandler; close(): Promise<void> } {
  const { fetch, close } = createInProcessHost(handler);
  return {
    async handler(request) {
      const hasBody = !["GET", "HEAD"].includes(request.method);
      const response = await fetch(`http://in-process${request.target}`, {
        method: request.method,
        headers: names.flatMap((name): [string, string][] => {
          const value = request.header(name);
          return value === undefined ? [] : [[name, value]];
        }),
        signal: request.signal,
        ...(hasBody && { body: bodyOf(request), duplex: "half" as const }),
      });
      return responseOf(response);
    },
    close,
  };
}

/** Read when the service reads it. */
function bodyOf(request: HttpRequest): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = await request.body();
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

async function responseOf(response: Response): Promise<HttpResponse> {
  const head = { status: response.status, headers: Object.fromEntries(response.headers) };
  if (response.headers.get("content-type") !== "text/event-stream") return { ...head, body: await response.text() };
  return { ...head, stream: response.body!.pipeThrough(new TextDecoderStream() as never) as never };
}
