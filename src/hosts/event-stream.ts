import { limits } from "#contract/limits.ts";
import type { MessagesPage, PageEvent, StreamPage } from "#functions/messages-page.ts";

/** How long a client waits before it comes back, in ms: what EventSource does by itself when told so. */
const retryMs = 2_000;

const beginning = Buffer.from(`retry: ${retryMs}\n\n`);
const heartbeat = Buffer.from(": heartbeat\n\n");

/** What comes as server-sent events, with a comment whenever nothing was said for a while. `done` is called once at its end. */
export async function* eventStream<T>(
  items: AsyncGenerator<T>,
  framesOf: (item: T) => Uint8Array,
  done: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const beating = new Beating(items, limits.heartbeatSeconds * 1000);
  try {
    yield beginning;
    for (;;) {
      const next = await beating.next();
      if (next?.done) return;
      yield next ? framesOf(next.value) : heartbeat;
    }
  } finally {
    beating.stop();
    await done();
  }
}

/** Messages and losses, each with the cursor behind it as its id. */
export function pageFrames(page: StreamPage): Uint8Array {
  return page.written(framesOfPage);
}

function framesOfPage({ cursor, ...page }: MessagesPage): Uint8Array {
  const events = page.events();
  // An id without data is no event, but moves the place that a client resumes from.
  return Buffer.from(events.length === 0 ? `id: ${cursor}\n\n` : events.map(frameOf).join(""));
}

function frameOf(event: PageEvent): string {
  return "message" in event
    ? `id: ${event.id}\nevent: message\ndata: ${event.message}\n\n`
    : `id: ${event.id}\nevent: discontinuity\ndata: ${JSON.stringify(event.discontinuity)}\n\n`;
}

/** An answer about terms. It has no id, as there is nothing to resume: the next stream begins with what is then. */
export function termsFrames(answer: string): Uint8Array {
  return Buffer.from(`event: terms\ndata: ${answer}\n\n`);
}

/**
 * Items as they come, and a beat whenever one takes long. One timer for all: `Promise.race` would leave something behind in
 * a promise at each beat, and a quiet stream waits for days.
 */
class Beating<T> {
  readonly #items: AsyncGenerator<T>;
  readonly #timer: NodeJS.Timeout;
  #isAsked = false;
  #result: IteratorResult<T> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(items: AsyncGenerator<T>, beatMs: number) {
    this.#items = items;
    this.#timer = setInterval(() => this.#wake(), beatMs);
  }

  /** The next item or the end; undefined for a beat, after which the same item is still to come. */
  async next(): Promise<IteratorResult<T> | undefined> {
    if (!this.#isAsked) {
      this.#isAsked = true;
      this.#timer.refresh();
      this.#items.next().then(this.#onResult, this.#onFailure);
    }
    if (!this.#result && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure.error;
    const result = this.#result;
    if (result) {
      this.#result = undefined;
      this.#isAsked = false;
    }
    return result;
  }

  /** Ends the items too. Not waited for: they may be waiting themselves, for as long as their signal lets them. */
  stop(): void {
    clearInterval(this.#timer);
    this.#items.return(undefined).catch(() => {});
  }

  readonly #onResult = (result: IteratorResult<T>): void => {
    this.#result = result;
    this.#wake();
  };

  readonly #onFailure = (error: unknown): void => {
    this.#failure = { error };
    this.#wake();
  };
}
