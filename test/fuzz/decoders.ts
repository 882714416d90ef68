import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { createEventStreamParser, type StreamEvent } from "#client/event-stream.ts";
import { BellwetherError } from "#contract/errors.ts";
import { type Cursor, decodeCursor, encodeCursor, type Position } from "#core/cursor.ts";
import { decodeEntry, encodePart, renderMessage, type StoredMessage } from "#core/entry.ts";
import { parseMessages } from "#core/messages.ts";
import { streamPageOf } from "#functions/messages-page.ts";
import { pageFrames } from "#hosts/event-stream.ts";
import { packAppends, packResults, unpackAppends, unpackResults } from "#stores/embedded/packed-appends.ts";
import { decodeSummary, encodeSummary, SummaryFormatError } from "#terms/codec.ts";
import { crc32c } from "#terms/crc32c.ts";

/** Whether a decoder took some bytes. It throws, as an assertion, when it did neither right: take nor refuse. */
export type Verdict = "taken" | "refused";

/** A decoder under test, with bytes that it takes. */
export interface FuzzedDecoder {
  readonly name: string;
  readonly examples: fc.Arbitrary<Uint8Array>;
  /** Puts the checksum of changed bytes right, so that what lies behind it is reached. */
  readonly mend?: (bytes: Buffer) => Buffer;
  readonly judge: (bytes: Buffer) => Verdict;
}

/** Runs a decoder; a refusal must be the one that is documented. */
function refusedOr<T>(decode: () => T, isRefusal: (error: unknown) => boolean): { readonly value: T } | undefined {
  try {
    return { value: decode() };
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

const isCode =
  (...codes: readonly string[]) =>
  (error: unknown): boolean =>
    error instanceof BellwetherError && codes.includes(error.code);

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());

const position: fc.Arbitrary<Position> = fc.record({ ticket: number, index: fc.nat(1_000), sequence: number });
const cursor: fc.Arbitrary<Cursor> = fc.record({
  generation: number,
  topics: fc.array(
    fc.record({
      topicHash: fc.nat(2 ** 32 - 1),
      incarnation: number,
      positions: fc.array(fc.tuple(fc.nat(15), position), { maxLength: 5 }).map((each) => new Map(each)),
    }),
    { maxLength: 3 },
  ),
});

const cursors: FuzzedDecoder = {
  name: "cursor",
  examples: cursor.map((each) => Buffer.from(encodeCursor(each))),
  mend(text) {
    const bytes = Buffer.from(text.toString("latin1").slice(3), "base64url");
    if (bytes.length < 4) return text;
    bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
    return Buffer.from(`c1.${bytes.toString("base64url")}`);
  },
  judge(bytes) {
    const text = bytes.toString("latin1");
    const decoded = refusedOr(() => decodeCursor(text), isCode("invalid_cursor"));
    if (!decoded) return "refused";
    assert.equal(encodeCursor(decoded.value), text);
    return "taken";
  },
};

const call = fc.record({
  publisherId: fc.stringMatching(/^[a-z0-9]{1,16}$/),
  messages: fc.array(
    fc.record(
      { body: fc.jsonValue({ maxDepth: 2 }), ttlSeconds: fc.integer({ min: 1, max: 1e6 }) },
      { requiredKeys: ["body"] },
    ),
    { minLength: 1, maxLength: 4 },
  ),
});
const draftsOf = (messages: unknown): ReturnType<typeof parseMessages> =>
  parseMessages({ mediaType: "application/json", bytes: Buffer.from(JSON.stringify({ messages })) });

/** Two bytes say how many messages the entry is said to have. */
const entries: FuzzedDecoder = {
  name: "entry",
  examples: fc.array(call, { minLength: 1, maxLength: 3 }).map((calls) => {
    const parts = calls.map(({ publisherId, messages }) => encodePart(publisherId, draftsOf(messages)));
    const count = calls.reduce((sum, { messages }) => sum + messages.length, 0);
    return Buffer.concat([Buffer.of(count & 255, count >> 8), ...parts]);
  }),
  judge(bytes) {
    if (bytes.length < 2) return "refused";
    const count = bytes.readUInt16LE(0);
    const read = (payload: Uint8Array): StoredMessage[] =>
      decodeEntry({ ticket: 1, firstSequence: 0, count, publishedAtMs: 0, payload });
    const decoded = refusedOr(() => read(bytes.subarray(2)), isDamage);
    if (!decoded) return "refused";
    const parts = decoded.value.map(({ publisherId, tail, expiresAtMs }) =>
      encodePart(publisherId, [
        {
          tail: Buffer.from(tail),
          ...(expiresAtMs !== Number.POSITIVE_INFINITY && { ttlSeconds: expiresAtMs / 1_000 }),
        },
      ]),
    );
    assert.deepEqual(read(Buffer.concat(parts)), decoded.value);
    return "taken";
  },
};

const isDamage = (error: unknown): boolean =>
  error instanceof Error && /^entry 1: (damaged|unknown part version)/.test(error.message);

const summaries: FuzzedDecoder = {
  name: "summary",
  examples: fc
    .record({
      messages: number,
      pairs: number,
      floor: number,
      terms: fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 6 }), number), { maxLength: 12 }),
      errs: fc.boolean(),
    })
    .map(({ terms, errs, ...head }) => {
      const counted = terms.map(
        ([term, count]) => [term, { count, error: errs ? Math.min(count, head.floor) : 0 }] as const,
      );
      return encodeSummary({ ...head, terms: new Map(counted) }, 2);
    }),
  mend(bytes) {
    if (bytes.length >= 7) bytes.writeUInt32LE(crc32c(bytes.subarray(3, -4)), bytes.length - 4);
    return bytes;
  },
  judge(bytes) {
    const decoded = refusedOr(
      () => decodeSummary(bytes),
      (error) => error instanceof SummaryFormatError,
    );
    if (!decoded) return "refused";
    const { summary, tokenizerVersion } = decoded.value;
    assert.deepEqual(Buffer.from(encodeSummary(summary, tokenizerVersion)), Buffer.from(bytes));
    return "taken";
  },
};

/** The events of a stream that comes in pieces of so many bytes. */
function eventsOf(bytes: Uint8Array, pieceBytes: number, charactersMax: number): StreamEvent[] {
  const parser = createEventStreamParser(charactersMax);
  const events: StreamEvent[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    events.push(...parser.push(bytes.subarray(at, at + pieceBytes)));
  return events;
}

const framesOf = (events: readonly StreamEvent[]): string =>
  events
    .map(
      ({ event, data, id }) =>
        `id: ${id}\nevent: ${event}\n${data
          .split("\n")
          .map((each) => `data: ${each}\n`)
          .join("")}\n`,
    )
    .join("");

const eventStreams: FuzzedDecoder = {
  name: "event stream",
  examples: fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "data: x\n",
          "data\n",
          "id: c1.A\r\n",
          "event: message\r",
          "retry: 5\n",
          ": y\n",
          "\n",
          "\r\n\r\n",
        ),
        fc.string(),
      ),
      { maxLength: 20 },
    )
    .map((lines) => Buffer.from(lines.join(""))),
  judge(bytes) {
    const inPieces = (size: number): ReturnType<typeof eventsOf> => eventsOf(bytes, size, 60);
    const decoded = refusedOr(() => inPieces(1 + (bytes.length % 7)), isCode("internal"));
    // The limit is looked at after each piece.
    const byByte = refusedOr(() => inPieces(1), isCode("internal"));
    if (!decoded || !byByte) return "refused";
    assert.deepEqual(byByte.value, decoded.value);
    assert.deepEqual(eventsOf(Buffer.from(framesOf(decoded.value)), 11, 10_000), decoded.value);
    return "taken";
  },
};

/** A publisher's body, through entry and frames to a reader's parser. */
const bodies: FuzzedDecoder = {
  name: "message",
  examples: fc.oneof(
    call.map(({ messages }) => Buffer.from(JSON.stringify({ messages }))),
    call.map(({ messages }) => Buffer.from(JSON.stringify(messages[0], null, 1))),
  ),
  judge(bytes) {
    const parsed = refusedOr(
      () => parseMessages({ mediaType: "application/json", bytes }),
      isCode("invalid_json", "invalid_text", "invalid_request", "payload_too_large"),
    );
    if (!parsed) return "refused";
    const sent = JSON.parse(bytes.toString());
    const stored = decodeEntry({
      ticket: 1,
      firstSequence: 0,
      count: parsed.value.length,
      publishedAtMs: 0,
      payload: encodePart("me", parsed.value),
    });
    const ref = { topic: "t", incarnation: 1, shard: 0 };
    const messages = stored.map((each) => renderMessage(ref, 0, each));
    const page = {
      messages,
      discontinuities: [],
      cursor: "c1.x",
      pollAfterMs: 0,
      events: () => messages.map((message) => ({ id: "c1.x", message })),
    };
    const read = eventsOf(Buffer.from(pageFrames(streamPageOf(page))), 13, 1e6).map(({ data }) => JSON.parse(data));
    assert.deepEqual(
      read.map(({ body }) => body),
      (Object.hasOwn(sent, "messages") ? sent.messages : [sent]).map(({ body }: { body: unknown }) => body),
    );
    return "taken";
  },
};

const request = fc.record({
  topic: fc.constantFrom("a", "b"),
  incarnation: fc.constantFrom(1, 2),
  parts: fc.array(fc.record({ shard: fc.nat(15), count: fc.nat(9), payload: fc.uint8Array({ maxLength: 5 }) }), {
    maxLength: 3,
  }),
  nowMs: number,
});
const asNumbers = (bytes: Buffer): Float64Array =>
  new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - (bytes.length % 8)));

const packed: FuzzedDecoder = {
  name: "packed appends",
  examples: fc
    .array(request, { maxLength: 4 })
    .map((each) => new Uint8Array(packAppends(each).numbers.buffer as ArrayBuffer)),
  judge(bytes) {
    const topics = ["a", "b"].flatMap((topic) => [1, 2].map((incarnation) => ({ topic, incarnation })));
    const whole = { topics, numbers: asNumbers(bytes), payload: new Uint8Array(40), idempotency: [] };
    const decoded = refusedOr(() => unpackAppends(whole), isPackedDamage);
    if (!decoded) return "refused";
    const again = unpackAppends(packAppends(decoded.value));
    assert.deepEqual(again.map(plain), decoded.value.map(plain));
    return "taken";
  },
};

const results: FuzzedDecoder = {
  name: "packed results",
  examples: fc
    .array(
      fc.record({ publishedAtMs: number, firstSequences: fc.array(number, { maxLength: 3 }), replayed: fc.boolean() }),
      { maxLength: 4 },
    )
    .map((each) => new Uint8Array(packResults(each).numbers.buffer as ArrayBuffer)),
  judge(bytes) {
    const decoded = refusedOr(() => unpackResults({ numbers: asNumbers(bytes), errors: [] }), isPackedDamage);
    if (!decoded) return "refused";
    assert.deepEqual(unpackResults(packResults(decoded.value)), decoded.value);
    return "taken";
  },
};

const isPackedDamage = (error: unknown): boolean =>
  error instanceof Error && /^A packed .* is damaged/.test(error.message);

function plain({ parts, ...rest }: ReturnType<typeof unpackAppends>[number]): unknown {
  return { ...rest, parts: parts.map((part) => ({ ...part, payload: [...part.payload] })) };
}

export const decoders: readonly FuzzedDecoder[] = [cursors, entries, summaries, eventStreams, bodies, packed, results];
