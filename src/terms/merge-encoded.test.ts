import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeSummary, encodeSummary, SummaryFormatError } from "./codec.ts";
import { crc32c } from "./crc32c.ts";
import { mergeEncoded } from "./merge-encoded.ts";
import { risingTerms } from "./rising.ts";
import { type Counted, emptySummary, exactSummary, mergeSummaries, type Summary, topTerms } from "./summary.ts";
import { risingOfEncoded, topOfEncoded } from "./top-of-encoded.ts";
import { Lexicon, partOf, Totals } from "./totals.ts";
import { utf8Length } from "./utf8.ts";

/*
 * The merge on bytes against the merge of Maps. Terms are short strings over few letters, so that parts share terms and
 * terms share beginnings; with ends within others, code points of all widths, U+0000, the empty term, and long ones.
 */
const term = fc
  .oneof(
    { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 5 }) },
    {
      weight: 2,
      arbitrary: fc.string({ unit: fc.constantFrom("a", "é", "日", "\u{1f600}", "\uffee", "\0"), maxLength: 4 }),
    },
    { weight: 1, arbitrary: fc.nat(64).map((length) => "x".repeat(length)) },
  )
  .filter((text) => utf8Length(text) <= 64);
const number = fc.oneof(fc.nat(300), fc.nat(2 ** 40));
const count = number.map((each) => each + 1);
const part: fc.Arbitrary<Summary> = fc
  .record({ messages: number, pairs: number, floor: fc.oneof(fc.constant(0), fc.nat(5), number) })
  .chain((head) =>
    fc
      .array(fc.tuple(term, fc.record({ count, error: fc.nat(head.floor) }, { noNullPrototype: true })), {
        maxLength: 30,
      })
      .map((terms) => ({ ...head, terms: new Map<string, Counted>(terms) })),
  );
const parts = fc.array(part, { maxLength: 12 });
const capacity = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(Number.POSITIVE_INFINITY));
const encoded = (summaries: readonly Summary[]): Uint8Array[] => summaries.map((each) => encodeSummary(each, 7));

test("merging bytes gives the bytes of the merged summary", () => {
  fc.assert(
    fc.property(parts, capacity, (summaries, room) => {
      const expected = encodeSummary(mergeSummaries(summaries, room), summaries.length > 0 ? 7 : 0);
      assert.deepEqual(mergeEncoded(encoded(summaries), room), expected);
    }),
    { numRuns: 2_000 },
  );
});

test("the top of encoded summaries is the top of their merge, without what is hidden", () => {
  fc.assert(
    fc.property(parts, fc.nat(40), fc.array(term, { maxLength: 4 }), (summaries, k, hidden) => {
      const { messages, pairs, floor, terms } = mergeSummaries(summaries, Number.POSITIVE_INFINITY);
      const shown = new Map([...terms].filter(([each]) => !hidden.includes(each)));
      assert.deepEqual(topOfEncoded(encoded(summaries), k, { hidden }), {
        messages,
        pairs,
        floor,
        terms: topTerms({ messages, pairs, floor, terms: shown }, k),
      });
    }),
    { numRuns: 2_000 },
  );
});

test("what rises in encoded summaries is what rises in their totals, without what is hidden", () => {
  const lexicon = new Lexicon();
  const of = (count: number, others: number): Summary =>
    exactSummary(Array.from({ length: others }, (_, i) => new Set(i < count ? ["up", "also", "sea"] : ["sea"])));
  const [window, baseline] = [of(30, 60), of(2, 600)];
  const [now, before] = [window, baseline].map((each) => new Totals([partOf(each, lexicon)], lexicon));
  const [parts, past] = [encoded([window]), encoded([baseline])];
  const expected = risingTerms(now!, before!, 10, new Set());
  assert.deepEqual(risingOfEncoded(parts, past, 10), expected);
  assert.deepEqual(
    expected.map(({ term }) => term),
    ["also", "up"],
  );
  assert.deepEqual(risingOfEncoded(parts, past, 10, { hidden: ["also", "no such term"] }), expected.slice(1));
  assert.equal(risingOfEncoded(past, parts, 10), undefined, "a baseline of fewer messages than the window");
});

test("the latest tokenizer version of the parts is written", () => {
  const [old, late] = [encodeSummary(emptySummary, 3), encodeSummary(emptySummary, 4)];
  assert.equal(decodeSummary(mergeEncoded([old, late, old], 1)).tokenizerVersion, 4);
  assert.throws(() => mergeEncoded([old], 0), RangeError);
});

test("what cannot be decoded cannot be merged, and the other way round", () => {
  const refuses = (read: () => unknown): boolean => {
    try {
      read();
      return false;
    } catch (error) {
      assert.ok(error instanceof SummaryFormatError, String(error));
      return true;
    }
  };
  fc.assert(
    fc.property(part, part, fc.nat(), fc.integer({ min: 1, max: 255 }), (summary, sound, at, mask) => {
      const bytes = encodeSummary(summary, 1);
      bytes[3 + (at % (bytes.length - 7))]! ^= mask;
      assert.throws(() => mergeEncoded([bytes], 1), SummaryFormatError, "the checksum");
      new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32c(bytes.subarray(3, -4)), true);
      const expected = refuses(() => decodeSummary(bytes));
      const parts = [encodeSummary(sound, 1), bytes];
      assert.equal(
        refuses(() => topOfEncoded(parts, 3)),
        expected,
      );
      assert.equal(
        refuses(() => mergeEncoded(parts, 5)),
        expected,
      );
    }),
    { numRuns: 5_000 },
  );
});
