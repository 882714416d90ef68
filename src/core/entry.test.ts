import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Message } from "#contract/types.ts";
import { decodeEntry, type Entry, encodePart, renderMessage } from "./entry.ts";
import { parseMessages } from "./messages.ts";

const publishedAtMs = Date.parse("2026-03-01T12:00:00.123Z");

function entryOf(payload: Uint8Array, count: number, firstSequence = 40): Entry {
  return { ticket: 9, firstSequence, count, publishedAtMs, payload };
}

const messageIn = fc.record(
  {
    body: fc.jsonValue(),
    title: fc.string({ unit: "grapheme", maxLength: 20 }),
    key: fc.string({ minLength: 1, maxLength: 20 }),
    ttlSeconds: fc.integer({ min: 1, max: 31_536_000 }),
    attributes: fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), fc.string({ maxLength: 10 }), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  },
  { requiredKeys: ["body"] },
);
const publisherId = fc.stringMatching(/^[a-z0-9]{1,32}$/);
const call = fc.record({ publisherId, messages: fc.array(messageIn, { minLength: 1, maxLength: 5 }) });

describe("an entry", () => {
  test("of one or more calls gives back every message in order, as it was sent", () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), (calls) => {
        const parts = calls.map(({ publisherId, messages }) =>
          encodePart(
            publisherId,
            parseMessages({ mediaType: "application/json", bytes: Buffer.from(JSON.stringify({ messages })) }),
          ),
        );
        const sent = calls.flatMap(({ publisherId, messages }) => messages.map((each) => ({ publisherId, each })));
        const stored = decodeEntry(entryOf(Buffer.concat(parts), sent.length));
        assert.deepEqual(
          stored.map(({ index, sequence, publisherId, tail }) => ({
            index,
            sequence,
            publisherId,
            each: JSON.parse(`{${tail}`),
          })),
          sent.map(({ publisherId, each }, index) => ({
            index,
            sequence: 40 + index,
            publisherId,
            each: JSON.parse(JSON.stringify(each)),
          })),
        );
      }),
    );
  });

  test("is read from any place in a larger buffer, as a worker or SQLite may give it", () => {
    const part = encodePart("me", parseMessages({ mediaType: "text/plain", bytes: Buffer.from("hello é") }));
    const larger = new Uint8Array(part.length + 7);
    larger.set(part, 5);
    const [message] = decodeEntry(entryOf(larger.subarray(5, 5 + part.length), 1));
    assert.deepEqual(JSON.parse(`{${message!.tail}`), { body: "hello é" });
  });

  test("of an unknown version is refused", () => {
    const part = encodePart("me", parseMessages({ mediaType: "text/plain", bytes: Buffer.from("x") }));
    assert.throws(() => decodeEntry(entryOf(Uint8Array.from(part).fill(2, 0, 1), 1)), /unknown part version 2/);
  });

  test("that is cut short is refused, not read as something else", () => {
    const bytes = Buffer.from('{"messages":[{"body":"one"},{"body":"two"}]}');
    const part = encodePart("publisher", parseMessages({ mediaType: "application/json", bytes }));
    for (let length = 1; length < part.length; length++)
      assert.throws(() => decodeEntry(entryOf(part.subarray(0, length), 2)), `${length} of ${part.length} bytes`);
  });

  test("whose lengths go past its end is refused at the first of them, not after reading the rest for each", () => {
    const count = 10_000;
    const payload = Buffer.alloc(6 + 8 * count + 1_000_000);
    payload.writeUInt8(1, 0);
    payload.writeUInt32LE(count, 2);
    for (let i = 0; i < count; i++) payload.writeUInt32LE(0xffffffff, 6 + 8 * i + 4);
    assert.throws(() => decodeEntry(entryOf(payload, count)), /damaged; it ends at/);
    payload.writeUInt32LE(0xffffffff, 2);
    assert.throws(() => decodeEntry(entryOf(payload, count)), /damaged; it ends at/);
    for (let length = 1; length < 6; length++)
      assert.throws(() => decodeEntry(entryOf(payload.subarray(0, length), count)), /damaged; it ends at/);
  });
});

describe("a message as delivered", () => {
  const ref = { topic: "news", incarnation: 1, shard: 3 };

  test("is JSON with its head before what was sent, and says when it expires only if it does", () => {
    fc.assert(
      fc.property(messageIn, (sent) => {
        const drafts = parseMessages({ mediaType: "application/json", bytes: Buffer.from(JSON.stringify(sent)) });
        const [stored] = decodeEntry(entryOf(encodePart("me", drafts), 1));
        const delivered = JSON.parse(renderMessage(ref, publishedAtMs, stored!)) as Message;
        assert.deepEqual(delivered, {
          id: "3-40",
          topic: "news",
          sequence: 40,
          publisherId: "me",
          publishedAt: "2026-03-01T12:00:00.123Z",
          ...(sent.ttlSeconds !== undefined && {
            expiresAt: new Date(publishedAtMs + sent.ttlSeconds * 1000).toISOString(),
          }),
          ...JSON.parse(JSON.stringify(sent)),
        });
      }),
    );
  });
});
