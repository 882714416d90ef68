import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { draftOf, encodePart } from "#core/entry.ts";
import { readOn } from "#core/reader.ts";
import { defaultServiceSettings } from "#core/settings.ts";
import type { TopicRecord } from "#core/store.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import { createContext } from "#hosts/node-context.ts";
import { startEngine } from "./fake-engine.ts";
import { type DynamoDbStore, openDynamoDbStore } from "./store.ts";

/*
 * What the store's verbs cost, in DynamoDB's units as the engine reports them: a write unit is 1 KB, a read unit 4 KB (8
 * where it may be old). The figures are those of `docs/decisions/0014-dynamodb-store.md`, printed as they are measured.
 */

const engine = await startEngine();
after(() => engine.close());

const t0 = Date.UTC(2026, 0, 1);
const topic: TopicRecord = {
  topic: "news",
  incarnation: t0,
  shards: 1,
  retentionSeconds: 604_800,
  terms: { enabled: true, languages: ["en"], hidden: [] },
};
let stores = 0;

async function withStore(body: (store: DynamoDbStore) => Promise<void>): Promise<void> {
  const tablePrefix = `units-${process.pid}-${Date.now()}-${stores++}-`;
  const clock = { nowMs: () => t0 };
  const store = await openDynamoDbStore({ client: engine.client(), tablePrefix, createTables: true, clock });
  try {
    await store.createTopic(topic, 10);
    store.consumption.reset();
    await body(store);
  } finally {
    await store.close();
  }
}

/** A message whose tail has so many random characters. */
function messageOf(bytes: number): ReturnType<typeof draftOf> {
  const text = randomBytes(bytes)
    .toString("base64")
    .slice(0, bytes - 10);
  return draftOf(`"body":"${text}"}`);
}

function append(store: DynamoDbStore, drafts: readonly ReturnType<typeof draftOf>[], key?: string) {
  return store.append({
    topic: "news",
    incarnation: t0,
    nowMs: t0,
    parts: [{ shard: 0, count: drafts.length, payload: encodePart("0123456789abcdef", drafts) }],
    ...(key !== undefined && { idempotency: { recordKey: key, fingerprint: "f".repeat(64), expiresAtMs: t0 + 1e8 } }),
  });
}

test("a small message costs 2 write units, 3 with an Idempotency-Key", { skip: engine.missing }, async (t) => {
  await withStore(async (store) => {
    for (let i = 0; i < 10; i++) await append(store, [draftOf('"body":"hello"}')]);
    t.diagnostic(`single: ${store.consumption.total.writeUnits / 10} write units`);
    assert.ok(store.consumption.total.writeUnits / 10 <= 2);

    store.consumption.reset();
    for (let i = 0; i < 10; i++) await append(store, [draftOf('"body":"hello"}')], `${"k".repeat(60)}${i}`);
    t.diagnostic(
      `with a key: ${store.consumption.total.writeUnits / 10} write, ${store.consumption.total.readUnits / 10} read units`,
    );
    assert.ok(store.consumption.total.writeUnits / 10 <= 3);
  });
});

test("a batch of 100 messages of 200 bytes costs at most 22 write units", { skip: engine.missing }, async (t) => {
  await withStore(async (store) => {
    // As `encodePart` makes it, of bytes that no compression makes fewer.
    const payload = randomBytes(24 + 100 * (8 + 200));
    await store.append({ topic: "news", incarnation: t0, nowMs: t0, parts: [{ shard: 0, count: 100, payload }] });
    t.diagnostic(`batch of 100 x 200 bytes: ${store.consumption.total.writeUnits} write units`);
    assert.ok(store.consumption.total.writeUnits <= 22);

    store.consumption.reset();
    await append(
      store,
      Array.from({ length: 100 }, () => messageOf(210)),
    );
    t.diagnostic(`batch of 100 texts of 200 random characters: ${store.consumption.total.writeUnits} write units`);
    assert.ok(store.consumption.total.writeUnits <= 22);
  });
});

test("a poll of 100 messages of 200 bytes costs at most 8 read units, an idle one half a unit for each shard", {
  skip: engine.missing,
}, async (t) => {
  await withStore(async (store) => {
    for (let i = 0; i < 200; i++) await append(store, [messageOf(200)]);
    let { cursor } = await readOn(store, [topic], { generation: 0, topics: [] }, 1, t0);
    store.consumption.reset();
    const step = await readOn(store, [topic], cursor, 100, t0);
    assert.equal(step.deliveries.length, 100);
    t.diagnostic(`poll of 100 single messages: ${store.consumption.total.readUnits} read units`);
    assert.ok(store.consumption.total.readUnits <= 8);

    for (let isMore = true; isMore; ) {
      const { cursor: next, more } = await readOn(store, [topic], cursor, 100, t0);
      cursor = next;
      isMore = more;
    }
    store.consumption.reset();
    await readOn(store, [topic], cursor, 100, t0);
    t.diagnostic(`idle poll: ${store.consumption.total.readUnits} read units`);
    assert.ok(store.consumption.total.readUnits <= 0.5);
  });
});

test("calls that arrive together share tickets and entries", { skip: engine.missing }, async (t) => {
  await withStore(async (store) => {
    await Promise.all(Array.from({ length: 500 }, () => append(store, [draftOf('"body":"hello"}')])));
    t.diagnostic(`500 singles at once: ${store.consumption.total.writeUnits} write units`);
    assert.ok(store.consumption.total.writeUnits <= 60);
  });
});

test("terms cost at most 0.1 write units a message at 1,000 messages a second", { skip: engine.missing }, async (t) => {
  await withStore(async (store) => {
    const settings = { ...defaultServiceSettings, registryCacheMs: 0 };
    let nowMs = t0;
    const counting = new TermCounting(createContext(store, settings, { nowMs: () => nowMs }));
    const words = Array.from({ length: 20_000 }, (_, i) => `word${i.toString(36)}`);
    for (let second = 0; second < 10; second++) {
      nowMs = t0 + second * 1_000;
      const drafts = Array.from({ length: 1_000 }, () => {
        const text = Array.from({ length: 12 }, () => words[Math.floor(words.length * Math.random() ** 4)]).join(" ");
        return draftOf(`"body":"${text}"}`);
      });
      const payload = encodePart("p", drafts);
      await store.append({ topic: "news", incarnation: t0, nowMs, parts: [{ shard: 0, count: 1_000, payload }] });
      // Every two seconds, as `sparingPace` has it.
      if (second % 2 === 1) await counting.countTerms();
    }
    const { saveTerms } = Object.fromEntries(store.consumption.byVerb);
    t.diagnostic(`terms: ${saveTerms!.writeUnits / 10_000} write units a message`);
    assert.ok(saveTerms!.writeUnits / 10_000 <= 0.1);
  });
});

test("a sweep of an idle node costs some read units, and one for each shard with news within the hour", {
  skip: engine.missing,
}, async (t) => {
  await withStore(async (store) => {
    const context = createContext(store, { ...defaultServiceSettings, registryCacheMs: 0 }, { nowMs: () => t0 });
    const counting = new TermCounting(context);
    const sweep = async (): Promise<number> => {
      store.consumption.reset();
      await counting.countTerms();
      await rollUpTerms(context);
      assert.equal(store.consumption.total.writeUnits, 0);
      return store.consumption.total.readUnits;
    };
    const one = await sweep();
    await store.createTopic({ ...topic, topic: "more", shards: 10 }, 10);
    const eleven = await sweep();
    t.diagnostic(`idle sweep: ${one - 1} read units and ${(eleven - one) / 10} for each shard`);
    assert.ok(one <= 12 && eleven - one <= 10);
  });
});
