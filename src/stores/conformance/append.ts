import assert from "node:assert/strict";
import type { Check } from "./check.ts";
import {
  address,
  append,
  appendPart,
  assertLog,
  bodies,
  createTopic,
  emptyShard,
  hex,
  part,
  plain,
  readAll,
  rejects,
  shard,
  t0,
  textsOf,
} from "./fixtures.ts";

export function appendTests(check: Check): void {
  check("numbers tickets and messages from 0 without holes, in order", async (store) => {
    const topic = await createTopic(store, "news");
    assert.deepEqual(await store.getShard(shard(topic)), emptyShard);

    const first = await append(store, topic, ["a"], { nowMs: t0 + 1 });
    const second = await append(store, topic, ["b", "c", "d"], { nowMs: t0 + 2 });
    const third = await append(store, topic, ["e"], { nowMs: t0 + 3 });

    assert.deepEqual(first, { publishedAtMs: t0 + 1, firstSequences: [0], replayed: false });
    assert.deepEqual(second, { publishedAtMs: t0 + 2, firstSequences: [1], replayed: false });
    assert.deepEqual(third, { publishedAtMs: t0 + 3, firstSequences: [4], replayed: false });
    assert.deepEqual((await readAll(store, shard(topic))).map(plain), [
      { ticket: 0, firstSequence: 0, count: 1, publishedAtMs: t0 + 1, payload: hex(part(["a"])) },
      { ticket: 1, firstSequence: 1, count: 3, publishedAtMs: t0 + 2, payload: hex(part(["b", "c", "d"])) },
      { ticket: 2, firstSequence: 4, count: 1, publishedAtMs: t0 + 3, payload: hex(part(["e"])) },
    ]);
    assert.deepEqual(await store.getShard(shard(topic)), {
      tickets: 3,
      messages: 5,
      firstTicket: 0,
      firstSequence: 0,
      storedBytes: part(["a"]).length + part(["b", "c", "d"]).length + part(["e"]).length,
      lastAtMs: t0 + 3,
    });
  });

  check("puts a batch into all its shards, each numbered apart", async (store) => {
    const topic = await createTopic(store, "news", { shards: 4 });
    await append(store, topic, ["x", "y"], { shard: 3 });

    const answer = await store.append({
      ...address(topic),
      nowMs: t0 + 1,
      parts: [appendPart(3, ["a"]), appendPart(0, ["b", "c"]), appendPart(2, ["d"])],
    });

    assert.deepEqual(answer, { publishedAtMs: t0 + 1, firstSequences: [2, 0, 0], replayed: false });
    assert.deepEqual(await bodies(store, shard(topic, 0)), ["b", "c"]);
    assert.deepEqual(await bodies(store, shard(topic, 1)), []);
    assert.deepEqual(await bodies(store, shard(topic, 2)), ["d"]);
    assert.deepEqual(await bodies(store, shard(topic, 3)), ["x", "y", "a"]);
  });

  check("that is refused writes nothing in any shard", async (store) => {
    const topic = await createTopic(store, "news", { shards: 3 });
    const parts = [0, 1, 2].map((i) => appendPart(i, [`m${i}`]));
    const idempotency = { recordKey: "k", fingerprint: "f", expiresAtMs: t0 + 1_000 };
    await append(store, topic, ["first"], { shard: 1, idempotency });

    const request = { ...address(topic), nowMs: t0, parts };
    await rejects(
      store.append({ ...request, idempotency: { ...idempotency, fingerprint: "g" } }),
      "idempotency_key_reused",
    );
    await rejects(store.append({ ...request, incarnation: topic.incarnation + 1 }), "topic_not_found");
    await rejects(store.append({ ...request, topic: "other" }), "topic_not_found");

    assert.deepEqual(await store.getShard(shard(topic, 0)), emptyShard);
    assert.deepEqual(await bodies(store, shard(topic, 1)), ["first"]);
    assert.deepEqual(await store.getShard(shard(topic, 2)), emptyShard);
  });

  check("gives times that never decrease within a shard, also when the clock goes back", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    await append(store, topic, ["a"], { nowMs: t0 + 5_000 });

    const back = await append(store, topic, ["b"], { nowMs: t0 + 1_000 });
    const other = await append(store, topic, ["c"], { nowMs: t0 + 1_000, shard: 1 });

    assert.equal(back.publishedAtMs, t0 + 5_000);
    assert.equal(other.publishedAtMs, t0 + 1_000, "each shard has its own last time");
    assert.equal((await store.getShard(shard(topic)))!.lastAtMs, t0 + 5_000);
    assert.equal((await store.getShard(shard(topic, 1)))!.lastAtMs, t0 + 1_000);
  });

  check("gives all messages of a call one time, the answered one", async (store) => {
    const topic = await createTopic(store, "news", { shards: 3 });
    await append(store, topic, ["a"], { nowMs: t0 + 5_000, shard: 1 });

    const parts = [0, 1, 2].map((i) => appendPart(i, [`m${i}`]));
    const answer = await store.append({ ...address(topic), nowMs: t0 + 1_000, parts });

    assert.equal(answer.publishedAtMs, t0 + 5_000);
    for (const i of [0, 1, 2]) {
      assert.equal((await readAll(store, shard(topic, i))).at(-1)!.publishedAtMs, t0 + 5_000, `in shard ${i}`);
      assert.equal((await store.getShard(shard(topic, i)))!.lastAtMs, t0 + 5_000, `in shard ${i}`);
    }
  });

  check("of 200 calls at once gives each its own numbers without holes", async (store) => {
    const topic = await createTopic(store, "news");
    const calls = Array.from({ length: 200 }, (_, i) => Array.from({ length: 1 + (i % 3) }, (_, j) => `${i}.${j}`));

    const answers = await Promise.all(calls.map((texts, i) => append(store, topic, texts, { nowMs: t0 + (i % 7) })));

    const sent = calls.flat();
    const entries = await readAll(store, shard(topic));
    assertLog(entries, 0);
    const read = entries.flatMap(textsOf);
    assert.equal(read.length, sent.length);
    calls.forEach((texts, i) => {
      const first = answers[i]!.firstSequences[0]!;
      assert.deepEqual(read.slice(first, first + texts.length), texts, "each call stands where its answer says");
      const entry = entries.find(({ firstSequence, count }) => first < firstSequence + count)!;
      assert.equal(entry.publishedAtMs, answers[i]!.publishedAtMs, "at the time that its answer says");
    });
    const state = (await store.getShard(shard(topic)))!;
    assert.deepEqual([state.tickets, state.messages], [entries.length, sent.length]);
    assert.equal(
      state.storedBytes,
      entries.reduce((sum, { payload }) => sum + payload.length, 0),
    );
  });

  check("of many batches at once keeps each whole", async (store) => {
    const topic = await createTopic(store, "news", { shards: 3 });
    await append(store, topic, ["ahead"], { shard: 1, nowMs: t0 + 50 });
    const shardsOfCall = (i: number): number[] => [0, 1, 2].filter((s) => s === i % 3 || s === (i >> 1) % 3);

    const calls = Array.from({ length: 60 }, (_, i) => i);
    const answers = await Promise.all(
      calls.map((i) => {
        const parts = shardsOfCall(i).map((s) => appendPart(s, [`${i}`, `${i}+`]));
        return store.append({ ...address(topic), nowMs: t0 + ((i * 13) % 60), parts });
      }),
    );

    const logs = await Promise.all([0, 1, 2].map((s) => readAll(store, shard(topic, s))));
    for (const entries of logs) assertLog(entries, 0);
    for (const i of calls) {
      shardsOfCall(i).forEach((s, k) => {
        const first = answers[i]!.firstSequences[k]!;
        const entry = logs[s]!.find(({ firstSequence, count }) => first < firstSequence + count)!;
        assert.deepEqual(logs[s]!.flatMap(textsOf).slice(first, first + 2), [`${i}`, `${i}+`]);
        assert.equal(entry.publishedAtMs, answers[i]!.publishedAtMs, "all its messages have the answered time");
      });
    }
  });

  check("at the same time as a deletion is either before it or refused", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });

    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 20 }, (_, i) => append(store, topic, [`${i}`], { shard: i % 2 })),
      store.deleteTopic("news", t0),
      ...Array.from({ length: 20 }, (_, i) => append(store, topic, [`${i}`], { shard: i % 2 })),
    ]);

    for (const outcome of outcomes) {
      if (outcome.status === "rejected") assert.equal(outcome.reason.code, "topic_not_found");
    }
    assert.equal(await store.getShard(shard(topic)), undefined);
    const second = await createTopic(store, "news", { incarnation: t0 + 1, shards: 2 });
    assert.deepEqual(await store.getShard(shard(second)), emptyShard);
  });

  check("keeps payloads byte for byte, and apart from the caller's", async (store) => {
    const topic = await createTopic(store, "news");
    const payload = Uint8Array.from({ length: 350_000 }, (_, i) => (i * 31) % 256);
    const original = Uint8Array.from(payload);

    await store.append({ ...address(topic), nowMs: t0, parts: [{ shard: 0, count: 1, payload }] });
    assert.deepEqual(payload, original, "the caller's bytes stay as they were");
    payload.fill(0);

    const [entry] = await store.readEntries(shard(topic), 0, 1, 1);
    assert.ok(Buffer.from(original).equals(entry!.payload));
  });
}
