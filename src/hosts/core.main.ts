import { setTimeout as delay } from "node:timers/promises";
import { type MessagePort, Worker } from "node:worker_threads";
import type { ServiceSettings } from "#core/settings.ts";
import { type EmbeddedStore, openEmbeddedStore } from "#stores/embedded/store.ts";
import type { BackgroundReports } from "./background.ts";
import { createHttpHandler } from "./http.ts";
import type { HttpHandler } from "./http-types.ts";
import { createContext } from "./node-context.ts";

/** What the background thread tells the one that serves. */
export type BackgroundReport =
  | { readonly counted: readonly [number, number] }
  | { readonly failed: Parameters<BackgroundReports["failed"]>[0]; readonly error: string };

/** The whole service without a socket. */
export interface ServiceCore {
  readonly handler: HttpHandler;
  close(): Promise<void>;
}

/** Opens a data folder and starts store, functions and the background thread over it. */
export async function startCore(
  dataDir: string,
  settings: ServiceSettings,
  reports: BackgroundReports,
): Promise<ServiceCore> {
  const store = await openEmbeddedStore(dataDir);
  const background = startBackgroundThread(store, dataDir, settings, reports);
  return {
    handler: createHttpHandler(createContext(store, settings)),
    async close() {
      await background.stop();
      await store.close();
    },
  };
}

/** A background thread that ended by itself is started anew after so long. */
const restartMs = 1_000;

/**
 * Runs the background thread until `stop`. One that ends by itself (it found no file descriptor left for its modules, or no
 * memory) is reported and started anew: nothing is lost by that, and without it nothing would be counted or expire.
 */
function startBackgroundThread(
  store: EmbeddedStore,
  folder: string,
  settings: ServiceSettings,
  reports: BackgroundReports,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      await runBackgroundThread(store.connect(), { folder, settings }, reports, stopping.signal).catch((error) =>
        reports.failed("thread", error),
      );
      await delay(restartMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Resolves when the thread has ended, by itself or as it was told to. */
async function runBackgroundThread(
  port: MessagePort,
  data: { readonly folder: string; readonly settings: ServiceSettings },
  reports: BackgroundReports,
  stopping: AbortSignal,
): Promise<void> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./background-thread.main.${extension}`, import.meta.url), {
    workerData: { ...data, port },
    transferList: [port],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  worker.on("error", (error) => reports.failed("thread", error));
  worker.on("message", (report: BackgroundReport) => {
    if ("counted" in report) reports.counted(...report.counted);
    else reports.failed(report.failed, new Error(report.error));
  });
  const stop = (): void => worker.postMessage("stop");
  stopping.addEventListener("abort", stop);
  await new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  stopping.removeEventListener("abort", stop);
}
