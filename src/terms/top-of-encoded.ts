import { Lexicon } from "./lexicon.ts";
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
  const totals = new Totals(
    parts.map((bytes) => readPart(bytes, lexicon)),
    lexicon,
  );
  const hidden = new Set<number>();
  for (const term of options.hidden ?? []) {
    const id = lexicon.find(term);
    if (id !== undefined) hidden.add(id);
  }
  const { messages, pairs, floor } = totals;
  return { messages, pairs, floor, terms: totals.top(k, hidden) };
}
