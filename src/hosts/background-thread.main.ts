import { constants, setPriority } from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ServiceSettings } from "#core/settings.ts";
import { attachEmbeddedStore } from "#stores/embedded/store.ts";
import { startBackground } from "./background.ts";
import type { BackgroundReport } from "./core.main.ts";
import { createContext } from "./node-context.ts";

/** The thread that counts, rolls up and expires, so that cutting words never stops the event loop that serves. */
const { folder, port, settings } = workerData as { folder: string; port: MessagePort; settings: ServiceSettings };
const report = (each: BackgroundReport): void => parentPort!.postMessage(each);
// Topics are read anew at each pass: terms that were turned off must not be counted for a minute more.
const store = attachEmbeddedStore(folder, port, () => background.wake());
const background = startBackground(createContext(store, { ...settings, registryCacheMs: 0 }), {
  counted: (messages, uncuttable) => report({ counted: [messages, uncuttable] }),
  worked: (work, seconds) => report({ worked: [work, seconds] }),
  failed: (work, error) =>
    report({ failed: work, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
});

// On Linux priority is each thread's own: counting may lie behind for a while, publishing should not wait for it.
if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_LOW);

parentPort!.once("message", async () => {
  await background.stop();
  await store.close();
  parentPort!.close();
});
