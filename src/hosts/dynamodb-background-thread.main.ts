import { parentPort, workerData } from "node:worker_threads";
import { createDynamoDbStore } from "#stores/dynamodb/store.ts";
import { TableMeter } from "#stores/dynamodb/table-meter.ts";
import { sparingPace, startBackground } from "./background.ts";
import { reportsTo } from "./background-worker.ts";
import type { DynamoDbBackground } from "./dynamodb-core.main.ts";
import { createContext } from "./node-context.ts";

/** The thread that counts, rolls up and expires over DynamoDB. Told of what this process wrote; the rest it sees in sweeps. */
const { options, settings, meterMemory } = workerData as DynamoDbBackground;
// Topics are read anew at each pass: terms that were turned off must not be counted for a minute more.
const store = createDynamoDbStore({ ...options, meter: new TableMeter(meterMemory) });
const context = createContext(store, { ...settings, registryCacheMs: 0 });
const background = startBackground(context, reportsTo(parentPort!), sparingPace);

parentPort!.on("message", async (message: "news" | "stop") => {
  if (message === "news") return background.wake();
  await background.stop();
  await store.close();
  parentPort!.close();
});
