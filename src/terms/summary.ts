import { compareUtf8 } from "./utf8.ts";

/** What is known of one term: its true number of messages lies in [count, count + error]. */
export interface Counted {
  readonly count: number;
  readonly error: number;
}

/**
 * How many messages held each term, in bounded space.
 *
 * A term that is not in `terms` was in at most `floor` messages, and no `error` is above `floor`. `floor` 0 means that
 * every count is exact. `messages` and `pairs` (term-message pairs) are exact always.
 *
 * Source: Space-Saving (Metwally 2005), mergeable summaries (Agarwal 2012); the bounds are in the design of popular terms.
 */
export interface Summary {
  readonly messages: number;
  readonly pairs: number;
  readonly floor: number;
  readonly terms: ReadonlyMap<string, Counted>;
}

/** A term of an answer. `share` is the part of the messages that hold it, 0..1, from the lower bound `count`. */
export interface RankedTerm {
  readonly term: string;
  readonly count: number;
  readonly error: number;
  /** Provably one of the k most frequent; terms that tie for the last place all count as in. */
  readonly certain: boolean;
  readonly share: number;
}

/** The summary of nothing: the identity of `mergeSummaries`. */
export const emptySummary: Summary = Object.freeze({ messages: 0, pairs: 0, floor: 0, terms: new Map() });

/** Counts messages exactly, one at a time. */
export class TermCounter {
  readonly #counts = new Map<string, { count: number }>();
  #messages = 0;
  #pairs = 0;

  /** Adds one message. Its terms must be distinct: a term that came twice would be counted twice. */
  add(terms: Iterable<string>): void {
    this.#messages++;
    for (const term of terms) {
      this.#pairs++;
      const counted = this.#counts.get(term);
      if (counted === undefined) this.#counts.set(term, { count: 1 });
      else counted.count++;
    }
  }

  /** The exact summary of all messages so far; later calls of `add` do not change it. */
  summary(): Summary {
    const terms = new Map<string, Counted>();
    for (const [term, { count }] of this.#counts) terms.set(term, { count, error: 0 });
    return { messages: this.#messages, pairs: this.#pairs, floor: 0, terms };
  }
}

/** Counts a batch exactly, whatever its size. A message without terms still counts as a message. */
export function exactSummary(messageTerms: Iterable<ReadonlySet<string>>): Summary {
  const counter = new TermCounter();
  for (const terms of messageTerms) counter.add(terms);
  return counter.summary();
}

/**
 * One summary of everything that the parts are about, holding at most `capacity` terms (>= 1, or Infinity).
 *
 * The order of the parts does not matter, and merging one part alone, with room for it, changes nothing. The result does
 * depend on *how* parts were merged before: rebuild a parent from all its children at once, not from an older parent.
 */
export function mergeSummaries(parts: readonly Summary[], capacity: number): Summary {
  if (!(capacity >= 1)) throw new RangeError(`A summary needs room for at least 1 term, not ${capacity}.`);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && only.terms.size <= capacity) return only;

  let messages = 0;
  let pairs = 0;
  let floor = 0;
  for (const part of parts) {
    messages += part.messages;
    pairs += part.pairs;
    floor += part.floor;
  }
  const terms = addTerms(parts, floor);
  if (terms.size <= capacity) return { messages, pairs, floor, terms };

  const { selected, largestLeft } = selectLargest(terms, capacity, upperOf);
  return { messages, pairs, floor: Math.max(floor, largestLeft), terms: new Map(selected) };
}

/** The k terms with the largest counts, largest first; equal counts in UTF-8 byte order of the term. */
export function topTerms(summary: Summary, k: number): RankedTerm[] {
  const { selected, left } = selectLargest(summary.terms, k, countOf);
  let boundOutside = summary.floor;
  for (const [, counted] of left) boundOutside = Math.max(boundOutside, upperOf(counted));
  return selected
    .sort(([a, x], [b, y]) => y.count - x.count || compareUtf8(a, b))
    .map(([term, { count, error }]) => ({
      term,
      count,
      error,
      certain: count >= boundOutside,
      share: summary.messages === 0 ? 0 : count / summary.messages,
    }));
}

type Entry = readonly [term: string, counted: Counted];

const upperOf = ({ count, error }: Counted): number => count + error;
const countOf = ({ count }: Counted): number => count;

/** Sums the parts term by term. A part without the term adds its floor to the error, which is the least it can promise. */
function addTerms(parts: readonly Summary[], floor: number): Map<string, Counted> {
  const sums = new Map<string, { count: number; error: number }>();
  for (const part of parts) {
    for (const [term, { count, error }] of part.terms) {
      // The floors of all parts are counted in at first, and those of the parts that hold the term taken off again.
      const sum = sums.get(term);
      if (sum === undefined) sums.set(term, { count, error: floor - part.floor + error });
      else {
        sum.count += count;
        sum.error += error - part.floor;
      }
    }
  }
  return sums;
}

/**
 * Splits terms into the `k` largest by (value, then term bytes), in no order, and the rest. `largestLeft` is the largest
 * value of the rest, 0 if there is none.
 *
 * Sorting the bare numbers is ten times cheaper than sorting entries, so that only a tie at the border compares strings.
 */
function selectLargest(
  terms: ReadonlyMap<string, Counted>,
  k: number,
  weightOf: (counted: Counted) => number,
): { selected: Entry[]; left: Entry[]; largestLeft: number } {
  if (terms.size <= k) return { selected: [...terms], left: [], largestLeft: 0 };

  const values = new Float64Array(terms.size);
  let i = 0;
  for (const counted of terms.values()) values[i++] = weightOf(counted);
  values.sort();
  const border = values[values.length - k] ?? Number.POSITIVE_INFINITY;

  const selected: Entry[] = [];
  const left: Entry[] = [];
  const tied: Entry[] = [];
  for (const entry of terms) {
    const value = weightOf(entry[1]);
    (value > border ? selected : value < border ? left : tied).push(entry);
  }
  const free = k - selected.length;
  if (free < tied.length) tied.sort(([a], [b]) => compareUtf8(a, b));
  selected.push(...tied.slice(0, free));
  for (const entry of tied.slice(free)) left.push(entry);
  return { selected, left, largestLeft: values[values.length - k - 1] ?? 0 };
}
