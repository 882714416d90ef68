import { Worker } from "node:worker_threads";
import type { ServiceSettings } from "#core/settings.ts";
import type { Traffic } from "#core/traffic.ts";
import type { Context } from "#functions/context.ts";
import { type EmbeddedStore, openEmbeddedStore } from "#stores/embedded/store.ts";
import type { BackgroundReports } from "./background.ts";
import { createHttpHandler } from "./http.ts";
import type { HttpHandler } from "./http-types.ts";
import { createProcessContext } from "./process-context.ts";
import { type FunctionMeasures, noMeasures } from "./process-deployment.ts";

/** What the background thread tells the one that serves. */
export type BackgroundReport =
  | { readonly counted: readonly [number, number] }
  | { readonly worked: Parameters<BackgroundReports["worked"]> }
  | { readonly failed: Parameters<BackgroundReports["failed"]>[0]; readonly error: string };

/** The whole service without a socket. */
export interface ServiceCore {
  readonly handler: HttpHandler;
  readonly traffic: Traffic;
  close(): Promise<void>;
}

/** Opens a data folder and starts store, functions and the background thread over it. */
export async function startCore(
  dataDir: string,
  settings: ServiceSettings,
  reports: BackgroundReports,
  measure: FunctionMeasures = noMeasures,
): Promise<ServiceCore> {
  const store = await openEmbeddedStore(dataDir);
  const background = startBackgroundThread(store, dataDir, settings, reports);
  const context: Context = createProcessContext(store, settings, measure);
  return {
    handler: createHttpHandler(context),
    traffic: context.traffic,
    async close() {
      await background.stop();
      await store.close();
    },
  };
}

function startBackgroundThread(
  store: EmbeddedStore,
  folder: string,
  settings: ServiceSettings,
  reports: BackgroundReports,
): { stop(): Promise<void> } {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const port = store.connect();
  const worker = new Worker(new URL(`./background-thread.main.${extension}`, import.meta.url), {
    workerData: { folder, port, settings },
    transferList: [port],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  worker.on("error", (error) => reports.failed("countTerms", error));
  worker.on("message", (report: BackgroundReport) => {
    if ("counted" in report) reports.counted(...report.counted);
    else if ("worked" in report) reports.worked(...report.worked);
    else reports.failed(report.failed, new Error(report.error));
  });
  return {
    async stop() {
      worker.postMessage("stop");
      await exited;
    },
  };
}
