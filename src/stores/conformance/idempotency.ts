import assert from "node:assert/strict";
import type { Check } from "./check.ts";
import { address, append, appendPart, bodies, createTopic, expireAll, rejects, shard, t0 } from "./fixtures.ts";

export function idempotencyTests(check: Check): void {
  const idempotency = { recordKey: "k", fingerprint: "f", expiresAtMs: t0 + 1_000 };

  check("answers a repeated call as the first was, and writes nothing", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    const parts = [appendPart(1, ["a", "b"]), appendPart(0, ["c"])];
    await append(store, topic, ["before"], { shard: 1 });
    const request = { ...address(topic), parts, idempotency };

    const first = await store.append({ ...request, nowMs: t0 });
    await append(store, topic, ["after"], { shard: 1, nowMs: t0 + 5 });
    const again = await store.append({ ...request, nowMs: t0 + 999 });

    assert.deepEqual(first, { publishedAtMs: t0, firstSequences: [1, 0], replayed: false });
    assert.deepEqual(again, { ...first, replayed: true });
    assert.deepEqual(await bodies(store, shard(topic, 0)), ["c"]);
    assert.deepEqual(await bodies(store, shard(topic, 1)), ["before", "a", "b", "after"]);
  });

  check("writes once for calls that overlap", async (store) => {
    const topic = await createTopic(store, "news");

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => append(store, topic, ["a", "b"], { idempotency })),
    );

    assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
    for (const { publishedAtMs, firstSequences } of answers) {
      assert.deepEqual({ publishedAtMs, firstSequences }, { publishedAtMs: t0, firstSequences: [0] });
    }
    assert.deepEqual(await bodies(store, shard(topic)), ["a", "b"]);
  });

  check("refuses a key used for another payload", async (store) => {
    const topic = await createTopic(store, "news");
    await append(store, topic, ["a"], { idempotency });

    const other = { ...idempotency, fingerprint: "g" };
    await rejects(append(store, topic, ["b"], { idempotency: other }), "idempotency_key_reused");

    assert.deepEqual(await bodies(store, shard(topic)), ["a"]);
    assert.equal((await append(store, topic, ["a"], { idempotency })).replayed, true, "the first call still stands");
  });

  check("tells keys apart, and remembers until a record expires", async (store) => {
    const topic = await createTopic(store, "news");
    const other = { ...idempotency, recordKey: "l" };

    assert.equal((await append(store, topic, ["a"], { idempotency })).replayed, false);
    assert.equal((await append(store, topic, ["b"], { idempotency: other })).replayed, false);
    assert.equal((await append(store, topic, ["c"], { idempotency, nowMs: t0 + 999 })).replayed, true);
    const later = { recordKey: "k", fingerprint: "g", expiresAtMs: t0 + 2_000 };
    assert.equal((await append(store, topic, ["d"], { idempotency: later, nowMs: t0 + 1_000 })).replayed, false);
    assert.equal((await append(store, topic, ["e"], { idempotency: later, nowMs: t0 + 1_999 })).replayed, true);

    assert.deepEqual(await bodies(store, shard(topic)), ["a", "b", "d"]);
  });

  check("does not remember a call that was refused", async (store) => {
    const topic = await createTopic(store, "news");
    await rejects(append(store, { ...topic, incarnation: t0 + 1 }, ["a"], { idempotency }), "topic_not_found");

    assert.equal((await append(store, topic, ["a"], { idempotency })).replayed, false);
  });

  check("survives steps of expiry before its end", async (store) => {
    const topic = await createTopic(store, "news");
    await append(store, topic, ["a"], { idempotency });

    await expireAll(store, t0 + 999);

    assert.equal((await append(store, topic, ["a"], { idempotency, nowMs: t0 + 999 })).replayed, true);
  });
}
