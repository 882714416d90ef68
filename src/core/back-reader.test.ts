import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createMemoryStore } from "#stores/memory/store.ts";
import { readBack } from "./back-reader.ts";
import { encodePart } from "./entry.ts";
import { parseMessages } from "./messages.ts";
import { endOf, readOn } from "./reader.ts";
import type { Store, TopicRecord } from "./store.ts";

const topicOf = (shards: number, retentionSeconds = 0): TopicRecord => ({
  topic: "t",
  incarnation: 1_000,
  shards,
  retentionSeconds,
  terms: { enabled: true, languages: [], hidden: [] },
});

interface Append {
  readonly shard: number;
  readonly pauseMs: number;
  /** Lifetimes in seconds; 0: for ever. */
  readonly lifetimes: readonly number[];
}

async function storeWith(topic: TopicRecord, appends: readonly Append[]): Promise<{ store: Store; endMs: number }> {
  const store = createMemoryStore();
  await store.createTopic(topic, 1);
  let nowMs = 1_000;
  for (const { shard, pauseMs, lifetimes } of appends) {
    nowMs += pauseMs;
    const messages = lifetimes.map((ttlSeconds, i) => ({ body: i, ...(ttlSeconds > 0 && { ttlSeconds }) }));
    const bytes = Buffer.from(JSON.stringify({ messages }));
    const payload = encodePart("me", parseMessages({ mediaType: "application/json", bytes }));
    const parts = [{ shard: shard % topic.shards, count: messages.length, payload }];
    await store.append({ topic: topic.topic, incarnation: topic.incarnation, parts, nowMs });
  }
  return { store, endMs: nowMs };
}

const all = { scanMessages: 1e9, scanBytes: 1e9, isWanted: () => true, rest: async () => {} };

interface Told {
  readonly ids: string[];
  readonly times: string[];
  /** As `<shard>-<sequence>`. */
  readonly lost: string[];
}

/** Everything from the end back to the beginning, in pages. */
async function tellBackwards(store: Store, topic: TopicRecord, limit: number, nowMs: number): Promise<Told> {
  const told: Told = { ids: [], times: [], lost: [] };
  let [cursor] = await endOf(store, [topic]);
  for (let more = true; more; ) {
    const step = await readBack(store, topic, cursor!, { ...all, messages: limit }, nowMs);
    const page = step.messages.map((text) => JSON.parse(text));
    told.ids.unshift(...page.map(({ id }) => id));
    told.times.unshift(...page.map(({ publishedAt }) => publishedAt));
    for (const { shard, fromSequence, toSequence } of step.discontinuities)
      for (let n = fromSequence; n <= toSequence; n++) told.lost.push(`${shard}-${n}`);
    cursor = step.cursor;
    more = step.more;
  }
  return told;
}

async function tellForwards(
  store: Store,
  topic: TopicRecord,
  topics: Parameters<typeof readOn>[2]["topics"],
  nowMs: number,
): Promise<Pick<Told, "ids" | "lost">> {
  const told: Pick<Told, "ids" | "lost"> = { ids: [], lost: [] };
  let cursor = { generation: 0, topics };
  for (let more = true; more; ) {
    const step = await readOn(store, [topic], cursor, 1_000, nowMs);
    for (const each of step.deliveries) {
      if ("message" in each) told.ids.push(JSON.parse(each.message).id);
      else {
        const { shard, fromSequence, toSequence } = each.discontinuity;
        for (let n = fromSequence; n <= toSequence; n++) told.lost.push(`${shard}-${n}`);
      }
    }
    ({ more, cursor } = { more: step.more, cursor: { generation: 0, topics: step.cursor.topics } });
  }
  return told;
}

const appends = fc.array(
  fc.record({
    shard: fc.nat(2),
    pauseMs: fc.constantFrom(0, 0, 1, 400_000),
    lifetimes: fc.array(fc.constantFrom(0, 0, 1, 5_000), { minLength: 1, maxLength: 6 }),
  }),
  { maxLength: 40 },
);

test("backwards gives the messages and losses of forwards, each once, in order of time, with any page size", async () => {
  await fc.assert(
    fc.asyncProperty(appends, fc.integer({ min: 1, max: 7 }), fc.boolean(), async (made, limit, isKept) => {
      const topic = topicOf(3, isKept ? 0 : 3_600);
      const { store, endMs } = await storeWith(topic, made);
      const forwards = await tellForwards(store, topic, [], endMs + 2_000);
      const backwards = await tellBackwards(store, topic, limit, endMs + 2_000);
      assert.deepEqual(backwards.ids.toSorted(), forwards.ids.toSorted());
      assert.deepEqual(backwards.lost.toSorted(), forwards.lost.toSorted());
      assert.deepEqual(backwards.times, backwards.times.toSorted());
    }),
    { numRuns: 150 },
  );
});

test("from a page's cursor, forwards begins with that page", async () => {
  const made = Array.from({ length: 30 }, (_, i) => ({ shard: i, pauseMs: 10, lifetimes: [0, 0, 0] }));
  const topic = topicOf(3);
  const { store, endMs } = await storeWith(topic, made);
  const [end] = await endOf(store, [topic]);
  const step = await readBack(store, topic, end!, { ...all, messages: 20 }, endMs);
  const { ids } = await tellForwards(store, topic, [step.cursor], endMs);
  assert.deepEqual(ids.toSorted(), step.messages.map((text) => JSON.parse(text).id).toSorted());
});

test("one step looks at a bounded number of messages, wanted or expired, and the next goes on", async () => {
  const made = Array.from({ length: 50 }, (_, i) => ({ shard: 0, pauseMs: 1, lifetimes: i === 0 ? [0] : [0, 1] }));
  const topic = topicOf(1);
  const { store, endMs } = await storeWith(topic, made);
  let [cursor] = await endOf(store, [topic]);
  const found: string[] = [];
  let steps = 0;
  for (let more = true; more; steps++) {
    const isWanted = (text: string): boolean => JSON.parse(text).sequence === 0;
    const step = await readBack(
      store,
      topic,
      cursor!,
      { ...all, messages: 5, scanMessages: 10, isWanted },
      endMs + 2_000,
    );
    assert.ok(step.scanned <= 10);
    found.push(...step.messages);
    ({ cursor, more } = step);
  }
  assert.equal(found.length, 1);
  assert.ok(steps >= 10);
});
