import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AppendRequest, AppendResult } from "#core/store.ts";
import { packAppends, packResults, unpackAppends, unpackResults } from "./packed-appends.ts";
import type { WriteError } from "./protocol.ts";

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const plain = { noNullPrototype: true };
const part = fc.record({ shard: fc.nat(15), count: fc.nat(1_000), payload: fc.uint8Array({ maxLength: 9 }) }, plain);
const request: fc.Arbitrary<AppendRequest> = fc.record(
  {
    topic: fc.constantFrom("a", "b", "c"),
    incarnation: fc.constantFrom(1, 2),
    parts: fc.array(part),
    nowMs: whole,
    idempotency: fc.record({ recordKey: fc.string(), fingerprint: fc.string(), expiresAtMs: whole }, plain),
  },
  { requiredKeys: ["topic", "incarnation", "parts", "nowMs"], ...plain },
);
const result: fc.Arbitrary<AppendResult | WriteError> = fc.oneof(
  fc.record({ publishedAtMs: whole, firstSequences: fc.array(whole), replayed: fc.boolean() }, plain),
  fc.record({ code: fc.constant("topic_not_found" as const), message: fc.string(), details: fc.constant({}) }, plain),
);

test("appends and their results come out of the packed form as they went in, across threads", () => {
  fc.assert(
    fc.property(fc.array(request), fc.array(result), (requests, results) => {
      assert.deepEqual(unpackAppends(structuredClone(packAppends(requests))).map(withPlainBytes), requests);
      assert.deepEqual(unpackResults(structuredClone(packResults(results))), structuredClone(results));
    }),
  );
});

test("counts that cannot be are refused, not read without end", () => {
  const topics = [{ topic: "a", incarnation: 1 }];
  const payload = new Uint8Array(8);
  for (const count of [1, 1e15, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const appends = { topics, numbers: Float64Array.of(0, 5, count), payload, idempotency: [] };
    assert.throws(() => unpackAppends(appends), /A packed append is damaged/, `${count}`);
    const results = { numbers: Float64Array.of(0, 5, count), errors: [] };
    assert.throws(() => unpackResults(results), /A packed result is damaged/, `${count}`);
  }
  assert.throws(
    () => unpackAppends({ topics: [], numbers: Float64Array.of(0, 5, 0), payload, idempotency: [] }),
    /damaged/,
  );
  assert.throws(() => unpackResults({ numbers: Float64Array.of(2), errors: [] }), /damaged/);
});

function withPlainBytes(request: AppendRequest): AppendRequest {
  return { ...request, parts: request.parts.map((part) => ({ ...part, payload: Uint8Array.from(part.payload) })) };
}
