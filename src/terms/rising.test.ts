import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countMin, hasEnoughMessages, messagesMin, risingTerms, scoreMin, scoreOf } from "./rising.ts";
import { exactSummary, mergeSummaries, type Summary } from "./summary.ts";
import { Lexicon, partOf, Totals } from "./totals.ts";

const count = fc.integer({ min: 0, max: 100_000 });
const expected = fc.double({ min: 0, max: 100_000, noNaN: true });

test("a score rises with the count and falls with what was expected", () => {
  fc.assert(
    fc.property(count, expected, fc.integer({ min: 1, max: 1_000 }), (a, e, more) => {
      assert.ok(scoreOf(a + more, e) > scoreOf(a, e));
      assert.ok(scoreOf(a, e + more) < scoreOf(a, e));
      if (a <= e) assert.ok(scoreOf(a, e) <= 0);
    }),
    { numRuns: 1_000 },
  );
});

/** Messages over a few words, of which some are much more frequent than others. */
const message = fc.uniqueArray(
  fc.nat(200).map((n) => `w${Math.floor(Math.sqrt(n * 12))}`),
  { maxLength: 5 },
);
const messages = fc.array(message, { maxLength: 150 });
const exact = (all: readonly (readonly string[])[]): Summary => exactSummary(all.map((terms) => new Set(terms)));
const rises = (window: Summary, baseline: Summary, k: number = Number.POSITIVE_INFINITY) => {
  const lexicon = new Lexicon();
  const parts = [window, baseline].map((summary) => partOf(summary, lexicon));
  const [now, before] = parts.map((part) => new Totals([part], lexicon)) as [Totals, Totals];
  return risingTerms(now, before, k, new Set());
};
const byTerm = (window: Summary, baseline: Summary) =>
  new Map(rises(window, baseline).map((rise) => [rise.term, rise]));

test("no score of pruned summaries is above that of exact counts, and no rise is made by pruning", () => {
  const cut = (all: readonly (readonly string[])[], capacity: number): Summary => {
    const half = Math.floor(all.length / 2);
    const parts = [all.slice(0, half), all.slice(half)].map((part) => mergeSummaries([exact(part)], capacity));
    return mergeSummaries(parts, capacity);
  };
  let found = 0;
  fc.assert(
    fc.property(messages, messages, fc.integer({ min: 1, max: 40 }), fc.nat(5), (window, baseline, capacity, few) => {
      // A term that is new, and one that was there a few times: too seldom for a small summary to hold it.
      const now = [...window, ...Array.from({ length: 20 }, () => ["new", "seldom"])];
      const before = [...baseline, ...Array.from({ length: few }, () => ["seldom"])];
      const truth = byTerm(exact(now), exact(before));
      for (const [term, rise] of byTerm(cut(now, capacity), cut(before, capacity))) {
        found += 1;
        const exactly = truth.get(term) ?? assert.fail(`"${term}" does not rise`);
        assert.ok(rise.score <= exactly.score && rise.lift <= exactly.lift && rise.count <= exactly.count);
        assert.ok(rise.expected >= exactly.expected);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(found > 100, `only ${found} rises were looked at`);
});

test("a steady stream reports nothing, however much more of it there is", () => {
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 3, max: 60 }), (unit, scale, windows) => {
      const times = (n: number) => exact(Array.from({ length: n }, () => unit).flat());
      assert.deepEqual(rises(times(scale), times(windows)), []);
    }),
    { numRuns: 100 },
  );
});

test("what is reported is in at least five messages, scores at least four, and comes in order", () => {
  const times = (n: number, ...terms: string[]) => Array.from({ length: n }, () => terms);
  const baseline = exact([...times(1_000, "often"), ...times(100, "sometimes"), ...times(900, "else")]);
  const window = exact([
    ...times(60, "often"),
    ...times(30, "sometimes"),
    ...times(9, "b"),
    ...times(9, "a"),
    ...times(8, "rare"),
    ...times(84, "else"),
  ]);
  const found = rises(window, baseline);
  assert.deepEqual(
    found.map(({ term }) => term),
    ["sometimes", "a", "b"],
  );
  const [first] = found;
  assert.deepEqual(first, {
    term: "sometimes",
    count: 30,
    expected: 10,
    score: 20 / Math.sqrt(16),
    lift: 31 / 11,
  });
  for (const rise of found) assert.ok(rise.score >= scoreMin && rise.count >= countMin);
  assert.equal(rises(window, baseline, 1).length, 1);
  assert.deepEqual(rises(window, exact([])), []);
});

test("too few messages carry no judgement: under twenty, or fewer before than now", () => {
  const of = (n: number) => exact(Array.from({ length: n }, () => ["a"]));
  assert.ok(hasEnoughMessages(of(messagesMin), of(messagesMin)));
  assert.ok(!hasEnoughMessages(of(messagesMin - 1), of(1_000)));
  assert.ok(!hasEnoughMessages(of(100), of(99)));
});
