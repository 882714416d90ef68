import { after, test } from "node:test";
import type { Store } from "#core/store.ts";
import { storeConformance } from "#stores/conformance.ts";
import { startEngine } from "./fake-engine.ts";
import { openDynamoDbStore } from "./store.ts";

const engine = await startEngine();
after(() => engine.close());

/** The time that the suite's messages are published at: to a clock of today they would all be months old. */
const clock = { nowMs: () => Date.UTC(2026, 0, 1) };

const prefixes = new WeakMap<Store, string>();
let stores = 0;

async function open(tablePrefix = `test-${process.pid}-${Date.now()}-${stores++}-`): Promise<Store> {
  const store = await openDynamoDbStore({ client: engine.client(), tablePrefix, createTables: true, clock });
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
