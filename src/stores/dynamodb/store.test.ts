import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Store } from "#core/store.ts";
import { storeConformance } from "#stores/conformance/suite.ts";
import { startEngine } from "./fake-engine.ts";
import { Recorder } from "./fake-recorder.ts";
import { openDynamoDbStore } from "./store.ts";
import { verbNeeds } from "./verb-needs.ts";

const engine = await startEngine();
after(() => engine.close());

/** The time that the suite's messages are published at: to a clock of today they would all be months old. */
const clock = { nowMs: () => Date.UTC(2026, 0, 1) };

const recorder = new Recorder();
const prefixes = new WeakMap<Store, string>();
let stores = 0;

async function open(tablePrefix = `test-${process.pid}-${Date.now()}-${stores++}-`): Promise<Store> {
  const client = recorder.client(engine.client(), tablePrefix);
  const store = recorder.store(await openDynamoDbStore({ client, tablePrefix, createTables: true, clock }));
  prefixes.set(store, tablePrefix);
  return store;
}

if (engine.missing) test("store dynamodb", { skip: engine.missing });
else
  storeConformance("dynamodb", {
    open,
    async reopen(store) {
      await store.close();
      return open(prefixes.get(store));
    },
  });

/** What a suite without faults, large summaries and hours of silence does not come to. */
const seldom = new Set([
  "append Topics PutItem", // a shard that slept is woken
  "append Publishers UpdateItem", // a call's record moves to another ticket
  "readEntries Messages PutItem", // a gap is filled
  "findEntry Messages PutItem",
  "getSummaries WordCount GetItem", // a summary was replaced between its item and its pieces
  "saveTerms WordCount BatchWriteItem", // pieces of a summary go
  "saveTerms WordCount Query",
]);

test("each verb does to the tables what it is said to need, and nothing else", { skip: engine.missing }, () => {
  const said = Object.entries(verbNeeds).flatMap(([verb, tables]) =>
    Object.entries(tables).flatMap(([table, actions]) => actions.map((action) => `${verb} ${table} ${action}`)),
  );
  assert.deepEqual(
    [...recorder.seen].filter((each) => !said.includes(each)),
    [],
    "done and not said",
  );
  assert.deepEqual(
    said.filter((each) => !recorder.seen.has(each) && !seldom.has(each)),
    [],
    "said and not done",
  );
});
