import assert from "node:assert/strict";
import type { Check } from "./check.ts";
import { append, bodies, createTopic, emptyShard, expireAll, rejects, shard, t0, topicRecord } from "./fixtures.ts";

export function topicTests(check: Check): void {
  check("are created once; a second creation gives what is there", async (store) => {
    const record = topicRecord("news", { shards: 2, retentionSeconds: 3_600 });

    assert.deepEqual(await store.createTopic(record, 10), record);
    assert.deepEqual(await store.createTopic(topicRecord("news", { incarnation: t0 + 5, shards: 7 }), 10), record);
    assert.deepEqual(await store.getTopic("news"), record);
    assert.equal(await store.getTopic("other"), undefined);
  });

  check("created at the same time are one", async (store) => {
    const records = Array.from({ length: 10 }, (_, i) => topicRecord("news", { incarnation: t0 + i, shards: 1 + i }));

    const answers = await Promise.all(records.map((record) => store.createTopic(record, 10)));

    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.deepEqual(await store.getTopic("news"), answers[0]);
  });

  check("take new retention and terms", async (store) => {
    const record = await createTopic(store, "news");
    const changes = { retentionSeconds: 7_200, terms: { enabled: false, languages: ["de", "en"], hidden: ["x"] } };

    assert.deepEqual(await store.updateTopic("news", changes), { ...record, ...changes });
    assert.deepEqual(await store.getTopic("news"), { ...record, ...changes });
    assert.equal(await store.updateTopic("other", changes), undefined);
  });

  check("are listed by name in byte order, in pages", async (store) => {
    for (const topic of ["b", "a_1", "Z", "a", "a.1", "a-1", "a1"]) await createTopic(store, topic);
    const names = async (after: string | undefined, limit: number): Promise<string[]> =>
      (await store.listTopics(after, limit)).map(({ topic }) => topic);

    assert.deepEqual(await names(undefined, 100), ["Z", "a", "a-1", "a.1", "a1", "a_1", "b"]);
    assert.deepEqual(await names(undefined, 3), ["Z", "a", "a-1"]);
    assert.deepEqual(await names("a-1", 3), ["a.1", "a1", "a_1"]);
    assert.deepEqual(await names("a0", 2), ["a1", "a_1"], "after a name that is not there");
    assert.deepEqual(await names("b", 3), []);
  });

  check("are at most topicsMax; those that are there are still given", async (store) => {
    await store.createTopic(topicRecord("a"), 2);
    await store.createTopic(topicRecord("b"), 2);

    await rejects(store.createTopic(topicRecord("c"), 2), "limit_reached");
    assert.equal((await store.createTopic(topicRecord("a"), 2)).topic, "a");
    assert.equal(await store.getTopic("c"), undefined);

    await store.deleteTopic("a", t0);
    await store.createTopic(topicRecord("c"), 2);
  });

  check("once deleted are gone at once, and so are their shards", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    await append(store, topic, ["x"]);

    assert.equal(await store.deleteTopic("news", t0 + 600_000), true);

    assert.equal(await store.getTopic("news"), undefined);
    assert.deepEqual(await store.listTopics(undefined, 10), []);
    for (const ref of [shard(topic, 0), shard(topic, 1)]) {
      assert.equal(await store.getShard(ref), undefined);
      assert.deepEqual(await store.readEntries(ref, 0, 10, 1_000), []);
      assert.equal(await store.findEntry(ref, { sequence: 0 }), undefined);
      assert.equal(await store.findEntry(ref, { publishedAtMs: 0 }), undefined);
    }
    assert.deepEqual(await store.listUncounted(10), []);
    await rejects(append(store, topic, ["y"]), "topic_not_found");
    assert.equal(await store.updateTopic("news", topic), undefined);
    assert.equal(await store.deleteTopic("news", t0), false);
  });

  check("once deleted keep their name reserved", async (store) => {
    await createTopic(store, "news");
    await store.deleteTopic("news", t0 + 600_000);

    const error = await rejects(
      store.createTopic(topicRecord("news", { incarnation: t0 + 590_500 }), 10),
      "topic_reserved",
    );
    assert.equal(error.details.retryAfterSeconds, 10);
    await rejects(store.createTopic(topicRecord("news", { incarnation: t0 + 599_999 }), 10), "topic_reserved");
    await createTopic(store, "other", { incarnation: t0 + 1 });
    await createTopic(store, "news", { incarnation: t0 + 600_000 });
  });

  check("of one name share nothing with their earlier incarnations", async (store) => {
    const first = await createTopic(store, "news", { shards: 2 });
    await append(store, first, ["old 1", "old 2"]);
    await append(store, first, ["old 3"], { shard: 1 });
    await store.deleteTopic("news", t0);
    const second = await createTopic(store, "news", { incarnation: t0 + 1, shards: 2 });

    assert.deepEqual(await store.getShard(shard(second)), emptyShard);
    assert.deepEqual((await append(store, second, ["new"], { nowMs: t0 + 2 })).firstSequences, [0]);
    await rejects(append(store, first, ["late"]), "topic_not_found");

    assert.deepEqual(await bodies(store, shard(second)), ["new"]);
    assert.deepEqual(await store.readEntries(shard(first), 0, 10, 1_000), []);
    await expireAll(store, t0 + 3);
    assert.deepEqual(await bodies(store, shard(second)), ["new"], "what the first one left is gone, and no more");
    assert.deepEqual(await store.getShard(shard(second, 1)), emptyShard);
  });

  check("are stored as copies", async (store) => {
    const hidden = ["x"];
    await store.createTopic(topicRecord("news", { terms: { enabled: true, languages: ["en"], hidden } }), 10);

    hidden.push("changed");
    ((await store.getTopic("news"))!.terms.hidden as string[]).push("changed too");

    assert.deepEqual((await store.getTopic("news"))!.terms.hidden, ["x"]);
  });
}
