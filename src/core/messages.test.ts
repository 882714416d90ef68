import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { BellwetherError, type ErrorCode } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { publishBodies } from "#contract/schemas.ts";
import type { DraftMessage } from "./entry.ts";
import { type Elements, splitElements } from "./json-elements.ts";
import { parseMessages } from "./messages.ts";

function parse(body: string | Uint8Array, mediaType = "application/json"): DraftMessage[] {
  return parseMessages({ mediaType, bytes: typeof body === "string" ? Buffer.from(body) : body });
}

function tailOf({ tail }: DraftMessage): string {
  return Buffer.from(tail).toString();
}

/** The object that a draft's tail ends. */
function sentIn(draft: DraftMessage): unknown {
  return JSON.parse(`{${tailOf(draft)}`);
}

function refused(code: ErrorCode, detail = /./): (error: unknown) => boolean {
  return (error) => error instanceof BellwetherError && error.code === code && detail.test(error.message);
}

/** Values that are a message, nearly one, or nothing like it. */
const text = (max: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
    fc.integer({ min: max - 1, max: max + 1 }).map((length) => "x".repeat(length)),
    fc.integer({ min: Math.floor(max / 2) - 1, max: Math.floor(max / 2) + 1 }).map((length) => "é".repeat(length)),
  );
const wrong = fc.oneof({ weight: 1, arbitrary: fc.jsonValue() }, { weight: 1, arbitrary: fc.constant(null) });
const mostly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: arbitrary as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: wrong });
/** zod looks away from `__proto__`, where the hand-written check does not. */
const attributeName = text(limits.attributeNameCharactersMax).filter((name) => name !== "__proto__");
const attributes = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.dictionary(attributeName, mostly(text(limits.attributeValueCharactersMax)), { maxKeys: 4 }),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: limits.attributesMax - 1, max: limits.attributesMax + 1 })
      .map((count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, "v"]))),
  },
);
const message = fc.record(
  {
    title: mostly(text(limits.titleCharactersMax)),
    body: fc.jsonValue(),
    attributes: mostly(attributes),
    key: mostly(text(limits.keyBytesMax)),
    ttlSeconds: mostly(
      fc.oneof(
        fc.integer({ min: -1, max: 3 }),
        fc.constantFrom(limits.ttlSecondsMax, limits.ttlSecondsMax + 1, 1.5, 2e9),
      ),
    ),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, unknown>>;
const oddMessage = fc.tuple(message, fc.constantFrom("id", "topic", "constructor", "Body", "")).map(([each, name]) => ({
  ...each,
  [name]: 1,
}));
const anyMessage = fc.oneof(
  { weight: 6, arbitrary: message },
  { weight: 3, arbitrary: message.map((each) => ({ body: 1, ...each })) },
  { weight: 1, arbitrary: oddMessage },
  { weight: 1, arbitrary: wrong },
);
/** JSON text of the value, with or without white space between its parts. */
const written = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.tuple(value, fc.constantFrom(0, 1, "\t", "\r\n")).map(([each, space]) => JSON.stringify(each, null, space));

describe("parseMessages and the contract's schemas", () => {
  const agree = (json: string): void => {
    const value: unknown = JSON.parse(json);
    const isBatch = typeof value === "object" && value !== null && !Array.isArray(value) && "messages" in value;
    const takes = publishBodies[isBatch ? "batch" : "message"].safeParse(value).success;
    let drafts: DraftMessage[] | undefined;
    try {
      drafts = parse(json);
    } catch (error) {
      assert.ok(refused("invalid_request")(error), `${error}`);
    }
    assert.equal(drafts !== undefined, takes, json.slice(0, 500));
    if (drafts) {
      const sent = isBatch ? (value as { messages: unknown[] }).messages : [value];
      assert.deepEqual(drafts.map(sentIn), sent);
      assert.deepEqual(
        drafts.map(({ key, ttlSeconds }) => ({ key, ttlSeconds })),
        (sent as Partial<DraftMessage>[]).map(({ key, ttlSeconds }) => ({ key, ttlSeconds })),
      );
      for (const draft of drafts) assert.ok(!/[\r\n]/.test(tailOf(draft)), "a tail is one line");
    }
  };

  test("take the same single messages, and keep them as they came", () => {
    fc.assert(fc.property(written(anyMessage), agree), { numRuns: 1500 });
  });

  test("take the same batches, and keep them as they came", () => {
    const batch = fc.oneof(
      { weight: 8, arbitrary: fc.record({ messages: fc.array(anyMessage, { maxLength: 3 }) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          messages: fc.array(
            message.map((each) => ({ body: 1, ...each })),
            { maxLength: 3 },
          ),
        }),
      },
      { weight: 1, arbitrary: fc.record({ messages: wrong }) },
      { weight: 1, arbitrary: fc.record({ messages: fc.array(message, { maxLength: 2 }), more: wrong }) },
    );
    fc.assert(fc.property(written(batch), agree), { numRuns: 1500 });
  });

  for (const [what, json] of Object.entries({
    "a key of 512 bytes": `{"body":1,"key":"${"é".repeat(256)}"}`,
    "a key of 514 bytes in 257 characters": `{"body":1,"key":"${"é".repeat(257)}"}`,
    "33 attributes": `{"body":1,"attributes":{${Array.from({ length: 33 }, (_, i) => `"a${i}":""`).join()}}}`,
    "an attribute named __proto__": '{"body":1,"attributes":{"__proto__":"x"}}',
    "a field named __proto__": '{"body":1,"__proto__":1}',
    "a body with __proto__ in it": '{"body":{"__proto__":{"a":1}}}',
    "a title with half a surrogate pair": '{"body":"\\ud800","title":"\\udc00"}',
    "1000 messages": `{"messages":[${Array(1000).fill('{"body":1}').join()}]}`,
    "1001 messages": `{"messages":[${Array(1001).fill('{"body":1}').join()}]}`,
  })) {
    test(`agree on ${what}`, () => agree(json));
  }
});

describe("parseMessages", () => {
  test("keeps the bytes of numbers that JavaScript cannot hold", () => {
    const numbers = "[12345678901234567890,0.1000,1E400,-0]";
    const [single] = parse(`{"body":${numbers}}`);
    const [first, second] = parse(`{"messages":[{"body":${numbers}},\n{ "body" : ${numbers} }]}`);
    assert.equal(tailOf(single!), `"body":${numbers}}`);
    assert.equal(tailOf(first!), `"body":${numbers}}`);
    assert.ok(tailOf(second!).includes(numbers));
    assert.ok(tailOf(parse(`{"body":${numbers}}\n`, "application/x-ndjson")[0]!).includes(numbers));
  });

  test("refuses a batch whose bytes it could not keep: its name spelled with escapes, or given twice", () => {
    for (const json of [
      '{"m\\u0065ssages":[{"body":12345678901234567890}]}',
      '{"messages":[1],"messages":[{"body":12345678901234567890}]}',
    ])
      assert.throws(() => parse(json), refused("invalid_request", /body.messages/));
  });

  test("takes or refuses a body nested as deep as it can be, and does not break on it", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    for (const json of [
      `{"body":${deep}}`,
      `{"messages":[{"body":${deep}}]}`,
      `{"m\\u0065ssages":[{"body":${deep}}]}`,
    ]) {
      try {
        assert.equal(parse(json).length, 1);
      } catch (error) {
        assert.ok(error instanceof BellwetherError, `${error}`);
      }
    }
  });

  test("reads NDJSON, skips blank lines and names the line that is wrong", () => {
    const drafts = parse('{"body":1}\r\n\r\n  \n {"body":2} \n', "application/x-ndjson");
    assert.deepEqual(drafts.map(sentIn), [{ body: 1 }, { body: 2 }]);
    assert.throws(() => parse('{"body":1}\n\n{"body":', "application/x-ndjson"), refused("invalid_json", /Line 3/));
    assert.throws(() => parse('{"body":1}\n{"bod":1}', "application/x-ndjson"), refused("invalid_request", /line 2/));
    assert.throws(() => parse(" \n\n", "application/x-ndjson"), refused("invalid_request"));
  });

  test("takes a text as the body, and what curl -d sends unless it looks like JSON", () => {
    const odd = 'line\r\n"quoted" \\ \u0000 \u2028 é 🐘';
    for (const mediaType of ["text/plain", "", "application/x-www-form-urlencoded"])
      assert.deepEqual(parse(odd, mediaType).map(sentIn), [{ body: odd }]);
    assert.deepEqual(parse('{"a":1}', "text/plain").map(sentIn), [{ body: '{"a":1}' }]);
    for (const looksLikeJson of ['{"body":1}', " [1]", "\n{"]) {
      assert.throws(() => parse(looksLikeJson, ""), refused("unsupported_media_type", /--json/));
      assert.throws(
        () => parse(looksLikeJson, "application/x-www-form-urlencoded"),
        refused("unsupported_media_type", /--json/),
      );
    }
    assert.throws(() => parse("<a/>", "application/xml"), refused("unsupported_media_type"));
  });

  test("refuses what is not UTF-8", () => {
    for (const mediaType of ["application/json", "application/x-ndjson", "text/plain", ""])
      assert.throws(() => parse(Uint8Array.of(0x22, 0xc3, 0x28, 0x22), mediaType), refused("invalid_text"));
  });

  test("holds a message and a batch to their limits to the byte, as stored", () => {
    const frame = '"body":""}'.length;
    const sized = (bytes: number): string => `{"body":"${"x".repeat(bytes - frame)}"}`;
    assert.equal(parse(sized(limits.messageBytesMax))[0]!.tail.length, limits.messageBytesMax);
    assert.throws(() => parse(sized(limits.messageBytesMax + 1)), refused("payload_too_large"));
    const half = limits.batchBytesMax / 2;
    assert.equal(parse(`{"messages":[${sized(half)},${sized(half)}]}`).length, 2);
    assert.throws(
      () => parse(`{"messages":[${sized(half)},${sized(half + 1)}]}`),
      (error: unknown) => {
        assert.ok(error instanceof BellwetherError);
        assert.deepEqual(error.details, { limitBytes: limits.batchBytesMax, actualBytes: limits.batchBytesMax + 1 });
        return error.code === "payload_too_large";
      },
    );
  });

  test("never throws anything but its documented errors, whatever the bytes", () => {
    const mediaTypes = fc.constantFrom("application/json", "application/x-ndjson", "text/plain", "", "image/png");
    fc.assert(
      fc.property(
        mediaTypes,
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((each) => Buffer.from(each)),
        ),
        (mediaType, bytes) => {
          try {
            parse(bytes, mediaType);
          } catch (error) {
            assert.ok(error instanceof BellwetherError, `${error}`);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function textsOf(json: string, split: Elements | undefined): string[] {
  const { bounds } = split!;
  return Array.from({ length: bounds.length / 2 }, (_, i) => json.slice(bounds[2 * i], bounds[2 * i + 1]));
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("splitElements", () => {
  test("gives the text of each element of a batch, for any JSON", () => {
    const spaces = fc.constantFrom("", " ", "\n\t");
    fc.assert(
      fc.property(fc.array(written(fc.jsonValue()), { maxLength: 5 }), spaces, (elements, space) => {
        const json = `${space}{${space}"messages"${space}:${space}[${elements.map((each) => space + each + space).join()}]${space}}${space}`;
        const split = splitElements(json, elements.length);
        assert.deepEqual(
          textsOf(json, split).map((each) => each.trim()),
          elements,
        );
        assert.equal(split?.depth, Math.max(0, ...elements.map((each) => depthOf(JSON.parse(each)))));
      }),
      { numRuns: 1000 },
    );
  });

  test("is not misled by brackets, commas, quotes and backslashes in strings", () => {
    const fragments = fc.array(fc.constantFrom('"', "\\", "[", "]", "{", "}", ",", '\\"', "messages", "é"), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        fc.array(
          fragments.map((parts) => JSON.stringify({ body: parts.join("") })),
          { minLength: 1, maxLength: 4 },
        ),
        (elements) => {
          const json = `{"messages":[${elements.join()}]}`;
          assert.deepEqual(textsOf(json, splitElements(json, elements.length)), elements);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("gives nothing where the name is spelled with escapes, given twice, or something follows", () => {
    for (const json of ['{"m\\u0065ssages":[1]}', '{"messages":[2],"messages":[1]}', '{"messages":[1],"x":1}'])
      assert.equal(splitElements(json, 1), undefined);
  });
});
