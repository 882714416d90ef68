import { limits } from "#contract/limits.ts";
import { type Cursor, encodeCursor } from "#core/cursor.ts";
import { type ReadStep, readOn, watchesOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import { type MessagesPage, pageOfStep } from "./messages-page.ts";

/** A page of a stream, and where the stream stands behind it. */
export interface StreamPage extends MessagesPage {
  readonly end: Cursor;
  /** There is more behind it at once. */
  readonly more: boolean;
  /** On the monotonic clock. */
  readonly madeAtMs: number;
  /** How many streams waited for it. */
  readonly readers: number;
}

/**
 * After a page streams gather before the next, for as long as that takes about to be written to all of them: three times
 * the fan-out at high rates (measured on a prototype), while few streams and the first message after a pause wait for
 * nothing.
 */
const gatherMsMax = 5;
const gatherMsOfReader = 0.02;
/** Who stands at the same place later than this reads for itself: what expired meanwhile must not be given. */
const keptMs = 1_000;
/** The newest pages are kept up to so many characters of messages. */
const keptCharactersMax = 4_000_000;
/** However long nothing comes, topics are looked up anew so often: one may have been made again, or got more shards. */
const lookMs = 5_000;

/** The pages that the streams of one process share. */
export function sharedPages(context: Context): SharedPages {
  return context.kept.of(context, makeSharedPages);
}

function makeSharedPages(context: Context): SharedPages {
  return new SharedPages(context);
}

/**
 * What streams wait for. All that stand at one place of the same topics get one page, which is read and written out once:
 * so a thousand of them cost little more than their sockets. Keeping to the pages that the first of them made, they stay
 * together.
 */
class SharedPages {
  readonly #context: Context;
  readonly #places = new Map<string, Place>();
  readonly #kept: Place[] = [];
  #keptCharacters = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The first page behind a place, as soon as there is one; undefined when `ms` pass before or the signal aborts.
   * `key` names the topics; `previous` is the page that ends at this place, if the caller had one. Throws `cursor_ahead`.
   */
  async next(
    key: string,
    topicsNow: () => Promise<TopicRecord[]>,
    from: Cursor,
    previous: StreamPage | undefined,
    ms: number,
    signal: AbortSignal,
  ): Promise<StreamPage | undefined> {
    const at = `${key} ${previous?.cursor ?? encodeCursor(from)}`;
    let place = this.#places.get(at);
    if (!place || place.isStale()) {
      place = new Place(at);
      this.#places.set(at, place);
      void this.#fill(place, topicsNow, from, previous);
    }
    await place.wait(ms, signal);
    if (place.isAbandoned() && this.#places.get(at) === place) this.#places.delete(at);
    return place.page();
  }

  async #fill(
    place: Place,
    topicsNow: () => Promise<TopicRecord[]>,
    from: Cursor,
    previous: StreamPage | undefined,
  ): Promise<void> {
    const { store, clock } = this.#context;
    const { signal } = place;
    try {
      if (previous && !previous.more) await pause(previous.madeAtMs + gatherMsOf(previous) - performance.now());
      let cursor = from;
      while (!signal.aborted) {
        const topics = await topicsNow();
        const step = await readOn(store, topics, cursor, limits.pageMessagesMax, clock.nowMs());
        if (step.deliveries.length > 0) {
          this.#keep(place, this.#pageOf(cursor, step, place.waiting));
          return;
        }
        cursor = step.cursor;
        if (!step.more) await this.#news(topics, cursor, signal);
      }
    } catch (error) {
      this.#places.delete(place.at);
      place.fail(error);
    }
  }

  #pageOf(from: Cursor, step: ReadStep, readers: number): StreamPage {
    const page = pageOfStep(this.#context.settings, from, step);
    return { ...page, end: step.cursor, more: step.more, madeAtMs: performance.now(), readers };
  }

  #keep(place: Place, page: StreamPage): void {
    this.#kept.push(place);
    this.#keptCharacters += place.fill(page);
    while (this.#kept.length > 1 && (this.#keptCharacters > keptCharactersMax || this.#kept[0]!.isStale())) {
      const oldest = this.#kept.shift()!;
      this.#keptCharacters -= oldest.characters;
      if (this.#places.get(oldest.at) === oldest) this.#places.delete(oldest.at);
    }
  }

  async #news(topics: readonly TopicRecord[], cursor: Cursor, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, lookMs);
    signal.addEventListener("abort", end);
    if (!signal.aborted) await this.#context.store.waitForNews(watchesOf(topics, cursor), over.signal);
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

/** A place in some topics, those who wait there, and then the page behind it. */
class Place {
  readonly at: string;
  characters = 0;
  readonly #over = new AbortController();
  readonly #waiting = new Set<() => void>();
  #page: StreamPage | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(at: string) {
    this.at = at;
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Aborts when nobody waits any more. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Resolves when there is a page or a failure, when `ms` have passed, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isDone() || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
      this.#waiting.add(end);
    });
    if (this.#waiting.size === 0 && !this.#isDone()) this.#over.abort();
  }

  /** Gives the page to all who wait; how many characters it holds. */
  fill(page: StreamPage): number {
    this.#page = page;
    for (const message of page.messages) this.characters += message.length;
    this.#wake();
    return this.characters;
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  page(): StreamPage | undefined {
    if (this.#failure) throw this.#failure.error;
    return this.#page;
  }

  isAbandoned(): boolean {
    return this.#over.signal.aborted;
  }

  isStale(): boolean {
    return this.isAbandoned() || (this.#page !== undefined && performance.now() - this.#page.madeAtMs > keptMs);
  }

  #isDone(): boolean {
    return this.#page !== undefined || this.#failure !== undefined;
  }

  #wake(): void {
    for (const end of [...this.#waiting]) end();
  }
}

/** Below a millisecond, which is what timers are good for, not at all. */
function gatherMsOf({ readers }: StreamPage): number {
  return Math.min(gatherMsMax, Math.floor(readers * gatherMsOfReader));
}

function pause(ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
}
