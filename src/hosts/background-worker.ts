import { type Transferable, Worker } from "node:worker_threads";
import type { BackgroundReports } from "./background.ts";

/** What a background thread tells the one that serves. */
export type BackgroundReport =
  | { readonly counted: readonly [number, number] }
  | { readonly failed: Parameters<BackgroundReports["failed"]>[0]; readonly error: string };

/**
 * Starts a thread for the work behind the calls, so that cutting words never stops the event loop. `name` is that of its
 * file, `<name>.main`; `wake` tells it of news, `stop` resolves when it has ended.
 */
export function startBackgroundWorker(
  name: string,
  workerData: object,
  reports: BackgroundReports,
  transferList: readonly Transferable[] = [],
): { wake(): void; stop(): Promise<void> } {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./${name}.main.${extension}`, import.meta.url), {
    workerData,
    transferList: [...transferList],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  worker.on("error", (error) => reports.failed("countTerms", error));
  worker.on("message", (report: BackgroundReport) => {
    if ("counted" in report) reports.counted(...report.counted);
    else reports.failed(report.failed, new Error(report.error));
  });
  return {
    wake: () => worker.postMessage("news"),
    async stop() {
      worker.postMessage("stop");
      await exited;
    },
  };
}
