import { limits } from "#contract/limits.ts";
import type { MessagesPage, PageEvent, StreamPage } from "#functions/messages-page.ts";

/** How long a client waits before it comes back, in ms: what EventSource does by itself when told so. */
const retryMs = 2_000;

const beginning = Buffer.from(`retry: ${retryMs}\n\n`);
const heartbeat = Buffer.from(": heartbeat\n\n");

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
 * What comes as server-sent events, with a comment whenever nothing was said for a while. One timer for all: `Promise.race`
 * would leave something behind in a promise at each beat, and a quiet stream waits for days. By hand rather than as an
 * async generator, as what a thousand streams share costs each of them little but the promises on its way.
 */
export class EventStream<T> implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #items: AsyncIterator<T>;
  readonly #framesOf: (item: T) => Uint8Array;
  readonly #done: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  /** An item was asked for and has not come yet. */
  #isAsked = false;
  /** It came while a beat was being sent. */
  #early: Promise<Result> | undefined;
  #resolve: ((result: Result | Promise<Result>) => void) | undefined;

  /** `done` is called once at its end, if it was begun. */
  constructor(items: AsyncIterator<T>, framesOf: (item: T) => Uint8Array, done: () => Promise<void>) {
    this.#items = items;
    this.#framesOf = framesOf;
    this.#done = done;
  }

  /** To be called again only when the last has resolved. Rejects with what the items reject with. */
  next(): Promise<Result> {
    if (!this.#timer) {
      this.#timer = setInterval(this.#beat, limits.heartbeatSeconds * 1000);
      return Promise.resolve({ value: beginning, done: false });
    }
    const early = this.#early;
    if (early) {
      this.#early = undefined;
      return early;
    }
    if (this.#isOver) return Promise.resolve(over);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (!this.#isAsked) this.#ask(this.#timer!);
    });
  }

  async return(): Promise<Result> {
    if (this.#timer) await this.#end();
    this.#resolve?.(over);
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #ask(timer: NodeJS.Timeout): void {
    this.#isAsked = true;
    timer.refresh();
    this.#items.next().then(this.#onItem, this.#onFailure);
  }

  readonly #onItem = (item: IteratorResult<T>): void => {
    this.#isAsked = false;
    if (item.done) this.#give(this.#end().then(() => over));
    else {
      try {
        this.#give({ value: this.#framesOf(item.value), done: false });
      } catch (error) {
        this.#onFailure(error);
      }
    }
  };

  readonly #onFailure = (error: unknown): void => {
    const failed = this.#end().then(() => Promise.reject(error));
    // It may be that nobody asks any more.
    failed.catch(() => {});
    this.#give(failed);
  };

  readonly #beat = (): void => {
    if (this.#resolve) this.#give({ value: heartbeat, done: false });
  };

  #give(result: Result | Promise<Result>): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    if (resolve) resolve(result);
    else this.#early = Promise.resolve(result);
  }

  async #end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    // Not waited for: it may be waiting itself, for as long as its signal lets it.
    this.#items.return?.().catch(() => {});
    await this.#done();
  }
}

type Result = IteratorResult<Uint8Array, undefined>;

const over: Result = { value: undefined, done: true };
