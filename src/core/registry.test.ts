import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "./registry.ts";
import type { Store, TopicRecord } from "./store.ts";

const record: TopicRecord = {
  topic: "news",
  incarnation: 1,
  shards: 1,
  retentionSeconds: 60,
  terms: { enabled: true, languages: ["en"], hidden: [] },
};

/** A registry over a store of which each reading is answered by the test, in the order of the readings. */
function heldRegistry(): { registry: Registry; answer(nth: number, found: TopicRecord | undefined): void } {
  const answers: ((found: TopicRecord | undefined) => void)[] = [];
  const getTopic = (): Promise<TopicRecord | undefined> => new Promise((resolve) => answers.push(resolve));
  const registry = new Registry({ getTopic } as unknown as Store, { nowMs: () => 0 }, 60_000);
  return { registry, answer: (nth, found) => answers[nth]!(found) };
}

test("what was read before it was forgotten is given to its reader, and not kept", async () => {
  const { registry, answer } = heldRegistry();
  const early = registry.topic("news");
  registry.forget("topic", "news");
  answer(0, record);
  assert.equal(await early, record);
  const late = registry.topic("news");
  answer(1, undefined);
  assert.equal(await late, undefined);
});

test("of readings at once the one that began last is kept, however they end", async () => {
  const { registry, answer } = heldRegistry();
  const changed = { ...record, retentionSeconds: 120 };
  const early = registry.topic("news");
  const late = registry.topic("news");
  answer(1, changed);
  assert.equal(await late, changed);
  answer(0, record);
  assert.equal(await early, record);
  assert.equal(await registry.topic("news"), changed);
});
