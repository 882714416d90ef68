import { limits } from "#contract/limits.ts";
import { type Cursor, encodeCursor } from "#core/cursor.ts";
import { type ReadStep, readOn, watchesOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import { type MessagesPage, pageOfStep, type StreamPage } from "./messages-page.ts";

/**
 * After a page streams gather before the next, for as long as that takes about to be written to all of them: a write costs
 * far more than its bytes. With 1,000 streams, 20 ms at most held 1.0 to 1.9 million deliveries/s where 5 ms had held 0.8
 * (`npm run bench:peers -- --only fan-out`), and 40 ms 1.7, but each message came twice as late. Few streams, and the first
 * message after a pause, wait for nothing.
 */
const gatherMsMax = 20;
const gatherMsOfReader = 0.02;
/** Who stands at the same place later than this reads for itself: what expired meanwhile must not be given. */
const keptMs = 1_000;
/** The newest pages are kept up to so many characters of messages, and as many before them. */
const keptCharactersMax = 2_000_000;
/**
 * And up to so many pages, or half of the places there are: each that outlives young collections makes them longer, for one
 * stream at 1,000 messages/s all of a second. Where many streams read, a second has 50 pages, as they gather.
 */
const keptPagesMax = 100;
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
  /**
   * The places of late, and those before them: two tables by turns, as one from which places were taken out one by one
   * would be rebuilt all the time, and each old table keep the next from being collected early.
   */
  #places = new Map<string, Place>();
  #placesBefore = new Map<string, Place>();
  #turnedAtMs = 0;
  #characters = 0;
  #pages = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The place where a stream stands, to wait there for the first page behind it. `key` names the topics; `previous` is the
   * page that ends at this place, if the stream had one.
   */
  placeAt(key: string, topicsNow: () => Promise<TopicRecord[]>, from: Cursor, previous: SharedPage | undefined): Place {
    const at = `${key} ${previous?.cursor ?? encodeCursor(from)}`;
    const place = this.#places.get(at) ?? this.#placesBefore.get(at);
    if (!place || place.isStale()) {
      const made = new Place(at, () => this.#forget(made));
      this.#places.set(at, made);
      void this.#fill(made, topicsNow, from, previous);
      return made;
    }
    return place;
  }

  async #fill(
    place: Place,
    topicsNow: () => Promise<TopicRecord[]>,
    from: Cursor,
    previous: SharedPage | undefined,
  ): Promise<void> {
    const { store, clock, settings } = this.#context;
    try {
      if (previous && !previous.more) await pause(previous.madeAtMs + gatherMsOf(previous) - performance.now());
      let cursor = from;
      while (!place.isAbandoned) {
        const topics = await topicsNow();
        const step = await readOn(store, topics, cursor, limits.pageMessagesMax, clock.nowMs());
        if (step.deliveries.length > 0) {
          this.#keep(place, new SharedPage(pageOfStep(settings, cursor, step), step, place.waiting));
          return;
        }
        cursor = step.cursor;
        if (!step.more) await this.#news(place, topics, cursor);
      }
    } catch (error) {
      this.#forget(place);
      place.fail(error);
    }
  }

  #keep(place: Place, page: SharedPage): void {
    place.fill(page);
    this.#characters += page.characters;
    this.#pages += 1;
    const isFull =
      this.#characters >= keptCharactersMax || this.#pages >= Math.max(keptPagesMax, this.#places.size / 2);
    if (!isFull && page.madeAtMs - this.#turnedAtMs < keptMs) return;
    this.#placesBefore = this.#places;
    this.#places = new Map([...this.#places].filter((entry) => entry[1].waiting > 0));
    this.#turnedAtMs = page.madeAtMs;
    this.#characters = 0;
    this.#pages = 0;
  }

  #forget(place: Place): void {
    for (const places of [this.#places, this.#placesBefore])
      if (places.get(place.at) === place) places.delete(place.at);
  }

  async #news(place: Place, topics: readonly TopicRecord[], cursor: Cursor): Promise<void> {
    if (place.isAbandoned) return;
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, lookMs);
    place.stopWaiting = end;
    await this.#context.store.waitForNews(watchesOf(topics, cursor), over.signal);
    clearTimeout(timer);
  }
}

/** A page that streams share. Once it is written out only that is kept, and where a stream stands behind it. */
export class SharedPage implements StreamPage {
  readonly end: Cursor;
  readonly cursor: string;
  /** There is more behind it at once. */
  readonly more: boolean;
  /** How many messages it has, and how long they are together. */
  readonly messages: number;
  readonly characters: number;
  /** On the monotonic clock. */
  readonly madeAtMs: number = performance.now();
  /** How many streams waited for it. */
  readonly readers: number;
  #page: MessagesPage | undefined;
  #written: Uint8Array | undefined;

  constructor(page: MessagesPage, { cursor, more }: ReadStep, readers: number) {
    this.end = cursor;
    this.cursor = page.cursor;
    this.more = more;
    this.messages = page.messages.length;
    this.characters = page.messages.reduce((sum, message) => sum + message.length, 0);
    this.readers = readers;
    this.#page = page;
  }

  written(write: (page: MessagesPage) => Uint8Array): Uint8Array {
    if (!this.#written) {
      this.#written = write(this.#page!);
      this.#page = undefined;
    }
    return this.#written;
  }
}

/** Who waits at a place. */
export interface Waiting {
  /** There is a page now, or a failure. */
  arrived(place: Place): void;
}

/** A place in some topics, those who wait there, and then the page behind it. */
export class Place {
  readonly at: string;
  /** Nobody waits any more, and there is no page. */
  isAbandoned = false;
  /** Ends a wait for news when it is abandoned. */
  stopWaiting: () => void = () => {};
  readonly #forget: () => void;
  #waiting: Waiting[] = [];
  #page: SharedPage | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(at: string, forget: () => void) {
    this.at = at;
    this.#forget = forget;
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Tells `waiting` once there is a page or a failure, at once if there is one. */
  enter(waiting: Waiting): void {
    if (this.#page || this.#failure) waiting.arrived(this);
    else this.#waiting.push(waiting);
  }

  /** Tells it nothing any more. */
  leave(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    if (this.#waiting.length > 0) return;
    this.isAbandoned = true;
    this.#forget();
    this.stopWaiting();
  }

  /** Gives the page to all who wait. */
  fill(page: SharedPage): void {
    this.#page = page;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  /** Of one that somebody arrived at. Throws `cursor_ahead`, and what else reading failed with. */
  page(): SharedPage {
    if (this.#failure) throw this.#failure.error;
    return this.#page!;
  }

  isStale(): boolean {
    return this.isAbandoned || (this.#page !== undefined && performance.now() - this.#page.madeAtMs > keptMs);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.arrived(this);
  }
}

/** Below a millisecond, which is what timers are good for, not at all. */
function gatherMsOf({ readers }: SharedPage): number {
  return Math.min(gatherMsMax, Math.floor(readers * gatherMsOfReader));
}

function pause(ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
}
