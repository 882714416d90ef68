import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeSummary } from "./codec.ts";
import { emptySummary, exactSummary, mergeSummaries, type Summary, TermCounter, topTerms } from "./summary.ts";
import { compareUtf8 } from "./utf8.ts";

// A small alphabet, skewed by the squared index, so that terms meet, tie and are pruned.
const term = fc
  .double({ min: 0, max: 1, noNaN: true })
  .map((x) => ["é", "\u{1f600}", "\uff5e", ..."abcdefghij"][Math.floor(x * x * 12.99)]!);
const message = fc.uniqueArray(term, { maxLength: 6 }).map((terms) => new Set(terms));
const batch = fc.array(message, { maxLength: 8 });

/** A tree of merges: its leaves are batches, and each inner node has a capacity of its own. */
type Tree = Set<string>[] | { capacity: number; children: Tree[] };
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    batch,
    fc.record({
      capacity: fc.integer({ min: 1, max: 12 }),
      children: fc.array(tie("tree"), { minLength: 1, maxLength: 25 }),
    }),
  ),
}));

const summarise = (node: Tree): Summary =>
  Array.isArray(node) ? exactSummary(node) : mergeSummaries(node.children.map(summarise), node.capacity);
const messagesOf = (node: Tree): Set<string>[] => (Array.isArray(node) ? node : node.children.flatMap(messagesOf));
const capacitiesOf = (node: Tree): number[] =>
  Array.isArray(node) ? [] : [node.capacity, ...node.children.flatMap(capacitiesOf)];
const bytesOf = (summary: Summary) => Buffer.from(encodeSummary(summary, 1)).toString("hex");

function truthOf(messages: Set<string>[]): Map<string, number> {
  const truth = new Map<string, number>();
  for (const terms of messages) for (const t of terms) truth.set(t, (truth.get(t) ?? 0) + 1);
  return truth;
}

test("a summary keeps its bounds through any tree of merges", () => {
  fc.assert(
    fc.property(tree, (node) => {
      const summary = summarise(node);
      const messages = messagesOf(node);
      const truth = truthOf(messages);
      const mass = [...truth.values()].sort((a, b) => b - a);
      const pairs = mass.reduce((sum, count) => sum + count, 0);

      assert.equal(summary.messages, messages.length);
      assert.equal(summary.pairs, pairs);
      for (const [t, { count, error }] of summary.terms) {
        const true_ = truth.get(t)!;
        assert.ok(count <= true_ && true_ <= count + error && error <= summary.floor, `(a) ${t}`);
      }
      for (const [t, count] of truth) assert.ok(summary.terms.has(t) || count <= summary.floor, `(b) ${t}`);

      const capacity = Math.min(...capacitiesOf(node));
      let held = 0;
      for (const { count, error } of summary.terms.values()) held += count + error - summary.floor;
      if (capacity !== Number.POSITIVE_INFINITY) assert.ok(held + capacity * summary.floor <= pairs, "(c)");
      for (let j = 0, rest = pairs; j < Math.min(capacity, 12); rest -= mass[j++] ?? 0) {
        if (capacity !== Number.POSITIVE_INFINITY) assert.ok(summary.floor <= rest / (capacity - j), `(d) ${j}`);
      }
      if (truth.size <= capacity) {
        assert.equal(summary.floor, 0);
        assert.deepEqual(new Map([...summary.terms].map(([t, { count }]) => [t, count])), truth);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("merging does not depend on order, to the byte, and nothing is the identity", () => {
  fc.assert(
    fc.property(
      fc.array(tree, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.infiniteStream(fc.nat()),
      (nodes, capacity, keys) => {
        const parts = nodes.map(summarise);
        const shuffled = parts
          .map((part) => ({ part, key: keys.next().value! }))
          .sort((a, b) => a.key - b.key)
          .map(({ part }) => part);
        const merged = mergeSummaries(parts, capacity);

        assert.equal(bytesOf(mergeSummaries(shuffled, capacity)), bytesOf(merged));
        assert.equal(bytesOf(mergeSummaries([emptySummary, ...parts, emptySummary], capacity)), bytesOf(merged));
        assert.equal(bytesOf(mergeSummaries([merged], capacity)), bytesOf(merged));
      },
    ),
  );
  assert.deepEqual(mergeSummaries([], 1), emptySummary);
});

test("a merge changes none of its parts", () => {
  fc.assert(
    fc.property(fc.array(tree, { minLength: 1, maxLength: 4 }), (nodes) => {
      const parts = nodes.map(summarise);
      const before = parts.map(bytesOf);
      mergeSummaries(parts, Number.POSITIVE_INFINITY);
      mergeSummaries(parts, 2);
      assert.deepEqual(parts.map(bytesOf), before);
    }),
  );
});

test("pruning keeps the largest upper bounds, and of equal ones the first terms in UTF-8 order", () => {
  const merged = mergeSummaries([exactSummary([new Set(["\u{1f600}", "\uff5e", "b"]), new Set(["b"])])], 2);
  assert.deepEqual([...merged.terms.keys()].sort(compareUtf8), ["b", "\uff5e"]);
  assert.equal(merged.floor, 1);
  const tight = mergeSummaries([exactSummary([new Set(["a", "b"]), new Set(["a"])])], 1);
  assert.equal(tight.floor, 1, "no higher than the largest that was cut");
  assert.throws(() => mergeSummaries([], 0), RangeError);
});

test("a term below the floor is not certain, even when nothing else is held", () => {
  const pruned = (kept: string, count: number) =>
    mergeSummaries([exactSummary(Array.from({ length: count }, (_, i) => new Set(i === 0 ? [kept] : [kept, "x"])))], 1);
  // Of x, in 12 messages and so the most frequent, only the floor is left.
  const summary = mergeSummaries([pruned("a", 5), pruned("b", 9)], 12);
  assert.equal(summary.floor, 12);
  assert.deepEqual(
    topTerms(summary, 2).map((ranked) => [ranked.term, ranked.certain]),
    [
      ["b", false],
      ["a", false],
    ],
  );
});

test("top terms are in order, and certain ones are truly in the top k", () => {
  fc.assert(
    fc.property(tree, fc.integer({ min: 0, max: 14 }), (node, k) => {
      const summary = summarise(node);
      const truth = truthOf(messagesOf(node));
      const top = topTerms(summary, k);

      const byRule = [...summary.terms].sort(([a, x], [b, y]) => y.count - x.count || compareUtf8(a, b)).slice(0, k);
      assert.deepEqual(
        top.map((ranked) => ranked.term),
        byRule.map(([t]) => t),
      );
      for (const { term: t, count, certain, share } of top) {
        const larger = [...truth.values()].filter((other) => other > truth.get(t)!).length;
        assert.ok(!certain || larger < k, `${t} is said to be in the top ${k}`);
        assert.ok(certain || summary.floor > 0, "an exact answer is certain");
        assert.equal(share, count / summary.messages);
      }
    }),
    { numRuns: 500 },
  );
});

test("a counter gives what it had counted until then", () => {
  const counter = new TermCounter();
  counter.add(["a", "b"]);
  const first = counter.summary();
  counter.add(["a"]);
  counter.add([]);
  assert.deepEqual(first, exactSummary([new Set(["a", "b"])]));
  assert.deepEqual(counter.summary(), exactSummary([new Set(["a", "b"]), new Set(["a"]), new Set<string>()]));
  assert.equal(counter.summary().messages, 3);
});
