import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Lexicon } from "./lexicon.ts";
import { compareUtf8, utf8Length } from "./utf8.ts";

const term = fc
  .string({ unit: fc.constantFrom("a", "b", "é", "日", "\u{1f600}", "\uffee", "\0"), maxLength: 20 })
  .filter((text) => utf8Length(text) <= 64);

test("terms are numbered in the order they come, each once, and ordered by their bytes", () => {
  fc.assert(
    fc.property(fc.array(term), fc.array(term, { minLength: 1 }), (terms, others) => {
      const lexicon = new Lexicon();
      const distinct = [...new Set(terms)];
      for (const each of terms) assert.equal(lexicon.add(each), distinct.indexOf(each));
      assert.equal(lexicon.size, distinct.length);
      assert.deepEqual(
        distinct.map((_, id) => lexicon.termOf(id)),
        distinct,
      );
      for (const other of others) assert.equal(lexicon.find(other) ?? -1, distinct.indexOf(other));
      for (const [a, x] of distinct.entries())
        for (const [b, y] of distinct.entries())
          assert.equal(Math.sign(lexicon.compare(a, b)), Math.sign(compareUtf8(x, y)));
    }),
  );
});

test("a lexicon grows past everything it began with", () => {
  const lexicon = new Lexicon();
  const terms = Array.from({ length: 20_000 }, (_, i) => `${"x".repeat(i % 60)}${i.toString(36)}`);
  for (const [i, each] of terms.entries()) assert.equal(lexicon.add(each), i);
  for (const [i, each] of terms.entries()) assert.deepEqual([lexicon.find(each), lexicon.termOf(i)], [i, each]);
});

test("what is no term is refused, and found nowhere", () => {
  const lexicon = new Lexicon();
  lexicon.add("\uFFFD");
  for (const none of ["\ud800", "x".repeat(65), "é".repeat(33)]) {
    assert.throws(() => lexicon.add(none), RangeError);
    assert.equal(lexicon.find(none), undefined);
  }
});
