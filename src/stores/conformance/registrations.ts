import assert from "node:assert/strict";
import type { Check } from "./check.ts";
import { publisherRecord, rejects, subscriberRecord, t0, tokenRecord } from "./fixtures.ts";

export function registrationTests(check: Check): void {
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
