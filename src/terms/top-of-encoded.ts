import { Lexicon } from "./lexicon.ts";
import { hasEnoughMessages, type Rise, risingTerms } from "./rising.ts";
import type { RankedTerm } from "./summary.ts";
import { readPart, Totals } from "./totals.ts";

/** An answer from encoded summaries: what they all are about, and the terms with the largest counts. */
export interface EncodedTop {
  readonly messages: number;
  readonly pairs: number;
  readonly floor: number;
  readonly terms: RankedTerm[];
}

/**
 * The `k` terms with the largest counts of encoded summaries together: what `topTerms` gives of their merge without a
 * capacity. Only these become strings. Terms `hidden` are left out, as if no message had held them; `messages`, `pairs`
 * and `floor` stay. Throws SummaryFormatError as `mergeEncoded` does.
 */
export function topOfEncoded(
  parts: readonly Uint8Array[],
  k: number,
  options: { readonly hidden?: Iterable<string> } = {},
): EncodedTop {
  const lexicon = new Lexicon();
  const totals = totalsOf(parts, lexicon);
  const { messages, pairs, floor } = totals;
  return { messages, pairs, floor, terms: totals.top(k, numbersOf(options.hidden, lexicon)) };
}

/**
 * The `k` terms that are in more messages of a window than the time before it, the baseline, lets expect, as `risingTerms`
 * ranks them; undefined when there are too few messages to tell. That the baseline is long enough beside the window, three
 * times as long or more, is for the caller to see to.
 */
export function risingOfEncoded(
  window: readonly Uint8Array[],
  baseline: readonly Uint8Array[],
  k: number,
  options: { readonly hidden?: Iterable<string> } = {},
): Rise[] | undefined {
  const lexicon = new Lexicon();
  const now = totalsOf(window, lexicon);
  const before = totalsOf(baseline, lexicon);
  if (!hasEnoughMessages(now, before)) return undefined;
  return risingTerms(now, before, k, numbersOf(options.hidden, lexicon));
}

function totalsOf(parts: readonly Uint8Array[], lexicon: Lexicon): Totals {
  return new Totals(
    parts.map((bytes) => readPart(bytes, lexicon)),
    lexicon,
  );
}

function numbersOf(terms: Iterable<string> | undefined, lexicon: Lexicon): Set<number> {
  const numbers = new Set<number>();
  for (const term of terms ?? []) {
    const number = lexicon.find(term);
    if (number !== undefined) numbers.add(number);
  }
  return numbers;
}
