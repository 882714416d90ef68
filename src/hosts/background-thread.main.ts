import { constants, setPriority } from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ServiceSettings } from "#core/settings.ts";
import { attachEmbeddedStore } from "#stores/embedded/store.ts";
import { startBackground } from "./background.ts";
import { reportsTo } from "./background-worker.ts";
import { createContext } from "./node-context.ts";

/** The thread that counts, rolls up and expires, so that cutting words never stops the event loop that serves. */
const { folder, port, settings } = workerData as { folder: string; port: MessagePort; settings: ServiceSettings };
// Topics are read anew at each pass: terms that were turned off must not be counted for a minute more.
const store = attachEmbeddedStore(folder, port, () => background.wake());
const context = createContext(store, { ...settings, registryCacheMs: 0 });
const background = startBackground(context, reportsTo(parentPort!));

// On Linux priority is each thread's own: counting may lie behind for a while, publishing should not wait for it.
if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_LOW);

parentPort!.once("message", async () => {
  await background.stop();
  await store.close();
  parentPort!.close();
});
