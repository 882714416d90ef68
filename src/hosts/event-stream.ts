import { limits } from "#contract/limits.ts";
import type { MessagesPage } from "#functions/reading.ts";

/** How long a client waits before it comes back, in ms: what EventSource does by itself when told so. */
const retryMs = 2_000;

/** What comes as server-sent events, with a comment whenever nothing was said for a while. `done` is called once at its end. */
export async function* eventStream<T>(
  items: AsyncGenerator<T>,
  framesOf: (item: T) => string,
  done: () => Promise<void>,
): AsyncGenerator<string> {
  try {
    yield `retry: ${retryMs}\n\n`;
    let next = items.next();
    for (;;) {
      const result = await withHeartbeat(next);
      if (result === "heartbeat") {
        yield ": heartbeat\n\n";
        continue;
      }
      if (result.done) return;
      yield framesOf(result.value);
      next = items.next();
    }
  } finally {
    await done();
  }
}

/** Messages and losses, each with the cursor behind it as its id. */
export function pageFrames(page: MessagesPage): string {
  let frames = "";
  for (const event of page.events()) {
    frames +=
      "message" in event
        ? `id: ${event.id}\nevent: message\ndata: ${event.message}\n\n`
        : `id: ${event.id}\nevent: discontinuity\ndata: ${JSON.stringify(event.discontinuity)}\n\n`;
  }
  return frames;
}

/** An answer about terms. It has no id, as there is nothing to resume: the next stream begins with what is then. */
export function termsFrames(answer: string): string {
  return `event: terms\ndata: ${answer}\n\n`;
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
