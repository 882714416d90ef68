import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { wordBreakCases } from "../../test/unicode/data.ts";
import { kinds } from "./character-kinds.ts";
import { kindAt } from "./characters.ts";
import { CountedText } from "./fake-counted-text.ts";
import { segmentEnd } from "./word-breaks.ts";

function segmentsOf(text: string): string[] {
  const segments: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = segmentEnd(text, start);
    segments.push(text.slice(start, end));
    start = end;
  }
  return segments;
}

/** One character of each kind, so that short texts of them meet every state and transition. */
const oneOfEachKind = kinds.flatMap((_, kind) => {
  for (let code = 0; code < 0x20000; code++) {
    const character = String.fromCodePoint(code);
    if (kindAt(character, 0) === kind) return character;
  }
  return [];
});

test("every case of Unicode's WordBreakTest", () => {
  const cases = wordBreakCases();
  assert.ok(cases.length > 1_800);
  for (const segments of cases) assert.deepEqual(segmentsOf(segments.join("")), segments);
});

test("segments end to end are the text, and none is empty or cuts a character", () => {
  assert.ok(oneOfEachKind.length >= kinds.length - 1, "surrogates alone are no character");
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...oneOfEachKind, "\ud800", "\udc00"), maxLength: 20 }),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const segments = segmentsOf(text);
      assert.equal(segments.join(""), text);
      assert.ok(segments.every((segment) => segment !== ""));
      if (text.isWellFormed()) assert.ok(segments.every((segment) => segment.isWellFormed()));
    }),
    { numRuns: 3_000 },
  );
});

test("no character is read more than a few times, however a text plays with looking ahead", () => {
  const n = 4_096;
  const pieces = ["a'", "1,", 'א"', "a:\u0301", "\u{1f1e6}", "a\u200d", "'", "\u0301", "a'\u0301\u0301\u0301", "_"];
  for (const [first, second] of pieces.flatMap((one) => pieces.map((other) => [one, other] as const))) {
    for (const text of [(first + second).repeat(n), first + second.repeat(n), first.repeat(n) + second]) {
      const counted = new CountedText(text);
      for (let start = 0; start < text.length; ) start = segmentEnd(counted.asString(), start);
      assert.ok(counted.reads <= 16 * text.length, JSON.stringify([first, second, counted.reads / text.length]));
    }
  }
});
