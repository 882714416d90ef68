import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exactSummary, mergeSummaries, type Summary, topTerms } from "./summary.ts";
import { Lexicon, partOf, Totals } from "./totals.ts";

const messages = fc.array(
  fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "é", "漢", "\u{1f600}", "\uffee"), { maxLength: 5 }),
  { maxLength: 30 },
);
/** Summaries as they are stored: of different sizes, some exact and some pruned. */
const summaries = fc.array(
  fc
    .tuple(messages, fc.integer({ min: 1, max: 10 }))
    .map(([all, capacity]): Summary => mergeSummaries([exactSummary(all.map((terms) => new Set(terms)))], capacity)),
  { maxLength: 6 },
);

test("totals are the merged summary, and their first terms those of it, whatever else the lexicon knows", () => {
  fc.assert(
    fc.property(
      summaries,
      summaries,
      fc.integer({ min: 1, max: 12 }),
      fc.subarray(["a", "c", "é"]),
      (all, others, k, hide) => {
        const lexicon = new Lexicon();
        for (const other of others) partOf(other, lexicon);
        const totals = new Totals(
          all.map((summary) => partOf(summary, lexicon)),
          lexicon,
        );
        const merged = mergeSummaries(all, Number.POSITIVE_INFINITY);
        assert.deepEqual([totals.messages, totals.pairs, totals.floor], [merged.messages, merged.pairs, merged.floor]);
        const shown = { ...merged, terms: new Map([...merged.terms].filter(([term]) => !hide.includes(term))) };
        const hidden = new Set(hide.flatMap((term) => lexicon.find(term) ?? []));
        assert.deepEqual(totals.top(k, hidden), topTerms(shown, k));
        for (let id = 0; id < lexicon.size; id++) {
          const counted = merged.terms.get(lexicon.termOf(id));
          assert.deepEqual(
            [totals.counts[id], totals.errorOf(id)],
            [counted?.count ?? 0, counted?.error ?? merged.floor],
          );
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("the first of many are in order, for any number of them", () => {
  const many = exactSummary(
    Array.from({ length: 3_000 }, (_, i) => new Set([`w${i % 997}`, `v${Math.floor(Math.sqrt(i))}`])),
  );
  const lexicon = new Lexicon();
  const totals = new Totals([partOf(many, lexicon)], lexicon);
  for (const k of [1, 10, 500, 1_000, 5_000]) assert.deepEqual(totals.top(k, new Set()), topTerms(many, k));
});
