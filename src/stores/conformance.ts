import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ErrorCode } from "#contract/errors.ts";
import type { TableItem } from "#contract/types.ts";
import type { Cursor, Position } from "#core/cursor.ts";
import { decodeEntry, draftOf, type Entry, encodePart } from "#core/entry.ts";
import { hash32, type ShardRef } from "#core/shard.ts";
import type {
  AppendRequest,
  AppendResult,
  PublisherRecord,
  Store,
  StreamTokenRecord,
  SubscriberRecord,
  SummaryKey,
  SummaryRecord,
  TermsChange,
  TopicRecord,
} from "#core/store.ts";

/** How the suite gets a store. */
export interface StoreHarness {
  /** An empty store of its own; the suite closes it. */
  open(): Promise<Store>;
  /** Closes the store and opens it again over what it wrote. Only for stores that are durable. */
  reopen?(store: Store): Promise<Store>;
}

/**
 * Registers the tests that every store must pass: one or more for each verb and guarantee of the port `core/store.ts`.
 * They see a store only through the port, and assume nothing of how calls that arrive together share entries.
 */
export function storeConformance(name: string, harness: StoreHarness): void {
  describe(`store ${name}`, () => {
    const check: Check = (what, body, needs) => {
      test(what, async (t) => {
        const store = await harness.open();
        try {
          if (needs && !store.traits[needs]) t.skip(`${store.traits.name} has no ${needs}`);
          else await body(store);
        } finally {
          await store.close();
        }
      });
    };
    describe("topics", () => topicTests(check));
    describe("publishers and subscribers", () => registrationTests(check));
    describe("cursors", () => cursorTests(check));
    describe("append", () => appendTests(check));
    describe("idempotency", () => idempotencyTests(check));
    describe("reading", () => readingTests(check));
    describe("waiting", () => waitingTests(check, harness.open));
    describe("terms", () => termsTests(check));
    describe("expiry", () => expiryTests(check));
    describe("tables", () => tablesTests(check));
    if (harness.reopen) describe("restart", () => restartTests(harness.open, harness.reopen!));
  });
}

/** A test of every store, or of those alone that have what it needs. */
type Check = (what: string, body: (store: Store) => Promise<void>, needs?: "transactions" | "expiresAtOnce") => void;

// ── Topics ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function topicTests(check: Check): void {
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

// ── Publishers, subscribers, stream tokens ──────────────────────────────────────────────────────────────────────────

function registrationTests(check: Check): void {
  check("publishers are created, listed, changed, deleted", async (store) => {
    for (const id of ["p2", "p1", "p3"]) await store.createPublisher(publisherRecord(id), 3);

    assert.deepEqual(await store.getPublisher("p1"), publisherRecord("p1"));
    assert.equal(await store.getPublisher("p9"), undefined);
    assert.deepEqual(await store.listPublishers(undefined, 2), ["p1", "p2"].map(publisherRecord));
    assert.deepEqual(await store.listPublishers("p2", 2), [publisherRecord("p3")]);

    const changed = { ...publisherRecord("p1"), topics: ["b", "c"] };
    assert.deepEqual(await store.putPublisherTopics("p1", ["b", "c"]), changed);
    assert.deepEqual(await store.getPublisher("p1"), changed);
    assert.equal(await store.putPublisherTopics("p9", ["b"]), undefined);

    assert.equal(await store.deletePublisher("p1"), true);
    assert.equal(await store.deletePublisher("p1"), false);
    assert.equal(await store.getPublisher("p1"), undefined);
    assert.equal((await store.listPublishers(undefined, 9)).length, 2);
  });

  check("publishers are at most publishersMax", async (store) => {
    await store.createPublisher(publisherRecord("p1"), 1);

    await rejects(store.createPublisher(publisherRecord("p2"), 1), "limit_reached");

    assert.equal(await store.getPublisher("p2"), undefined);
    await store.deletePublisher("p1");
    await store.createPublisher(publisherRecord("p2"), 1);
  });

  check("subscribers are created, listed, deleted", async (store) => {
    const named = subscriberRecord("s1", { name: "Ann", lastActiveAtMs: t0 + 7 });
    await store.createSubscriber(subscriberRecord("s2"), 3);
    await store.createSubscriber(named, 3);
    await store.createSubscriber(subscriberRecord("s3", { topics: ["b"] }), 3);

    assert.deepEqual(await store.getSubscriber("s1"), named);
    assert.deepEqual(await store.getSubscriber("s2"), subscriberRecord("s2"));
    assert.equal(await store.getSubscriber("s9"), undefined);
    assert.deepEqual(await store.listSubscribers(undefined, 2), [named, subscriberRecord("s2")]);
    assert.deepEqual(await store.listSubscribers("s2", 2), [subscriberRecord("s3", { topics: ["b"] })]);

    assert.equal(await store.deleteSubscriber("s1"), true);
    assert.equal(await store.deleteSubscriber("s1"), false);
    assert.equal(await store.getSubscriber("s1"), undefined);
  });

  check("subscribers are listed by topic, in pages", async (store) => {
    const topicsOf = { s1: ["a"], s2: ["ab", "b"], s3: ["b", "a"], s4: ["a"] };
    for (const [id, topics] of Object.entries(topicsOf)) {
      await store.createSubscriber(subscriberRecord(id, { topics }), 9);
    }
    const ids = async (after: string | undefined, limit: number, topic: string): Promise<string[]> =>
      (await store.listSubscribers(after, limit, topic)).map(({ subscriberId }) => subscriberId);

    assert.deepEqual(await ids(undefined, 9, "a"), ["s1", "s3", "s4"]);
    assert.deepEqual(await ids(undefined, 2, "a"), ["s1", "s3"]);
    assert.deepEqual(await ids("s1", 2, "a"), ["s3", "s4"]);
    assert.deepEqual(await ids(undefined, 9, "c"), []);
  });

  check("subscribers are at most subscribersMax", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 1);

    await rejects(store.createSubscriber(subscriberRecord("s2"), 1), "limit_reached");

    assert.equal(await store.getSubscriber("s2"), undefined);
  });

  check("subscribers that read are noted", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);

    await store.touchSubscriber("s1", t0 + 5);
    await store.touchSubscriber("s9", t0 + 5);

    assert.deepEqual(await store.getSubscriber("s1"), subscriberRecord("s1", { lastActiveAtMs: t0 + 5 }));
    assert.equal(await store.getSubscriber("s9"), undefined);
  });

  check("stream tokens are put, replaced, found", async (store) => {
    await store.putStreamToken(tokenRecord("k1"));
    await store.putStreamToken(tokenRecord("k2"));
    await store.putStreamToken({ ...tokenRecord("k1"), usableUntilMs: t0 + 99_000 });

    assert.deepEqual(await store.getStreamToken("k1"), { ...tokenRecord("k1"), usableUntilMs: t0 + 99_000 });
    assert.deepEqual(await store.getStreamToken("k2"), tokenRecord("k2"));
    assert.equal(await store.getStreamToken("k3"), undefined);
  });
}

// ── Cursors ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function cursorTests(check: Check): void {
  check("move forward with a commit, part by part, and never back", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);

    await store.commitCursor("s1", cursorAt(0, { 0: at(5), 1: at(1) }), t0 + 1);
    const second = await store.commitCursor("s1", cursorAt(0, { 0: at(3), 1: at(2, 4), 2: at(7) }), t0 + 2);

    const expected = cursorAt(0, { 0: at(5), 1: at(2, 4), 2: at(7) });
    assert.deepEqual(second, expected);
    assert.deepEqual(
      await store.getSubscriber("s1"),
      subscriberRecord("s1", { cursor: expected, lastActiveAtMs: t0 + 2 }),
    );
    assert.deepEqual(await store.commitCursor("s1", cursorAt(0, { 1: at(2, 3) }), t0 + 3), expected, "index counts");
  });

  check("keep the topics that a commit does not name, and take a later incarnation", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);
    const topics = [topicCursor("a", 1, { 0: at(5) }), topicCursor("b", 1, { 0: at(5) })];

    await store.commitCursor("s1", sorted({ generation: 0, topics }), t0);
    const later = { generation: 0, topics: [topicCursor("b", 2, { 0: at(1) })] };
    const answer = await store.commitCursor("s1", later, t0);

    const expected = sorted({ generation: 0, topics: [topics[0]!, later.topics[0]!] });
    assert.deepEqual(answer, expected);
    assert.deepEqual((await store.getSubscriber("s1"))!.cursor, expected);
  });

  check("of an unknown subscriber are undefined", async (store) => {
    assert.equal(await store.commitCursor("s9", cursorAt(3, {}), t0), undefined);
    assert.equal(await store.seekSubscriber("s9", []), undefined);
    assert.equal(await store.getSubscriber("s9"), undefined);
  });

  check("move anywhere with a seek, which older commits do not undo", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);
    await store.commitCursor("s1", cursorAt(0, { 0: at(9), 1: at(9) }), t0);

    const sought = await store.seekSubscriber("s1", cursorAt(0, { 0: at(2) }).topics);
    assert.deepEqual(sought, cursorAt(1, { 0: at(2) }));
    await rejects(store.commitCursor("s1", cursorAt(0, { 0: at(10) }), t0 + 1), "cursor_superseded");
    await rejects(store.commitCursor("s1", cursorAt(2, { 0: at(10) }), t0 + 1), "cursor_superseded");

    assert.deepEqual(
      await store.getSubscriber("s1"),
      subscriberRecord("s1", { cursor: cursorAt(1, { 0: at(2) }), lastActiveAtMs: t0 }),
    );
    assert.deepEqual(await store.commitCursor("s1", cursorAt(1, { 0: at(3) }), t0 + 2), cursorAt(1, { 0: at(3) }));
    assert.equal((await store.seekSubscriber("s1", []))!.generation, 2);
  });

  check("committed at the same time all count", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);
    const shards = Array.from({ length: 16 }, (_, i) => i);

    await Promise.all(shards.map((i) => store.commitCursor("s1", cursorAt(0, { [i]: at(i + 1) }), t0)));

    const expected = cursorAt(0, Object.fromEntries(shards.map((i) => [i, at(i + 1)])));
    assert.deepEqual((await store.getSubscriber("s1"))!.cursor, expected);
  });
}

// ── Append ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function appendTests(check: Check): void {
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

// ── Idempotency ─────────────────────────────────────────────────────────────────────────────────────────────────────

function idempotencyTests(check: Check): void {
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

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function readingTests(check: Check): void {
  check("begins at a ticket and goes to the end", async (store) => {
    const topic = await logOfTen(store);

    assert.deepEqual(await ticketsFrom(store, topic, 0), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(await ticketsFrom(store, topic, 7), [7, 8, 9]);
    assert.deepEqual(await ticketsFrom(store, topic, 10), []);
    assert.deepEqual(await ticketsFrom(store, topic, 99), []);
    assert.deepEqual(await store.readEntries({ ...shard(topic), shard: 5 }, 0, 10, 1_000), []);
    assert.deepEqual(await store.readEntries({ ...shard(topic), topic: "other" }, 0, 10, 1_000), []);
  });

  check("ends once there are enough messages or bytes, with at least one entry", async (store) => {
    // Each entry holds two messages, so that both limits fall within and between entries.
    const topic = await logOfTen(store);
    const size = part(["0a", "0b"]).length;

    assert.deepEqual(await ticketsFrom(store, topic, 2, 1), [2]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 2), [2]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 3), [2, 3]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 4), [2, 3]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 5), [2, 3, 4]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 1_000, 1), [2]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 1_000, size), [2]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 1_000, size + 1), [2, 3]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 1_000, 3 * size), [2, 3, 4]);
    assert.deepEqual(await ticketsFrom(store, topic, 2, 3, 1), [2], "whichever comes first");
  });

  check("finds the entry of a sequence", async (store) => {
    const topic = await logOfTen(store);
    const ticketOf = async (sequence: number): Promise<number | undefined> =>
      (await store.findEntry(shard(topic), { sequence }))?.ticket;

    assert.equal(await ticketOf(0), 0);
    assert.equal(await ticketOf(1), 0);
    assert.equal(await ticketOf(2), 1);
    assert.equal(await ticketOf(13), 6);
    assert.equal(await ticketOf(19), 9);
    assert.equal(await ticketOf(20), undefined);
    const found = await store.findEntry(shard(topic), { sequence: 13 });
    assert.deepEqual(plain(found!), plain((await store.readEntries(shard(topic), 6, 1, 1))[0]!));
  });

  check("finds the first entry at or after a time", async (store) => {
    // Entry i was published at t0 + 100 * floor(i / 2): times come in pairs.
    const topic = await logOfTen(store);
    const ticketAt = async (publishedAtMs: number): Promise<number | undefined> =>
      (await store.findEntry(shard(topic), { publishedAtMs }))?.ticket;

    assert.equal(await ticketAt(0), 0);
    assert.equal(await ticketAt(t0), 0);
    assert.equal(await ticketAt(t0 + 1), 2);
    assert.equal(await ticketAt(t0 + 100), 2);
    assert.equal(await ticketAt(t0 + 400), 8);
    assert.equal(await ticketAt(t0 + 401), undefined);
  });

  check("finds nothing in an empty or unknown shard", async (store) => {
    const topic = await createTopic(store, "news");

    assert.equal(await store.findEntry(shard(topic), { sequence: 0 }), undefined);
    assert.equal(await store.findEntry(shard(topic), { publishedAtMs: 0 }), undefined);
    assert.equal(await store.findEntry({ ...shard(topic), shard: 3 }, { sequence: 0 }), undefined);
    assert.equal(await store.getShard({ ...shard(topic), shard: 3 }), undefined);
    assert.equal(await store.getShard({ ...shard(topic), incarnation: t0 + 1 }), undefined);
  });

  check("while appends go on sees a prefix of the log that only grows", async (store) => {
    const topic = await createTopic(store, "news");
    let isWriting = true;
    const writing = (async () => {
      for (let i = 0; i < 60; i++) await append(store, topic, [`${i}`]);
      isWriting = false;
    })();

    let seen = 0;
    while (isWriting) {
      const { tickets } = (await store.getShard(shard(topic)))!;
      const entries = await readAll(store, shard(topic));
      // What has its place and is not written yet is waited for by who asks for it first.
      if (entries.length < tickets) entries.push(...(await store.readEntries(shard(topic), entries.length, 1, 1)));
      assertLog(entries, 0);
      assert.ok(tickets >= seen && entries.length >= tickets, "what the state says is there can be read");
      seen = tickets;
      await delay(0);
    }
    await writing;
    assert.equal((await readAll(store, shard(topic))).length, 60, "an answered append can be read at once");
  });
}

// ── Waiting ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function waitingTests(check: Check, open: () => Promise<Store>): void {
  check("ends at once when there is news, or the shard or the signal is over", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    await append(store, topic, ["a"], { shard: 1 });
    const never = new AbortController().signal;
    const watches = [
      { ref: shard(topic, 0), ticket: 0 },
      { ref: shard(topic, 1), ticket: 0 },
    ];

    await soon(store.waitForNews(watches, never));
    await soon(store.waitForNews([watches[0]!], AbortSignal.abort()));
    await soon(store.waitForNews([watches[0]!, { ref: { ...shard(topic), topic: "other" }, ticket: 0 }], never));
    assert.equal(getEventListeners(never, "abort").length, 0);
  });

  check("ends with an append to one of the shards, for all who wait", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    await append(store, topic, ["a"], { shard: 1 });
    const { signal } = new AbortController();
    const watches = [
      { ref: shard(topic, 0), ticket: 0 },
      { ref: shard(topic, 1), ticket: 1 },
    ];
    const waits = Array.from({ length: 20 }, () => store.waitForNews(watches, signal));
    await assertPending(Promise.race(waits));

    await append(store, topic, ["b"], { shard: 1 });

    await soon(Promise.all(waits));
    assert.equal(getEventListeners(signal, "abort").length, 0, "nothing is left on the signal");
  });

  check("goes on when news is elsewhere or not beyond the ticket", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    const other = await createTopic(store, "other");
    const controller = new AbortController();
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 1 }], controller.signal);

    await append(store, topic, ["a"], { shard: 1 });
    await append(store, other, ["b"]);
    await append(store, topic, ["c"]);
    await assertPending(wait);
    await append(store, topic, ["d"]);

    await soon(wait);
  });

  check("ends with the signal, without rejecting", async (store) => {
    const topic = await createTopic(store, "news");
    const controller = new AbortController();
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 0 }], controller.signal);
    await assertPending(wait);

    controller.abort(new Error("over"));

    assert.equal(await soon(wait), undefined);
  });

  check("of one who leaves does not end that of another", async (store) => {
    const topic = await createTopic(store, "news");
    const leaving = new AbortController();
    const watches = [{ ref: shard(topic), ticket: 0 }];
    const left = store.waitForNews(watches, leaving.signal);
    const stays = store.waitForNews(watches, new AbortController().signal);

    leaving.abort();
    await soon(left);
    await assertPending(stays);
    await append(store, topic, ["a"]);

    await soon(stays);
  });

  check("ends when the topic is deleted", async (store) => {
    const topic = await createTopic(store, "news");
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 0 }], new AbortController().signal);
    await assertPending(wait);

    await store.deleteTopic("news", t0);

    await soon(wait);
  });

  test("does not reject when the store closes", async () => {
    const store = await open();
    const topic = await createTopic(store, "news");
    const controller = new AbortController();
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 0 }], controller.signal);

    await store.close();
    controller.abort();

    assert.equal(await soon(wait), undefined);
  });

  check("is never missed: one who reads, then waits, sees every append", async (store) => {
    const topic = await createTopic(store, "news");
    const { signal } = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for (let ticket = 0; seen.length < 100; ) {
        await store.waitForNews([{ ref: shard(topic), ticket }], signal);
        for (const entry of await store.readEntries(shard(topic), ticket, 10, 1_000)) {
          seen.push(...textsOf(entry));
          ticket = entry.ticket + 1;
        }
      }
    })();

    for (let i = 0; i < 100; i++) {
      if (i % 3 === 0) await append(store, topic, [`${i}`]);
      else void append(store, topic, [`${i}`]);
    }

    await soon(reading);
    assert.equal(new Set(seen).size, 100);
  });
}

// ── Terms ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function termsTests(check: Check): void {
  check("lists the shards that are not counted to their end", async (store) => {
    const topic = await createTopic(store, "news", { shards: 3 });
    assert.deepEqual(await store.listUncounted(10), []);
    for (const i of [0, 0, 2]) await append(store, topic, ["x"], { shard: i });

    assert.deepEqual(byShard(await store.listUncounted(10)), [
      { ref: shard(topic, 0), ticket: 0 },
      { ref: shard(topic, 2), ticket: 0 },
    ]);
    assert.equal((await store.listUncounted(1)).length, 1);

    await count(store, shard(topic, 0), 0, 1);
    await count(store, shard(topic, 2), 0, 1);
    assert.deepEqual(await store.listUncounted(10), [{ ref: shard(topic, 0), ticket: 1 }]);
    await count(store, shard(topic, 0), 1, 2);
    assert.deepEqual(await store.listUncounted(10), []);
    await append(store, topic, ["y"], { shard: 2 });
    assert.deepEqual(await store.listUncounted(10), [{ ref: shard(topic, 2), ticket: 1 }]);
  });

  check("puts summaries and gives those that are there", async (store) => {
    const leaf = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1, { "news#1#0": 5, "news#1#1": 0 });
    const all = summaryRecord({ scope: "overall", level: 5, startMs: 0 }, 1, { through: t0 });

    assert.equal(await save(store, { puts: [leaf, all] }), true);

    assert.deepEqual(await summaries(store, [leaf, all]), [leaf, all].map(plainSummary));
    const others: SummaryKey[] = [
      { ...leaf, level: 1 },
      { ...leaf, startMs: t0 + 10_000 },
      { ...leaf, scope: "topic:news#1" },
    ];
    assert.deepEqual(await summaries(store, others), []);
    assert.deepEqual(await summaries(store, [...others, all]), [plainSummary(all)]);
    assert.deepEqual(await summaries(store, []), []);

    const next = summaryRecord(leaf, 2, { "news#1#0": 9 });
    assert.equal(await save(store, { puts: [next] }), true);
    assert.deepEqual(await summaries(store, [leaf]), [plainSummary(next)]);
  });

  check(
    "saves all or nothing, whichever condition fails",
    async (store) => {
      const topic = await createTopic(store, "news", { shards: 2 });
      const gone = await createTopic(store, "gone");
      for (const [of, i] of [
        [topic, 0],
        [topic, 1],
        [gone, 0],
      ] as const)
        await append(store, of, ["x"], { shard: i });
      const stored = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1);
      const mark = { scope: "overall", level: 1, startMs: t0, stamp: "first" } as const;
      assert.ok(await save(store, { puts: [stored], setMarks: [mark] }));
      await store.deleteTopic("gone", t0);

      const other = { scope: "topic:news#1", level: 0, startMs: t0 } as const;
      const good = {
        puts: [summaryRecord(stored, 2), summaryRecord(other, 1)],
        setMarks: [{ ...mark, startMs: t0 + 60_000, stamp: "second" }],
        clearMarks: [mark],
        cursors: [0, 1].map((i) => ({ ref: shard(topic, i), fromTicket: 0, toTicket: 1 })),
      };
      const failing: Record<string, Partial<TermsChange>> = {
        "a first version where one is stored": { puts: [summaryRecord(other, 1), summaryRecord(stored, 1)] },
        "a version too far": { puts: [summaryRecord(other, 1), summaryRecord(stored, 3)] },
        "a second version where none is stored": { puts: [summaryRecord(stored, 2), summaryRecord(other, 2)] },
        "a cursor ahead of the stored one": {
          cursors: [good.cursors[0]!, { ref: shard(topic, 1), fromTicket: 1, toTicket: 1 }],
        },
        "a cursor of a deleted topic": {
          cursors: [good.cursors[0]!, { ref: shard(gone), fromTicket: 0, toTicket: 1 }],
        },
        "a cursor of an unknown shard": {
          cursors: [good.cursors[0]!, { ref: shard(topic, 7), fromTicket: 0, toTicket: 1 }],
        },
      };
      for (const [why, change] of Object.entries(failing)) {
        assert.equal(await save(store, { ...good, ...change }), false, why);
        assert.deepEqual(await summaries(store, [stored, other]), [plainSummary(stored)], why);
        assert.deepEqual(await store.listWork(undefined, 10), [mark], why);
        assert.deepEqual(
          byShard(await store.listUncounted(10)).map(({ ticket }) => ticket),
          [0, 0],
          why,
        );
      }

      assert.equal(await save(store, good), true);
      assert.deepEqual(await summaries(store, [stored, other]), good.puts.map(plainSummary));
      assert.deepEqual(await store.listWork(undefined, 10), good.setMarks);
      assert.deepEqual(await store.listUncounted(10), []);
      assert.equal(await save(store, { ...good, puts: [] }), false, "a cursor that has moved");
    },
    "transactions",
  );

  check("moves no cursor and touches no mark when a put is refused", async (store) => {
    const topic = await createTopic(store, "news");
    await append(store, topic, ["x"]);
    const stored = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1);
    const mark = { scope: "overall", level: 1, startMs: t0, stamp: "first" } as const;
    assert.ok(await save(store, { puts: [stored], setMarks: [mark] }));
    const other = { scope: "topic:news#1", level: 0, startMs: t0 } as const;

    const saved = await save(store, {
      puts: [summaryRecord(other, 1), summaryRecord(stored, 1)],
      setMarks: [{ ...mark, stamp: "second" }],
      clearMarks: [mark],
      cursors: [{ ref: shard(topic), fromTicket: 0, toTicket: 1 }],
    });

    assert.equal(saved, false);
    assert.deepEqual(await summaries(store, [stored]), [plainSummary(stored)]);
    assert.deepEqual(await store.listWork(undefined, 10), [mark]);
    assert.deepEqual(await store.listUncounted(10), [{ ref: shard(topic), ticket: 0 }]);
  });

  check("saved by many at once is saved once", async (store) => {
    const topic = await createTopic(store, "news");
    await append(store, topic, ["x"]);
    const key = { scope: "overall", level: 0, startMs: t0 } as const;

    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        save(store, {
          puts: [summaryRecord(key, 1, { writer: i })],
          cursors: [{ ref: shard(topic), fromTicket: 0, toTicket: 1 }],
        }),
      ),
    );

    assert.equal(outcomes.filter(Boolean).length, 1);
    const [summary] = await store.getSummaries([key]);
    assert.deepEqual([summary!.version, summary!.included], [1, { writer: outcomes.indexOf(true) }]);
  });

  check(
    "gives several summaries as of one moment",
    async (store) => {
      // Many keys make a read long enough for another thread's commit to fall into it.
      const keys = Array.from({ length: 300 }, (_, i) => ({ scope: `topic:t${i}#1`, level: 0, startMs: t0 }) as const);
      let isWriting = true;
      const writing = (async () => {
        for (let version = 1; version <= 30; version++) {
          assert.ok(await save(store, { puts: keys.map((key) => summaryRecord(key, version)) }));
        }
        isWriting = false;
      })();

      while (isWriting) {
        const read = await store.getSummaries(keys);
        const versions = new Set(read.map(({ version }) => version));
        assert.ok(versions.size <= 1, `versions ${[...versions]} side by side`);
        assert.ok(read.length === 0 || read.length === keys.length);
        await delay(0);
      }
      await writing;
    },
    "transactions",
  );

  check("lists marks, the finest and oldest first, of one scope or all", async (store) => {
    const marks = (
      [
        ["overall", 2, t0],
        ["topic:a#1", 1, t0 + 60_000],
        ["overall", 1, t0 + 120_000],
        ["overall", 1, t0],
        ["topic:a#1", 4, t0 - 86_400_000],
      ] as const
    ).map(([scope, level, startMs], i) => ({ scope, level, startMs, stamp: `s${i}` }));
    await save(store, { setMarks: marks });

    const inOrder = [3, 1, 2, 0, 4].map((i) => marks[i]!);
    assert.deepEqual(await store.listWork(undefined, 10), inOrder);
    assert.deepEqual(await store.listWork(undefined, 2), inOrder.slice(0, 2));
    assert.deepEqual(await store.listWork("topic:a#1", 10), [marks[1], marks[4]]);
    assert.deepEqual(await store.listWork("overall", 2), [marks[3], marks[2]]);
    assert.deepEqual(await store.listWork("topic:b#1", 10), []);
  });

  check("clears a mark only while its stamp is the same", async (store) => {
    const mark = { scope: "overall", level: 1, startMs: t0, stamp: "first" } as const;
    await save(store, { setMarks: [mark] });
    await save(store, { setMarks: [{ ...mark, stamp: "second" }] });
    // A store may make its own stamps of those given, to tell a mark that is set twice from the first one.
    const later = await store.listWork(undefined, 10);
    assert.deepEqual(
      later.map(({ stamp: _, ...key }) => key),
      [{ scope: "overall", level: 1, startMs: t0 }],
      "replaced",
    );

    assert.equal(await save(store, { clearMarks: [mark] }), true, "a later mark is no failure");
    assert.deepEqual(await store.listWork(undefined, 10), later);

    assert.equal(await save(store, { clearMarks: later }), true);
    assert.deepEqual(await store.listWork(undefined, 10), []);
    assert.equal(await save(store, { clearMarks: [mark] }), true, "nor is one that is not there");
  });

  check("of a deleted topic go with it, and no others", async (store) => {
    await createTopic(store, "news");
    const key = (scope: string) => ({ scope, level: 0, startMs: t0 }) as const;
    const own = [`topic:news#${t0}`, `topic:news#${t0}@1`, `topic:news#${t0}@z/9`];
    const keys = [...own, `topic:news#${t0 + 1}`, `topic:news#${t0}1`, `topic:news2#${t0}`, "overall"].map(key);
    await save(store, {
      puts: keys.map((each) => summaryRecord(each, 1)),
      setMarks: keys.filter(({ scope }) => !scope.includes("@")).map((each) => ({ ...each, level: 1, stamp: "s" })),
    });

    await store.deleteTopic("news", t0);
    await expireAll(store, t0);

    const scopes = keys.slice(own.length).map(({ scope }) => scope);
    assert.deepEqual((await store.getSummaries(keys)).map(({ scope }) => scope).sort(), scopes.toSorted());
    assert.deepEqual((await store.listWork(undefined, 10)).map(({ scope }) => scope).sort(), scopes.toSorted());
  });
}

// ── Expiry ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function expiryTests(check: Check): void {
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

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function tablesTests(check: Check): void {
  /** What can be seen of everything, a few items at a time. */
  const everything = async (store: Store, limit: number): Promise<Map<string, TableItem[]>> => {
    const found = new Map<string, TableItem[]>();
    for (const { table } of await store.listTables()) {
      const items: TableItem[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await store.listTableItems(table, after, limit);
        assert.ok(page && page.items.length <= limit);
        items.push(...page.items);
        after = page.next;
        more = after !== undefined;
      }
      found.set(table, items);
    }
    return found;
  };

  const fill = async (store: Store): Promise<void> => {
    const topic = await logOfTen(store);
    const key: SummaryKey = { scope: "overall", level: 0, startMs: t0 };
    await save(store, { puts: [summaryRecord(key, 1)], setMarks: [{ ...key, stamp: "s" }] });
    for (const id of ["p1", "p2", "p3"]) await store.createPublisher(publisherRecord(id), 10);
    for (const id of ["s1", "s2"]) await store.createSubscriber(subscriberRecord(id), 10);
    await store.putStreamToken(tokenRecord("t1"));
    const idempotency = { recordKey: "r1", fingerprint: "f", expiresAtMs: t0 + 1_000 };
    await append(store, topic, [`long ${"x".repeat(5_000)}`], { idempotency });
  };

  check("are listed, and their items come in pages, each once", async (store) => {
    await fill(store);
    const whole = await everything(store, 100);
    for (const limit of [1, 3]) assert.deepEqual(await everything(store, limit), whole);
    for (const { table, items } of await store.listTables()) {
      const seen = whole.get(table)!.length;
      if (items?.precision === "exact") assert.equal(items.value, seen, table);
      if (items?.precision === "at-least") assert.ok(items.value <= seen, table);
    }
    const all = JSON.stringify([...whole]);
    for (const text of ["news", "Name of p2", "s2", "t1", "r1", "9b"]) assert.ok(all.includes(text), text);
  });

  check("show no secret's hash, and of long values the beginning", async (store) => {
    await fill(store);
    const all = JSON.stringify([...(await everything(store, 100))]);
    assert.ok(!all.includes(secretHash));
    assert.ok(all.includes("(hidden)"));
    assert.ok(all.includes("long xxx") && !all.includes("x".repeat(2_000)));
  });

  check("that are not there, and positions that were not given, are told apart", async (store) => {
    assert.equal(await store.listTableItems("no-such-table", undefined, 10), undefined);
    assert.equal(await store.listTableItems("constructor", undefined, 10), undefined);
    const [{ table } = { table: "" }] = await store.listTables();
    for (const after of ["x", "W10", "bnVsbA", Buffer.from('[{"a":1}]').toString("base64url")])
      await rejects(store.listTableItems(table, after, 10), "invalid_request");
  });
}

// ── Restart ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function restartTests(open: () => Promise<Store>, reopen: (store: Store) => Promise<Store>): void {
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

// ── What the tests are made of ──────────────────────────────────────────────────────────────────────────────────────

const t0 = Date.UTC(2026, 0, 1);

const emptyShard = { tickets: 0, messages: 0, firstTicket: 0, firstSequence: 0, storedBytes: 0, lastAtMs: 0 };

function topicRecord(topic: string, changes: Partial<TopicRecord> = {}): TopicRecord {
  const terms = { enabled: true, languages: ["en"], hidden: [] };
  return { topic, incarnation: t0, shards: 1, retentionSeconds: 0, terms, ...changes };
}

/** As long as the real ones, so that nothing random holds it. */
const secretHash = "00ff".repeat(16);

function publisherRecord(publisherId: string): PublisherRecord {
  return { publisherId, name: `Name of ${publisherId}`, topics: ["a"], secretHash, createdAtMs: t0 };
}

function subscriberRecord(subscriberId: string, changes: Partial<SubscriberRecord> = {}): SubscriberRecord {
  const cursor: Cursor = { generation: 0, topics: [] };
  return { subscriberId, topics: ["a"], secretHash, createdAtMs: t0, cursor, ...changes };
}

function tokenRecord(id: string): StreamTokenRecord {
  return { id, secretHash, subscriberId: "s1", createdAtMs: t0, usableUntilMs: t0 + 60_000 };
}

type SummaryPut = TermsChange["puts"][number];

function summaryRecord(
  { scope, level, startMs }: SummaryKey,
  version: number,
  included: Record<string, number> = {},
  expiresAtMs = t0 + 86_400_000,
): SummaryPut {
  const bytes = Uint8Array.from([version, 0, 255, level]);
  return { scope, level, startMs, version, bytes, included, expiresAtMs };
}

function createTopic(store: Store, topic: string, changes: Partial<TopicRecord> = {}): Promise<TopicRecord> {
  return store.createTopic(topicRecord(topic, changes), 1_000);
}

/** A topic with ten entries of two messages, two entries at a time: entry i at t0 + 100 * floor(i / 2). */
async function logOfTen(store: Store, changes: Partial<TopicRecord> = {}): Promise<TopicRecord> {
  const topic = await createTopic(store, changes.topic ?? "news", changes);
  for (let i = 0; i < 10; i++) {
    await append(store, topic, [`${i}a`, `${i}b`], { nowMs: t0 + 100 * Math.floor(i / 2) });
  }
  return topic;
}

function address({ topic, incarnation }: TopicRecord): Pick<AppendRequest, "topic" | "incarnation"> {
  return { topic, incarnation };
}

function shard(topic: TopicRecord, index = 0): ShardRef {
  return { ...address(topic), shard: index };
}

function part(texts: readonly string[]): Uint8Array {
  return encodePart(
    "p1",
    texts.map((text) => draftOf(`"body":"${text}"}`)),
  );
}

function appendPart(index: number, texts: readonly string[]): AppendRequest["parts"][number] {
  return { shard: index, count: texts.length, payload: part(texts) };
}

function append(
  store: Store,
  topic: TopicRecord,
  texts: readonly string[],
  options: Partial<Pick<AppendRequest, "nowMs" | "idempotency">> & { shard?: number } = {},
): Promise<AppendResult> {
  const { shard: index = 0, nowMs = t0, ...rest } = options;
  return store.append({ ...address(topic), nowMs, parts: [appendPart(index, texts)], ...rest });
}

function readAll(store: Store, ref: ShardRef): Promise<Entry[]> {
  return store.readEntries(ref, 0, 1_000_000, 100_000_000);
}

async function ticketsFrom(
  store: Store,
  topic: TopicRecord,
  fromTicket: number,
  messagesMax = 1_000,
  bytesMax = 1_000_000,
): Promise<number[]> {
  return (await store.readEntries(shard(topic), fromTicket, messagesMax, bytesMax)).map(({ ticket }) => ticket);
}

function textsOf(entry: Entry): string[] {
  return decodeEntry(entry).map(({ tail }) => JSON.parse(`{${tail}`).body);
}

async function bodies(store: Store, ref: ShardRef): Promise<string[]> {
  return (await readAll(store, ref)).flatMap(textsOf);
}

/** Tickets and sequences follow one another without holes, and times never decrease. */
function assertLog(entries: readonly Entry[], firstTicket: number): void {
  let sequence = entries[0]?.firstSequence ?? 0;
  let publishedAtMs = 0;
  entries.forEach((entry, i) => {
    assert.equal(entry.ticket, firstTicket + i);
    assert.equal(entry.firstSequence, sequence);
    assert.equal(entry.count, decodeEntry(entry).length);
    assert.ok(entry.publishedAtMs >= publishedAtMs, `ticket ${entry.ticket} is before the one below it`);
    sequence += entry.count;
    publishedAtMs = entry.publishedAtMs;
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** An entry or a summary whose bytes compare whatever kind of array they are. */
function plain(entry: Entry): object {
  return { ...entry, payload: hex(entry.payload) };
}

function plainSummary(summary: SummaryRecord): object {
  const { scope, level, startMs, version, included, bytes } = summary;
  return { scope, level, startMs, version, included, bytes: hex(bytes) };
}

/** In the order of the keys, whatever order the store gives. Every field that is there counts. */
async function summaries(store: Store, keys: readonly SummaryKey[]): Promise<object[]> {
  const found = await store.getSummaries(keys.map(({ scope, level, startMs }) => ({ scope, level, startMs })));
  const index = (summary: SummaryKey): number =>
    keys.findIndex(
      ({ scope, level, startMs }) => scope === summary.scope && level === summary.level && startMs === summary.startMs,
    );
  return found.toSorted((a, b) => index(a) - index(b)).map((summary) => ({ ...summary, bytes: hex(summary.bytes) }));
}

function save(store: Store, change: Partial<TermsChange>): Promise<boolean> {
  const { puts = [], setMarks = [], clearMarks = [], cursors = [] } = change;
  const marks = (list: TermsChange["setMarks"]) =>
    list.map(({ scope, level, startMs, stamp }) => ({ scope, level, startMs, stamp }));
  return store.saveTerms({ puts, setMarks: marks(setMarks), clearMarks: marks(clearMarks), cursors });
}

async function count(store: Store, ref: ShardRef, fromTicket: number, toTicket: number): Promise<void> {
  assert.ok(await save(store, { cursors: [{ ref, fromTicket, toTicket }] }));
}

function byShard<T extends { ref: ShardRef }>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => a.ref.shard - b.ref.shard);
}

/** All steps of forgetting at a time; they must come to an end. */
async function expireAll(store: Store, nowMs: number): Promise<void> {
  for (let steps = 0; await store.expire(nowMs); steps++) assert.ok(steps < 1_000, "expiry does not finish");
}

function at(ticket: number, index = 0): Position {
  return { ticket, index, sequence: ticket * 10 + index };
}

function topicCursor(topic: string, incarnation: number, positions: Record<number, Position>) {
  const byNumber = Object.entries(positions).map(([key, position]) => [Number(key), position] as const);
  return { topicHash: hash32(topic), incarnation, positions: new Map(byNumber) };
}

function cursorAt(generation: number, positions: Record<number, Position>): Cursor {
  return { generation, topics: [topicCursor("a", 1, positions)] };
}

/** Topics in the order that merging gives. */
function sorted({ generation, topics }: Cursor): Cursor {
  return { generation, topics: topics.toSorted((a, b) => a.topicHash - b.topicHash) };
}

/** Asserts that it fails with this code, and gives the error. */
async function rejects(
  promise: Promise<unknown>,
  code: ErrorCode,
): Promise<{ details: { retryAfterSeconds?: number } }> {
  let caught: { code?: string; details: object } | undefined;
  await assert.rejects(promise, (error: { code?: string; details: object }) => {
    caught = error;
    assert.equal(error.code, code);
    return true;
  });
  return caught!;
}

/** What the promise gives, which must be within two seconds. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = delay(2_000, undefined, { signal: abort.signal }).then(() => assert.fail("it did not end in time"));
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    abort.abort();
  }
}

async function assertPending(promise: Promise<unknown>): Promise<void> {
  const pending = Symbol("pending");
  assert.equal(await Promise.race([promise, delay(30, pending)]), pending, "it ended too early");
}
