import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeSummary, encodeSummary, SummaryFormatError } from "./codec.ts";
import { crc32c } from "./crc32c.ts";
import type { Counted, Summary } from "./summary.ts";
import { compareUtf8, sortUtf8, utf8Length, utf8Prefix } from "./utf8.ts";

const number = fc.oneof(fc.nat(200), fc.maxSafeNat());
const word = fc
  .oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "é", "日", "\u{1f600}", "\uffee"), maxLength: 16 }),
    fc.string({ unit: "binary", maxLength: 16 }),
  )
  .filter((text) => utf8Length(text) <= 64);
const summary: fc.Arbitrary<Summary> = fc
  .record({ messages: number, pairs: number, floor: fc.oneof(fc.constant(0), number) })
  .chain((head) => {
    const counted = fc.record(
      { count: number, error: fc.oneof(fc.constant(0), fc.nat(head.floor)) },
      { noNullPrototype: true },
    );
    return fc
      .array(fc.tuple(word, counted), { maxLength: 40 })
      .map((terms) => ({ ...head, terms: new Map<string, Counted>(terms) }));
  });

test("decoding gives back what was encoded, and equal summaries have equal bytes", () => {
  fc.assert(
    fc.property(summary, number, (before, tokenizerVersion) => {
      const bytes = encodeSummary(before, tokenizerVersion);
      const after = decodeSummary(bytes);
      assert.deepEqual(after, { summary: before, tokenizerVersion });

      const reversed = { ...before, terms: new Map([...before.terms].reverse()) };
      assert.deepEqual(encodeSummary(reversed, tokenizerVersion), bytes);
    }),
    { numRuns: 500 },
  );
});

test("any byte that is changed, missing or too many is refused", () => {
  fc.assert(
    fc.property(summary, fc.integer({ min: 1, max: 255 }), (before, mask) => {
      const bytes = encodeSummary(before, 1);
      for (let i = 0; i < bytes.length; i++) {
        const flipped = bytes.slice();
        flipped[i]! ^= mask;
        assert.throws(() => decodeSummary(flipped), SummaryFormatError, `byte ${i}`);
        assert.throws(() => decodeSummary(bytes.subarray(0, i)), SummaryFormatError, `cut at ${i}`);
      }
      assert.throws(() => decodeSummary(Uint8Array.of(...bytes, 0)), SummaryFormatError);
    }),
    { numRuns: 50 },
  );
});

test("what reads well under a right checksum is canonical", () => {
  fc.assert(
    fc.property(summary, fc.nat(), fc.integer({ min: 1, max: 255 }), (before, at, mask) => {
      const bytes = encodeSummary(before, 1);
      bytes[3 + (at % (bytes.length - 7))]! ^= mask;
      new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32c(bytes.subarray(3, -4)), true);
      let after: ReturnType<typeof decodeSummary>;
      try {
        after = decodeSummary(bytes);
      } catch (error) {
        assert.ok(error instanceof SummaryFormatError);
        return;
      }
      assert.deepEqual(encodeSummary(after.summary, after.tokenizerVersion), bytes);
    }),
    { numRuns: 3_000 },
  );
});

/** A summary put together by hand: numbers, then heads, suffixes, counts and perhaps errors. */
function forge(numbers: number[], columns: number[][], flags = columns.length > 3 ? 2 : 0, layout = 1): Uint8Array {
  const body = [...numbers, ...columns.map((column) => column.length), ...columns.flat()];
  const crc = crc32c(Uint8Array.from(body));
  return Uint8Array.of(0x54, layout, flags, ...body, crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24);
}

test("each rule of the layout is enforced", () => {
  const a = 0x61;
  const ok = forge(
    [2, 3, 2, 1, 1],
    [
      [0x01, 0x11],
      [a, a],
      [2, 1],
      [0, 1],
    ],
  );
  assert.deepEqual([...decodeSummary(ok).summary.terms.keys()], ["a", "aa"]);

  const refused: Record<string, Uint8Array> = {
    "unknown layout": forge([0, 0, 0, 0, 1], [[], [], []], 0, 2),
    deflated: forge([0, 0, 0, 0, 1], [[], [], []], 1),
    "unknown flag": forge([0, 0, 0, 0, 1], [[], [], []], 4),
    unsorted: forge(
      [2, 3, 2, 0, 1],
      [
        [0x01, 0x01],
        [a + 1, a],
        [1, 1],
      ],
    ),
    repeated: forge([2, 3, 2, 0, 1], [[0x01, 0x10], [a], [1, 1]]),
    "could share more": forge(
      [2, 3, 2, 0, 1],
      [
        [0x01, 0x02],
        [a, a, a],
        [1, 1],
      ],
    ),
    "shares more than there is": forge(
      [2, 3, 2, 0, 1],
      [
        [0x01, 0x21],
        [a, a],
        [1, 1],
      ],
    ),
    "error above floor": forge([1, 1, 1, 0, 1], [[0x01], [a], [1], [1]]),
    "errors of zero": forge([1, 1, 1, 0, 1], [[0x01], [a], [1], [0]]),
    "more terms than bytes": forge([9, 1, 1, 0, 1], [[0x01], [a], [1]]),
    "bytes left in a column": forge([1, 1, 1, 0, 1], [[0x01], [a, a], [1]]),
    "not UTF-8": forge([1, 1, 1, 0, 1], [[0x01], [0xff], [1]]),
    "long varint": forge([1, 1, 1, 0, 1], [[0x01], [a], [0x81, 0]]),
    "term too long": forge([1, 1, 1, 0, 1], [[0x0f, 50], new Array(65).fill(a), [1]]),
  };
  for (const [rule, bytes] of Object.entries(refused))
    assert.throws(() => decodeSummary(bytes), SummaryFormatError, rule);
});

test("what could not be read back is not written", () => {
  const one = (term: string, counted: Counted, floor = 0) => ({
    messages: 1,
    pairs: 1,
    floor,
    terms: new Map([[term, counted]]),
  });
  assert.throws(() => encodeSummary(one("a".repeat(65), { count: 1, error: 0 }), 1), RangeError);
  assert.throws(() => encodeSummary(one("é".repeat(33), { count: 1, error: 0 }), 1), RangeError);
  assert.throws(() => encodeSummary(one("\ud800", { count: 1, error: 0 }), 1), RangeError);
  assert.throws(() => encodeSummary(one("a", { count: 1, error: 1 }), 1), RangeError);
  assert.throws(() => encodeSummary(one("a", { count: 1.5, error: 0 }), 1), RangeError);
  assert.throws(() => encodeSummary(one("a", { count: -1, error: 0 }), 1), RangeError);
});

test("terms chosen to be large stay under the size of an item", () => {
  const terms = new Map<string, Counted>();
  for (let i = 0; i < 4_096; i++)
    terms.set(`${String.fromCharCode(0x21 + (i % 90), 0x21 + Math.floor(i / 90))}${"x".repeat(62)}`, {
      count: 2 ** 40,
      error: 2 ** 40,
    });
  assert.equal(terms.size, 4_096);
  assert.ok(encodeSummary({ messages: 2 ** 50, pairs: 2 ** 50, floor: 2 ** 41, terms }, 1).length < 400_000);
});

test("the checksum is CRC-32C", () => {
  // The check value of the catalogue of CRCs, and the all-zero vector of RFC 3720.
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  const bitByBit = (bytes: Uint8Array): number => {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    }
    return ~crc >>> 0;
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(7), (bytes, from) => {
      assert.equal(crc32c(bytes.subarray(from)), bitByBit(bytes.subarray(from)));
    }),
  );
});

test("strings are ordered, measured and cut by their UTF-8 bytes", () => {
  const text = fc.string({ unit: "binary", maxLength: 6 });
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      const bytes = (s: string) => Buffer.from(s);
      assert.deepEqual(
        sortUtf8([...texts]),
        [...texts].sort((a, b) => Buffer.compare(bytes(a), bytes(b))),
      );
    }),
  );
  fc.assert(
    fc.property(text, text, fc.nat(24), (a, b, bytesMax) => {
      assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.equal(utf8Length(a), Buffer.byteLength(a));
      const { end, bytes } = utf8Prefix(a, bytesMax);
      const { read, written } = new TextEncoder().encodeInto(a, new Uint8Array(bytesMax));
      assert.deepEqual({ end, bytes }, { end: read, bytes: written });
    }),
  );
});
