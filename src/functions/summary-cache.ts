import type { Clock } from "#core/clock.ts";
import type { Store, SummaryKey, SummaryRecord } from "#core/store.ts";
import { levels } from "#terms/windows.ts";
import { keyText } from "./scopes.ts";

/** A bucket that has been over for so long hardly ever changes any more. */
const closedMs = 600_000;
/** How long such a bucket is taken as it was read: so late may an answer know of a recount of the past. */
const keptMs = 60_000;
/** What is kept of summaries at most, in bytes: about a thousand of a minute each. */
const bytesMaxDefault = 33_554_432;
/** What an entry costs besides its summary; one of a bucket without messages is nothing else. */
const entryBytes = 300;

interface Kept {
  readonly record: SummaryRecord | undefined;
  readonly untilMs: number;
  readonly bytes: number;
}

/**
 * The summaries of buckets that are settled: over for ten minutes, and everything that was published in them is counted
 * and rolled up. Those are read once a minute at most, also when there are none, and the others always anew. So an answer
 * is the same with this cache as without, unless the past is counted again or the clock was set back.
 */
export class SummaryCache {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(store: Store, clock: Clock, bytesMax: number = bytesMaxDefault) {
    this.#store = store;
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** What is kept now, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The summaries of these keys that are there. All that are not taken from here are as of one moment. `isSettled` says of
   * a bucket that it is counted and rolled up; it must have been found out before this call.
   */
  async read(keys: readonly SummaryKey[], isSettled: (key: SummaryKey) => boolean): Promise<SummaryRecord[]> {
    const nowMs = this.#clock.nowMs();
    const found = new Map<string, SummaryRecord>();
    const missing: SummaryKey[] = [];
    for (const key of keys) {
      const kept = this.#take(keyText(key), nowMs);
      if (!kept || !isSettled(key)) missing.push(key);
      else if (kept.record) found.set(keyText(key), kept.record);
    }
    for (const record of await this.#store.getSummaries(missing)) found.set(keyText(record), record);
    for (const key of missing)
      if (isClosed(key, nowMs) && isSettled(key)) this.#put(key, found.get(keyText(key)), nowMs);
    return keys.flatMap((key) => found.get(keyText(key)) ?? []);
  }

  #take(key: string, nowMs: number): Kept | undefined {
    const kept = this.#kept.get(key);
    return kept && isFresh(kept, nowMs) ? kept : undefined;
  }

  #put(key: SummaryKey, record: SummaryRecord | undefined, nowMs: number): void {
    const bytes = entryBytes + (record?.bytes.length ?? 0);
    this.#drop(keyText(key));
    // Also what is past its time: nobody is given it any more.
    for (const [oldest, kept] of this.#kept) {
      if (this.#bytes + bytes <= this.#bytesMax && isFresh(kept, nowMs)) break;
      this.#drop(oldest);
    }
    if (bytes > this.#bytesMax) return;
    this.#kept.set(keyText(key), { record, untilMs: nowMs + keptMs, bytes });
    this.#bytes += bytes;
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

/** Not past its minute, and not of a time that the clock was set back from. */
function isFresh({ untilMs }: Kept, nowMs: number): boolean {
  return untilMs > nowMs && untilMs <= nowMs + keptMs;
}

function isClosed({ level, startMs }: SummaryKey, nowMs: number): boolean {
  const bucket = levels[level];
  return bucket !== undefined && startMs + bucket.ms + closedMs <= nowMs;
}
