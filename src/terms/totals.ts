import { openSummary } from "./layout.ts";
import { type Lexicon, slotBytes } from "./lexicon.ts";
import type { RankedTerm, Summary } from "./summary.ts";
import { endKey, TermRun } from "./term-run.ts";

export { Lexicon } from "./lexicon.ts";

/** A summary as columns by the numbers of a lexicon: what `Totals` adds up. */
export interface Part {
  readonly messages: number;
  readonly pairs: number;
  readonly floor: number;
  readonly ids: Uint32Array;
  readonly counts: Float64Array;
  /** Error - floor of each term; undefined in an exact summary, where all are 0. */
  readonly adjusts: Float64Array | undefined;
}

/** The columns of a summary. Its terms are added to the lexicon. */
export function partOf(summary: Summary, lexicon: Lexicon): Part {
  const { messages, pairs, floor, terms } = summary;
  const ids = new Uint32Array(terms.size);
  const counts = new Float64Array(terms.size);
  const adjusts = floor > 0 ? new Float64Array(terms.size) : undefined;
  let i = 0;
  for (const [term, { count, error }] of terms) {
    ids[i] = lexicon.add(term);
    counts[i] = count;
    if (adjusts) adjusts[i] = error - floor;
    i++;
  }
  return { messages, pairs, floor, ids, counts, adjusts };
}

/**
 * The same of an encoded summary, several times as fast as decoding it: none of its terms becomes a string. Throws
 * SummaryFormatError for what `decodeSummary` refuses.
 */
export function readPart(bytes: Uint8Array, lexicon: Lexicon): Part {
  const opened = openSummary(bytes);
  const { messages, pairs, floor, size } = opened;
  const ids = new Uint32Array(size);
  const counts = new Float64Array(size);
  const adjusts = floor > 0 ? new Float64Array(size) : undefined;
  const run = new TermRun(opened, new Uint8Array(slotBytes));
  const units = new Uint16Array(run.term.buffer);
  for (let i = 0; run.advance() !== endKey; i++) {
    run.term[run.length] = 0;
    ids[i] = lexicon.addUnits(units, run.length);
    counts[i] = run.count;
    if (adjusts) adjusts[i] = run.error - floor;
  }
  return { messages, pairs, floor, ids, counts, adjusts };
}

/**
 * What `mergeSummaries(parts, Infinity)` gives, for parts of one lexicon. Merging without a limit is adding: it
 * takes an addition for each term of each part.
 *
 * A part that lacks a term counts its floor into the term's error: all floors are in at first, and a part that has the
 * term takes its own off again.
 */
export class Totals {
  readonly lexicon: Lexicon;
  readonly messages: number;
  readonly pairs: number;
  readonly floor: number;
  /** By number; 0 for a term that is in no part. */
  readonly counts: Float64Array;
  readonly #adjusts: Float64Array | undefined;

  constructor(parts: readonly Part[], lexicon: Lexicon) {
    this.lexicon = lexicon;
    this.messages = parts.reduce((sum, { messages }) => sum + messages, 0);
    this.pairs = parts.reduce((sum, { pairs }) => sum + pairs, 0);
    this.floor = parts.reduce((sum, { floor }) => sum + floor, 0);
    const counts = new Float64Array(lexicon.size);
    const adjusts = this.floor > 0 ? new Float64Array(lexicon.size) : undefined;
    for (const part of parts) {
      addTo(counts, part.ids, part.counts);
      if (part.adjusts && adjusts) addTo(adjusts, part.ids, part.adjusts);
    }
    this.counts = counts;
    this.#adjusts = adjusts;
  }

  /** What its columns take. */
  get bytes(): number {
    return this.counts.byteLength + (this.#adjusts?.byteLength ?? 0);
  }

  /** How much the true count of a term can be above `counts`; of one that no part has, the floor. */
  errorOf(id: number): number {
    return this.#adjusts ? this.floor + (this.#adjusts[id] ?? 0) : 0;
  }

  /** As `topTerms` of the merged summary without the hidden terms. */
  top(k: number, hidden: ReadonlySet<number>): RankedTerm[] {
    const first = this.#first(k, hidden);
    const isFirst = new Set(first);
    let boundOutside = this.floor;
    for (let id = 0; id < this.counts.length; id++) {
      const count = this.counts[id]!;
      if (count === 0 || count + this.errorOf(id) <= boundOutside || isFirst.has(id) || hidden.has(id)) continue;
      boundOutside = count + this.errorOf(id);
    }
    return first.map((id) => {
      const count = this.counts[id]!;
      const share = this.messages === 0 ? 0 : count / this.messages;
      return { term: this.lexicon.termOf(id), count, error: this.errorOf(id), certain: count >= boundOutside, share };
    });
  }

  /** The k terms of the largest counts in their order: a heap whose root is the least of those found so far. */
  #first(k: number, hidden: ReadonlySet<number>): number[] {
    const { counts, lexicon } = this;
    const isBefore = (a: number, b: number): boolean =>
      counts[a] !== counts[b] ? counts[a]! > counts[b]! : lexicon.compare(a, b) < 0;
    const heap: number[] = [];
    for (let id = 0; id < counts.length; id++) {
      const count = counts[id]!;
      if (count === 0 || (heap.length === k && count < counts[heap[0]!]!) || hidden.has(id)) continue;
      if (heap.length < k) raise(heap, id, isBefore);
      else if (isBefore(id, heap[0]!)) sink(heap, id, isBefore);
    }
    return heap.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }
}

function addTo(sums: Float64Array, ids: Uint32Array, values: Float64Array): void {
  const { length } = ids;
  for (let i = 0; i < length; i++) {
    const id = ids[i]!;
    sums[id] = sums[id]! + values[i]!;
  }
}

type IsBefore = (a: number, b: number) => boolean;

/** Adds an item to a heap in which no item is before its parent's: the root is the last of all. */
function raise(heap: number[], item: number, isBefore: IsBefore): void {
  let at = heap.push(item) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(heap[parent]!, item)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

/** Puts an item in the place of the root. */
function sink(heap: number[], item: number, isBefore: IsBefore): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child]!, heap[child + 1]!)) child += 1;
    if (!isBefore(item, heap[child]!)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
}
