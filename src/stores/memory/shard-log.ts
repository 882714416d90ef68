import type { Entry } from "#core/entry.ts";
import type { ShardRef } from "#core/shard.ts";
import type { ShardState } from "#core/store.ts";

/** The log of one shard: the entries kept, the counters that outlive them, and who waits for more. */
export class ShardLog {
  readonly ref: ShardRef;
  /** The count cursor: entries before this ticket are counted in the terms. */
  counted = 0;
  /** Set when the topic was deleted. */
  gone = false;
  /** Called after each append and at the deletion. */
  readonly listeners = new Set<() => void>();
  #entries: Entry[] = [];
  #tickets = 0;
  #messages = 0;
  #storedBytes = 0;
  #lastAtMs = 0;

  constructor(ref: ShardRef) {
    this.ref = ref;
  }

  get state(): ShardState {
    const first = this.#entries[0];
    return {
      tickets: this.#tickets,
      messages: this.#messages,
      firstTicket: first?.ticket ?? this.#tickets,
      firstSequence: first?.firstSequence ?? this.#messages,
      storedBytes: this.#storedBytes,
      lastAtMs: this.#lastAtMs,
    };
  }

  /** Adds one entry and gives its first sequence. `publishedAtMs` must not be before `lastAtMs`. */
  append(count: number, payload: Uint8Array, publishedAtMs: number): number {
    const firstSequence = this.#messages;
    const entry = { ticket: this.#tickets, firstSequence, count, publishedAtMs, payload: Uint8Array.from(payload) };
    this.#entries.push(Object.freeze(entry));
    this.#tickets += 1;
    this.#messages += count;
    this.#storedBytes += payload.length;
    this.#lastAtMs = publishedAtMs;
    return firstSequence;
  }

  read(fromTicket: number, messagesMax: number, bytesMax: number): Entry[] {
    const start = Math.max(0, fromTicket - this.state.firstTicket);
    let end = start;
    let messages = 0;
    let bytes = 0;
    for (; end < this.#entries.length && (end === start || (messages < messagesMax && bytes < bytesMax)); end++) {
      messages += this.#entries[end]!.count;
      bytes += this.#entries[end]!.payload.length;
    }
    return this.#entries.slice(start, end);
  }

  find(isReached: (entry: Entry) => boolean): Entry | undefined {
    return this.#entries.find(isReached);
  }

  /** Drops at most `entriesMax` of the oldest entries that are counted and not younger than `cutoffMs`; gives how many. */
  trim(cutoffMs: number, entriesMax: number): number {
    let dropped = 0;
    for (const { ticket, publishedAtMs, payload } of this.#entries) {
      if (dropped === entriesMax || ticket >= this.counted || publishedAtMs > cutoffMs) break;
      this.#storedBytes -= payload.length;
      dropped++;
    }
    this.#entries.splice(0, dropped);
    return dropped;
  }

  /** Tells the listeners. Over a copy, as most of them leave when called. */
  notify(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
