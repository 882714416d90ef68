import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "./check.ts";
import { append, assertLog, createTopic, logOfTen, part, plain, readAll, shard, t0, ticketsFrom } from "./fixtures.ts";

export function readingTests(check: Check): void {
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
