import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createMemoryStore } from "#stores/memory/store.ts";
import { type Cursor, decodeCursor, encodeCursor } from "./cursor.ts";
import { encodePart } from "./entry.ts";
import { parseMessages } from "./messages.ts";
import { MovingCursor, readOn, startOf } from "./reader.ts";
import type { Store, TopicRecord } from "./store.ts";

const topic: TopicRecord = {
  topic: "t",
  incarnation: 1_000,
  shards: 2,
  retentionSeconds: 0,
  terms: { enabled: true, languages: [], hidden: [] },
};
const ref = { topic: "t", incarnation: 1_000, shard: 0 };
const start: Cursor = { generation: 0, topics: startOf([topic]) };

/** A store with one entry for each list of lifetimes in seconds (0: for ever) in shard 0, written at time 0. */
async function storeWith(entries: readonly (readonly number[])[]): Promise<Store> {
  const store = createMemoryStore();
  await store.createTopic(topic, 1);
  for (const [body, lifetimes] of entries.entries()) {
    const messages = lifetimes.map((ttlSeconds) => ({ body, ...(ttlSeconds > 0 && { ttlSeconds }) }));
    const bytes = Buffer.from(JSON.stringify({ messages }));
    const payload = encodePart("me", parseMessages({ mediaType: "application/json", bytes }));
    await store.append({ ...ref, parts: [{ shard: 0, count: messages.length, payload }], nowMs: 0 });
  }
  return store;
}

/** The same store, telling of each stretch that is read. */
function counting(store: Store, change: Partial<Store> = {}): { store: Store; stretches: () => number } {
  let stretches = 0;
  const counted = new Proxy(store, {
    get(target, name) {
      if (name === "readEntries") stretches += 1;
      const value = change[name as keyof Store] ?? target[name as keyof Store];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { store: counted, stretches: () => stretches };
}

describe("a step of a reader", () => {
  test("ends when the topic is deleted while it reads", async () => {
    const { store } = counting(await storeWith([[0], [0]]), { readEntries: async () => [] });
    const step = await readOn(store, [topic], start, 100, 1);
    assert.deepEqual(step.deliveries, []);
  });

  test("looks through a bounded stretch of what has expired, announces it, and the next goes on", async () => {
    const { store, stretches } = counting(await storeWith(Array.from({ length: 40_000 }, () => [1])));
    let cursor = start;
    const gaps: unknown[] = [];
    for (let step = 0; step < 10; step++) {
      const before = stretches();
      const { deliveries, more, cursor: next } = await readOn(store, [topic], cursor, 1, 10_000);
      assert.ok(stretches() - before <= 20, `${stretches() - before} stretches in one step`);
      gaps.push(...deliveries.map((each) => ("discontinuity" in each ? each.discontinuity : each)));
      cursor = next;
      if (!more) break;
    }
    assert.ok(gaps.length <= 4);
    let sequence = 0;
    for (const gap of gaps as { fromSequence: number; toSequence: number }[]) {
      assert.equal(gap.fromSequence, sequence);
      sequence = gap.toSequence + 1;
    }
    assert.equal(sequence, 40_000);
  });

  test("gives each delivery a cursor from which exactly the rest is read", async () => {
    const lifetimes = [[0, 1, 0], [1], [1, 1], [0], [0, 1], [1]];
    const store = await storeWith(lifetimes);
    const whole = await readOn(store, [topic], start, 1000, 10_000);
    const shape = (deliveries: typeof whole.deliveries): string[] =>
      deliveries.map((each) =>
        "message" in each
          ? JSON.parse(each.message).id
          : `gap ${each.discontinuity.fromSequence}-${each.discontinuity.toSequence}`,
      );
    assert.deepEqual(shape(whole.deliveries), ["0-0", "gap 1-1", "0-2", "gap 3-5", "0-6", "0-7", "gap 8-9"]);
    const cursor = new MovingCursor(start);
    for (const [i, delivery] of whole.deliveries.entries()) {
      const after = decodeCursor(encodeCursor(cursor.pass(delivery)));
      const rest = await readOn(store, [topic], after, 1000, 10_000);
      assert.deepEqual(shape(rest.deliveries), shape(whole.deliveries.slice(i + 1)));
    }
  });

  test("with any limit gives the same in all, page after page", async () => {
    const store = await storeWith([[0, 1, 0], [1], [1, 1], [0], [0, 1, 0], [1], [0]]);
    const expected = ["0-0", "0-2", "0-6", "0-7", "0-9", "0-11"];
    for (const limit of [1, 2, 3, 5, 100]) {
      const ids: string[] = [];
      const lost: number[] = [];
      let cursor = start;
      for (let more = true; more; ) {
        const step = await readOn(store, [topic], cursor, limit, 10_000);
        for (const each of step.deliveries) {
          if ("message" in each) ids.push(JSON.parse(each.message).id);
          else for (let n = each.discontinuity.fromSequence; n <= each.discontinuity.toSequence; n++) lost.push(n);
        }
        cursor = step.cursor;
        more = step.more;
      }
      assert.deepEqual([ids, lost], [expected, [1, 3, 4, 5, 8, 10]], `limit ${limit}`);
    }
  });
});
