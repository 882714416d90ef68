import type { Cursor } from "#core/cursor.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import { presentTopics } from "./known-topics.ts";
import type { StreamPage } from "./messages-page.ts";
import { type Place, type SharedPage, sharedPages, type Waiting } from "./shared-pages.ts";

/** A stream with nothing to give looks this often whether it may go on: so late ends one that was sought or deleted. */
const idleMs = 5_000;
/** After a pause of this long it looks before it goes on. */
const checkedMs = 1_000;

type Result = IteratorResult<StreamPage, undefined>;

/**
 * Pages of the topics of these names as they come, without end. Before each page after a pause of a second or more, and
 * every few seconds while there is none, `isCurrent` says whether the stream may go on; a false ends it.
 *
 * By hand rather than as an async generator, with one timer and one listener for all its pages: a page that a thousand
 * streams share costs each of them little but what is done here, and each promise and timer on its way counts.
 */
export class PageStream implements AsyncIterableIterator<StreamPage, undefined>, Waiting {
  readonly #context: Context;
  readonly #names: readonly string[];
  readonly #key: string;
  readonly #from: Cursor;
  readonly #isCurrent: () => Promise<boolean>;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #page: SharedPage | undefined;
  #checkedAtMs: number;
  /** Where it waits. */
  #place: Place | undefined;
  #resolve: (result: Result | Promise<Result>) => void = () => {};

  constructor(
    context: Context,
    names: readonly string[],
    from: Cursor,
    isCurrent: () => Promise<boolean>,
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.#names = names;
    this.#key = names.join();
    this.#from = from;
    this.#isCurrent = isCurrent;
    this.#signal = signal;
    this.#checkedAtMs = context.clock.nowMs();
  }

  /** To be called again only when the last has resolved. Rejects with `cursor_ahead`. */
  next(): Promise<Result> {
    if (!this.#timer && !this.#isOver) this.#begin();
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#ask();
    });
  }

  async return(): Promise<Result> {
    this.#end();
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  arrived(place: Place): void {
    this.#place = undefined;
    this.#goOn(place);
  }

  #begin(): void {
    this.#timer = setInterval(this.#look, idleMs);
    if (this.#signal.aborted) this.#end();
    else this.#signal.addEventListener("abort", this.#end, { once: true });
  }

  #ask(): void {
    if (this.#isOver) {
      this.#resolve(over);
      return;
    }
    const page = this.#page;
    const place = sharedPages(this.#context).placeAt(this.#key, this.#topicsNow, page?.end ?? this.#from, page);
    this.#place = place;
    place.enter(this);
  }

  /** With the place it has arrived at, or without one when it only looks whether it may go on. */
  #goOn(place: Place | undefined): void {
    const nowMs = this.#context.clock.nowMs();
    if (this.#isOver || Math.abs(nowMs - this.#checkedAtMs) < checkedMs) this.#give(place);
    else this.#resolve(this.#check(place, nowMs));
  }

  #give(place: Place | undefined): void {
    if (this.#isOver) this.#resolve(over);
    else if (!place) this.#ask();
    else {
      try {
        const page = place.page();
        this.#page = page;
        this.#context.traffic.messagesOut += page.messages;
        this.#resolve({ value: page, done: false });
      } catch (error) {
        this.#end();
        this.#resolve(Promise.reject(error));
      }
    }
  }

  async #check(place: Place | undefined, nowMs: number): Promise<Result> {
    try {
      if (!(await this.#isCurrent())) this.#end();
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#checkedAtMs = nowMs;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#give(place);
    });
  }

  /** No page has come for a while, or the stream is over. */
  readonly #look = (): void => {
    const place = this.#place;
    if (!place) return;
    this.#place = undefined;
    place.leave(this);
    this.#goOn(undefined);
  };

  readonly #end = (): void => {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#signal.removeEventListener("abort", this.#end);
    this.#look();
  };

  readonly #topicsNow = (): Promise<TopicRecord[]> => presentTopics(this.#context, this.#names);
}

const over: Result = { value: undefined, done: true };
