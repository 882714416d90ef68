import type { Entry } from "#core/entry.ts";
import { MessageCounter } from "#terms/message-counter.ts";
import { countEntry } from "./count-entry.ts";

/**
 * The entries of one source that fall into one bucket, in the order of their tickets. They are cut and counted once for
 * all scopes, when it is known which of them are new there: nearly always all, or none.
 */
export class CountingBatch {
  readonly source: string;
  /** When the bucket of 10 s begins. */
  readonly startMs: number;
  /** Messages counted as having no terms. */
  uncuttable = 0;
  readonly #stopWords: ReadonlySet<string>;
  readonly #entries: Entry[] = [];
  readonly #encoded = new Map<number, Uint8Array>();

  constructor(source: string, startMs: number, stopWords: ReadonlySet<string>) {
    this.source = source;
    this.startMs = startMs;
    this.#stopWords = stopWords;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** The ticket behind its last entry. */
  get toTicket(): number {
    return this.#entries.at(-1)!.ticket + 1;
  }

  /** The exact summary, encoded, of the entries from a ticket on; undefined if there are none. */
  from(ticket: number): Uint8Array | undefined {
    const first = this.#entries.findIndex((entry) => entry.ticket >= ticket);
    if (first < 0) return undefined;
    const encoded = this.#encoded.get(first) ?? this.#count(first);
    this.#encoded.set(first, encoded);
    return encoded;
  }

  #count(first: number): Uint8Array {
    const counter = new MessageCounter({ stopWords: this.#stopWords });
    let uncuttable = 0;
    for (const entry of this.#entries.slice(first)) uncuttable += countEntry(entry, counter);
    this.uncuttable = Math.max(this.uncuttable, uncuttable);
    return counter.encode();
  }
}
