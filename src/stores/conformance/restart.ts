import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store, SummaryKey, TopicRecord } from "#core/store.ts";
import {
  append,
  at,
  bodies,
  byShard,
  count,
  createTopic,
  cursorAt,
  expireAll,
  logOfTen,
  plain,
  publisherRecord,
  readAll,
  rejects,
  save,
  shard,
  subscriberRecord,
  summaries,
  summaryRecord,
  t0,
  tokenRecord,
  topicRecord,
} from "./fixtures.ts";

export function restartTests(open: () => Promise<Store>, reopen: (store: Store) => Promise<Store>): void {
  test("keeps everything that was answered", async () => {
    let store = await open();
    try {
      const topic = await logOfTen(store, { shards: 2, retentionSeconds: 3_600 });
      const idempotency = { recordKey: "k", fingerprint: "f", expiresAtMs: t0 + 86_400_000 };
      const request = { shard: 1, nowMs: t0 + 9_000, idempotency };
      const answer = await append(store, topic, ["once"], request);
      await count(store, shard(topic), 0, 7);
      await expireAll(store, t0 + 3_600_000 + 100);
      await createTopic(store, "gone");
      await append(store, { ...topic, topic: "gone" }, ["x"]);
      await store.deleteTopic("gone", t0 + 99_000_000);
      await store.createPublisher(publisherRecord("p1"), 9);
      await store.createSubscriber(subscriberRecord("s1", { name: "Ann" }), 9);
      await store.createSubscriber(subscriberRecord("s2"), 9);
      await store.seekSubscriber("s1", cursorAt(0, { 0: at(3) }).topics);
      await store.commitCursor("s1", cursorAt(1, { 0: at(4, 1), 1: at(1) }), t0 + 5);
      await store.putStreamToken({ ...tokenRecord("k1"), usableUntilMs: t0 + 99_000_000 });
      const summary = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1, { "news#1#0": 7 });
      const mark = { scope: "overall", level: 1, startMs: t0, stamp: "s" } as const;
      await save(store, { puts: [summary], setMarks: [mark] });
      const before = await snapshot(store, topic, summary);

      store = await reopen(store);

      assert.deepEqual(await snapshot(store, topic, summary), before);
      assert.equal(before.logs[0]!.length, store.traits.expiresAtOnce ? 6 : 10, "tickets 4 to 9, or all");
      assert.deepEqual(await append(store, topic, ["once"], request), { ...answer, replayed: true });
      await rejects(store.createTopic(topicRecord("gone", { incarnation: t0 + 1 }), 9), "topic_reserved");
      const next = await append(store, topic, ["next"], { nowMs: t0 });
      assert.deepEqual(next, { publishedAtMs: t0 + 400, firstSequences: [20], replayed: false });
      await rejects(store.commitCursor("s1", cursorAt(0, {}), t0), "cursor_superseded");
      assert.equal(await save(store, { puts: [summary] }), false);
      await expireAll(store, t0 + 3_600_000 + 100);
    } finally {
      await store.close();
    }
  });

  test("keeps each of many concurrent appends, in the same order", async () => {
    let store = await open();
    try {
      const topic = await createTopic(store, "news");
      await Promise.all(Array.from({ length: 100 }, (_, i) => append(store, topic, [`${i}`])));
      const before = await bodies(store, shard(topic));

      store = await reopen(store);

      assert.equal(before.length, 100);
      assert.deepEqual(await bodies(store, shard(topic)), before);
    } finally {
      await store.close();
    }
  });
}

async function snapshot(store: Store, topic: TopicRecord, summary: SummaryKey) {
  return {
    topics: await store.listTopics(undefined, 10),
    publishers: await store.listPublishers(undefined, 10),
    subscribers: await store.listSubscribers(undefined, 10),
    token: await store.getStreamToken("k1"),
    states: await Promise.all([0, 1].map((i) => store.getShard(shard(topic, i)))),
    logs: await Promise.all([0, 1].map(async (i) => (await readAll(store, shard(topic, i))).map(plain))),
    uncounted: byShard(await store.listUncounted(10)),
    summaries: await summaries(store, [summary]),
    work: await store.listWork(undefined, 10),
  };
}
