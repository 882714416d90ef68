import { limits } from "#contract/limits.ts";
import type { MessagesPage, PageEvent } from "#functions/messages-page.ts";

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
    for (;;) {
      const next = new Waited(items.next());
      while (!(await next.within(limits.heartbeatSeconds * 1000))) yield ": heartbeat\n\n";
      const result = await next.promise;
      if (result.done) return;
      yield framesOf(result.value);
    }
  } finally {
    await done();
  }
}

const framesOfPages = new WeakMap<MessagesPage, string>();

/** Messages and losses, each with the cursor behind it as its id. Written once for all streams that share the page. */
export function pageFrames(page: MessagesPage): string {
  let frames = framesOfPages.get(page);
  if (frames === undefined) {
    const events = page.events();
    // An id without data is no event, but moves the place that a client resumes from.
    frames = events.length === 0 ? `id: ${page.cursor}\n\n` : events.map(frameOf).join("");
    framesOfPages.set(page, frames);
  }
  return frames;
}

function frameOf(event: PageEvent): string {
  return "message" in event
    ? `id: ${event.id}\nevent: message\ndata: ${event.message}\n\n`
    : `id: ${event.id}\nevent: discontinuity\ndata: ${JSON.stringify(event.discontinuity)}\n\n`;
}

/** An answer about terms. It has no id, as there is nothing to resume: the next stream begins with what is then. */
export function termsFrames(answer: string): string {
  return `event: terms\ndata: ${answer}\n\n`;
}

/**
 * A promise that can be waited for again and again, for a while each time. `Promise.race` would leave something behind
 * in it each time, and a quiet stream waits for days.
 */
class Waited<T> {
  readonly promise: Promise<T>;
  #settled = false;
  #wake: () => void = () => {};

  constructor(promise: Promise<T>) {
    this.promise = promise;
    const settle = (): void => {
      this.#settled = true;
      this.#wake();
    };
    promise.then(settle, settle);
  }

  /** Whether it settles within this time. */
  async within(ms: number): Promise<boolean> {
    if (this.#settled) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#settled;
  }
}
