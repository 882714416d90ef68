import { limits } from "#contract/limits.ts";
import type { MessagesPage } from "#functions/reading.ts";

/** How long a client waits before it comes back, in ms: what EventSource does by itself when told so. */
const retryMs = 2_000;

/** Pages as server-sent events, with a comment whenever nothing was said for a while. `done` is called once at its end. */
export async function* eventStream(
  pages: AsyncGenerator<MessagesPage>,
  done: () => Promise<void>,
): AsyncGenerator<string> {
  try {
    yield `retry: ${retryMs}\n\n`;
    let next = pages.next();
    for (;;) {
      const result = await withHeartbeat(next);
      if (result === "heartbeat") {
        yield ": heartbeat\n\n";
        continue;
      }
      if (result.done) return;
      yield framesOf(result.value);
      next = pages.next();
    }
  } finally {
    await done();
  }
}

function framesOf(page: MessagesPage): string {
  let frames = "";
  for (const event of page.events()) {
    frames +=
      "message" in event
        ? `id: ${event.id}\nevent: message\ndata: ${event.message}\n\n`
        : `id: ${event.id}\nevent: discontinuity\ndata: ${JSON.stringify(event.discontinuity)}\n\n`;
  }
  return frames;
}

async function withHeartbeat<T>(next: Promise<T>): Promise<T | "heartbeat"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heartbeat = new Promise<"heartbeat">((resolve) => {
    timer = setTimeout(() => resolve("heartbeat"), limits.heartbeatSeconds * 1000);
  });
  try {
    return await Promise.race([next, heartbeat]);
  } finally {
    clearTimeout(timer);
  }
}
