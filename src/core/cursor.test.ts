import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { type Cursor, comparePositions, decodeCursor, encodeCursor, mergeCursors, type TopicCursor } from "./cursor.ts";
import { hash32 } from "./shard.ts";

const number = fc.oneof(fc.nat(5), fc.maxSafeNat());
const plain = { noNullPrototype: true };
const position = fc.record({ ticket: number, index: fc.nat(1000), sequence: number }, plain);
const positions = fc
  .uniqueArray(fc.tuple(fc.nat(limits.shardsMax - 1), position), { selector: ([shard]) => shard, maxLength: 16 })
  .map((entries) => new Map(entries.sort(([a], [b]) => a - b)));
const topic: fc.Arbitrary<TopicCursor> = fc.record(
  { topicHash: fc.nat(2 ** 32 - 1), incarnation: number, positions },
  plain,
);
const topics = fc
  .uniqueArray(topic, { selector: ({ topicHash }) => topicHash, maxLength: 4 })
  .map((each) => each.sort((a, b) => a.topicHash - b.topicHash));
const cursor: fc.Arbitrary<Cursor> = fc.record({ generation: number, topics }, plain);

/** Cursors of one reader: the same few topics, few incarnations, and one sequence for each place in a shard. */
const sharedPositions = fc
  .uniqueArray(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(2)), { selector: ([shard]) => shard, maxLength: 4 })
  .map(
    (each) => new Map(each.map(([shard, ticket, index]) => [shard, { ticket, index, sequence: ticket * 3 + index }])),
  );
const shared: fc.Arbitrary<Cursor> = fc
  .uniqueArray(fc.record({ topicHash: fc.nat(3), incarnation: fc.nat(1), positions: sharedPositions }), {
    selector: ({ topicHash }) => topicHash,
  })
  .map((topics) => ({ generation: 7, topics: topics.sort((a, b) => a.topicHash - b.topicHash) }));

function isInvalid(error: unknown): boolean {
  return error instanceof BellwetherError && error.code === "invalid_cursor";
}

describe("a cursor's text", () => {
  test("is read back as the same cursor", () => {
    fc.assert(fc.property(cursor, (each) => assert.deepEqual(decodeCursor(encodeCursor(each)), each)));
  });

  test("is the same for equal cursors, whatever the order of their shards", () => {
    fc.assert(
      fc.property(cursor, (each) => {
        const turned = {
          ...each,
          topics: each.topics.map((part) => ({ ...part, positions: new Map([...part.positions].reverse()) })),
        };
        assert.equal(encodeCursor(turned), encodeCursor(each));
      }),
    );
  });

  test("may stand in a URL as it is", () => {
    fc.assert(fc.property(cursor, (each) => assert.equal(encodeURIComponent(encodeCursor(each)), encodeCursor(each))));
  });

  test("is at most 2 KB for ten topics of long names with 64 shards and numbers as large as they get", () => {
    const shards = [16, 16, 16, 10, 1, 1, 1, 1, 1, 1];
    const topics = shards.map((count, i) => ({
      topicHash: hash32(`${i}`.padEnd(limits.topicCharactersMax, "x")),
      incarnation: Date.parse("2100-01-01"),
      positions: new Map(
        Array.from({ length: count }, (_, shard) => [
          shard,
          { ticket: 2 ** 53 - 1, index: 999, sequence: 2 ** 53 - 1 },
        ]),
      ),
    }));
    const text = encodeCursor({ generation: 2 ** 53 - 1, topics });
    assert.equal(
      shards.reduce((sum, count) => sum + count),
      limits.shardsPerSubscriberMax,
    );
    assert.ok(text.length <= limits.cursorBytesMax, `${text.length}`);
    assert.deepEqual(decodeCursor(text).topics[3]!.positions.size, 10);
  });

  test("is refused when any one character of it is another", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. /+\n";
    fc.assert(
      fc.property(cursor, fc.nat(), fc.constantFrom(...alphabet), (each, at, character) => {
        const text = encodeCursor(each);
        const place = at % text.length;
        fc.pre(text[place] !== character);
        assert.throws(() => decodeCursor(text.slice(0, place) + character + text.slice(place + 1)), isInvalid);
      }),
      { numRuns: 2000 },
    );
  });

  test("is refused when it is cut off or something follows it", () => {
    fc.assert(
      fc.property(cursor, fc.nat(), fc.string({ minLength: 1 }), (each, at, more) => {
        const text = encodeCursor(each);
        assert.throws(() => decodeCursor(text.slice(0, at % text.length)), isInvalid);
        assert.throws(() => decodeCursor(text + more), isInvalid);
      }),
    );
  });

  test("is refused, and nothing else happens, when it is any other text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: "binary" })), (text) => {
        assert.throws(() => decodeCursor(text), isInvalid);
        assert.throws(() => decodeCursor(`c1.${text}`), isInvalid);
      }),
      { numRuns: 1000 },
    );
    assert.throws(() => decodeCursor(`c1.${"A".repeat(10_000)}`), isInvalid);
  });
});

describe("merging cursors of one reader", () => {
  test("gives the same in either order", () => {
    fc.assert(
      fc.property(shared, shared, (a, b) =>
        assert.equal(encodeCursor(mergeCursors(a, b)), encodeCursor(mergeCursors(b, a))),
      ),
    );
  });

  test("gives the same however three are grouped", () => {
    fc.assert(
      fc.property(shared, shared, shared, (a, b, c) =>
        assert.equal(
          encodeCursor(mergeCursors(mergeCursors(a, b), c)),
          encodeCursor(mergeCursors(a, mergeCursors(b, c))),
        ),
      ),
    );
  });

  test("gives the cursor itself when merged with itself", () => {
    fc.assert(fc.property(shared, (a) => assert.equal(encodeCursor(mergeCursors(a, a)), encodeCursor(a))));
  });

  test("never moves a shard back, and takes each position from one of the two", () => {
    fc.assert(
      fc.property(shared, shared, (a, b) => {
        const merged = mergeCursors(a, b);
        for (const { topicHash, incarnation, positions } of a.topics) {
          const after = merged.topics.find((each) => each.topicHash === topicHash)!;
          assert.ok(after.incarnation >= incarnation);
          if (after.incarnation > incarnation) continue;
          for (const [shard, before] of positions)
            assert.ok(comparePositions(before, after.positions.get(shard)!) <= 0);
        }
      }),
    );
  });
});

test("of all the texts that could stand for a cursor, only the one that was given is taken", () => {
  const forged = (...bytes: number[]): string => {
    const checked = Buffer.alloc(bytes.length + 4);
    checked.set(bytes);
    checked.writeUInt32LE(crc32(Uint8Array.from(bytes)), bytes.length);
    return `c1.${checked.toString("base64url")}`;
  };
  const shards = (...numbers: number[]): string =>
    forged(0, 1, 5, 1, numbers.length, ...numbers.flatMap((shard) => [shard, 0, 0, 0]));
  assert.equal(encodeCursor(decodeCursor(shards(0, 3))), shards(0, 3));
  for (const text of [shards(3, 0), shards(3, 3), forged(0x80, 0, 0), forged(0, 0x80, 0)])
    assert.throws(
      () => decodeCursor(text),
      (error) => error instanceof BellwetherError && error.code === "invalid_cursor",
    );
});
