import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "./check.ts";
import {
  append,
  bodies,
  count,
  createTopic,
  expireAll,
  logOfTen,
  part,
  plainSummary,
  readAll,
  rejects,
  save,
  shard,
  summaries,
  summaryRecord,
  t0,
  textsOf,
  ticketsFrom,
  tokenRecord,
  topicRecord,
} from "./fixtures.ts";

export function expiryTests(check: Check): void {
  check(
    "removes counted entries once their retention is over, from the oldest on",
    async (store) => {
      const topic = await logOfTen(store, { retentionSeconds: 3_600 });
      const size = part(["0a", "0b"]).length;
      await count(store, shard(topic), 0, 10);

      await expireAll(store, t0 + 3_600_000 - 1);
      assert.equal((await store.getShard(shard(topic)))!.firstTicket, 0, "not a moment early");
      await expireAll(store, t0 + 3_600_000 + 200);

      assert.deepEqual(await store.getShard(shard(topic)), {
        tickets: 10,
        messages: 20,
        firstTicket: 6,
        firstSequence: 12,
        storedBytes: 4 * size,
        lastAtMs: t0 + 400,
      });
      assert.deepEqual(await ticketsFrom(store, topic, 0), [6, 7, 8, 9], "from an earlier ticket on");
      assert.deepEqual(await ticketsFrom(store, topic, 8), [8, 9]);
      assert.equal((await store.findEntry(shard(topic), { sequence: 0 }))!.ticket, 6);
      assert.equal((await store.findEntry(shard(topic), { sequence: 15 }))!.ticket, 7);
      assert.equal((await store.findEntry(shard(topic), { publishedAtMs: 0 }))!.ticket, 6);
      assert.equal((await store.findEntry(shard(topic), { publishedAtMs: t0 + 400 }))!.ticket, 8);
    },
    "expiresAtOnce",
  );

  check(
    "of everything leaves numbers and times to go on from",
    async (store) => {
      const topic = await logOfTen(store, { retentionSeconds: 3_600 });
      await count(store, shard(topic), 0, 10);

      await expireAll(store, t0 + 10 * 3_600_000);

      const empty = { tickets: 10, messages: 20, firstTicket: 10, firstSequence: 20, storedBytes: 0 };
      assert.deepEqual(await store.getShard(shard(topic)), { ...empty, lastAtMs: t0 + 400 });
      assert.deepEqual(await ticketsFrom(store, topic, 0), []);
      assert.equal(await store.findEntry(shard(topic), { sequence: 0 }), undefined);

      const answer = await append(store, topic, ["next"], { nowMs: t0 });
      assert.deepEqual(answer, { publishedAtMs: t0 + 400, firstSequences: [20], replayed: false });
      assert.deepEqual(await ticketsFrom(store, topic, 0), [10]);
      assert.equal((await store.findEntry(shard(topic), { sequence: 3 }))!.ticket, 10);
    },
    "expiresAtOnce",
  );

  check(
    "never passes the count cursor",
    async (store) => {
      const topic = await logOfTen(store, { retentionSeconds: 3_600 });

      await expireAll(store, t0 + 10 * 3_600_000);
      assert.deepEqual(await ticketsFrom(store, topic, 0), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

      await count(store, shard(topic), 0, 3);
      await expireAll(store, t0 + 10 * 3_600_000);
      assert.deepEqual(await ticketsFrom(store, topic, 0), [3, 4, 5, 6, 7, 8, 9]);

      await count(store, shard(topic), 3, 10);
      await expireAll(store, t0 + 10 * 3_600_000);
      assert.deepEqual(await ticketsFrom(store, topic, 0), []);
    },
    "expiresAtOnce",
  );

  check(
    "goes by each topic's retention as it is now; 0 is for ever",
    async (store) => {
      const forEver = await logOfTen(store, { topic: "for-ever", retentionSeconds: 0 });
      const short = await logOfTen(store, { topic: "short", retentionSeconds: 3_600 });
      const long = await logOfTen(store, { topic: "long", retentionSeconds: 7_200 });
      for (const topic of [forEver, short, long]) await count(store, shard(topic), 0, 10);
      const kept = (): Promise<number[]> =>
        Promise.all([forEver, short, long].map(async (topic) => (await readAll(store, shard(topic))).length));

      await expireAll(store, t0 + 2 * 3_600_000 - 1);
      assert.deepEqual(await kept(), [10, 0, 10]);
      await store.updateTopic("long", { ...long, retentionSeconds: 3_600 });
      await expireAll(store, t0 + 2 * 3_600_000 - 1);
      assert.deepEqual(await kept(), [10, 0, 0]);
      await store.updateTopic("for-ever", { ...forEver, retentionSeconds: 3_600 });
      await expireAll(store, t0 + 2 * 3_600_000 - 1);
      assert.deepEqual(await kept(), [0, 0, 0]);
    },
    "expiresAtOnce",
  );

  check(
    "takes small steps and finishes, over several shards",
    async (store) => {
      const topic = await createTopic(store, "news", { shards: 2, retentionSeconds: 3_600 });
      for (let i = 0; i < 150; i++) await append(store, topic, ["x"], { shard: i % 2 });
      for (const i of [0, 1]) await count(store, shard(topic, i), 0, 75);
      const left = async (): Promise<number> =>
        (await readAll(store, shard(topic, 0))).length + (await readAll(store, shard(topic, 1))).length;

      assert.equal(await store.expire(t0 + 3_600_000), true, "there is more to do");
      assert.ok((await left()) >= 150 - 64, "a step is small");
      await expireAll(store, t0 + 3_600_000);

      assert.equal(await left(), 0);
      assert.equal((await store.getShard(shard(topic, 0)))!.storedBytes, 0);
      assert.equal((await store.getShard(shard(topic, 1)))!.storedBytes, 0);
      assert.equal(await store.expire(t0 + 3_600_000), false);
    },
    "expiresAtOnce",
  );

  check("clears what a deleted topic left, beside the topic that has its name now", async (store) => {
    const first = await createTopic(store, "news", { shards: 2 });
    for (let i = 0; i < 150; i++) await append(store, first, ["x"], { shard: i % 2 });
    await store.deleteTopic("news", t0);
    const second = await createTopic(store, "news", { incarnation: t0 + 1, shards: 2 });
    for (let i = 0; i < 10; i++) await append(store, second, [`${i}`], { shard: i % 2 });

    await expireAll(store, t0 + 1);

    assert.deepEqual(await bodies(store, shard(second, 0)), ["0", "2", "4", "6", "8"]);
    assert.deepEqual(await bodies(store, shard(second, 1)), ["1", "3", "5", "7", "9"]);
    assert.deepEqual((await append(store, second, ["10"])).firstSequences, [5]);
  });

  check(
    "forgets stream tokens, reserved names and summaries at their time",
    async (store) => {
      await store.putStreamToken({ ...tokenRecord("k1"), usableUntilMs: t0 + 1_000 });
      await store.putStreamToken({ ...tokenRecord("k2"), usableUntilMs: t0 + 1_001 });
      await createTopic(store, "news");
      await store.deleteTopic("news", t0 + 1_000);
      const early = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1, {}, t0 + 1_000);
      const late = summaryRecord({ scope: "overall", level: 0, startMs: t0 + 10_000 }, 1, {}, t0 + 1_001);
      await save(store, { puts: [early, late], setMarks: [{ ...early, level: 1, stamp: "s" }] });

      await expireAll(store, t0 + 999);
      assert.equal((await store.getStreamToken("k1"))!.id, "k1");
      assert.equal((await store.getSummaries([early, late])).length, 2);
      await rejects(store.createTopic(topicRecord("news", { incarnation: t0 + 999 }), 10), "topic_reserved");
      await expireAll(store, t0 + 1_000);

      assert.equal(await store.getStreamToken("k1"), undefined);
      assert.equal((await store.getStreamToken("k2"))!.id, "k2");
      assert.deepEqual(await summaries(store, [early, late]), [plainSummary(late)]);
      assert.equal((await store.listWork(undefined, 10)).length, 1, "marks stay until they are cleared");
      assert.equal(await save(store, { puts: [early] }), true, "one that is gone begins anew");
      await createTopic(store, "news", { incarnation: t0 + 1_000 });
    },
    "expiresAtOnce",
  );

  check(
    "never hides what is still there from one who reads meanwhile",
    async (store) => {
      // The last entry stays. Many short reads between the steps, so that some begin before a step and end after it.
      const topic = await createTopic(store, "news", { retentionSeconds: 3_600 });
      const total = 2_000;
      await Promise.all(Array.from({ length: total }, (_, i) => append(store, topic, ["x"], { nowMs: t0 + i })));
      await append(store, topic, ["last"], { nowMs: t0 + 3_600_000 });
      await count(store, shard(topic), 0, (await store.getShard(shard(topic)))!.tickets);
      let isExpiring = true;
      const expiring = expireAll(store, t0 + 3_600_000 + total).then(() => {
        isExpiring = false;
      });

      do {
        for (let i = 0; i < 20; i++) {
          assert.equal((await store.readEntries(shard(topic), 0, 1, 1)).length, 1);
          assert.ok(await store.findEntry(shard(topic), { sequence: 0 }));
          const last = await store.findEntry(shard(topic), { publishedAtMs: t0 + 3_600_000 });
          assert.deepEqual(last && textsOf(last), ["last"]);
        }
        await delay(0);
      } while (isExpiring);
      await expiring;
      assert.deepEqual(await bodies(store, shard(topic)), ["last"]);
    },
    "expiresAtOnce",
  );

  check("with nothing to do says so", async (store) => {
    assert.equal(await store.expire(t0), false);
    const topic = await logOfTen(store);
    await count(store, shard(topic), 0, 10);
    assert.equal(await store.expire(t0), false);
  });
}
