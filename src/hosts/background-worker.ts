import { inspect } from "node:util";
import { type MessagePort, type Transferable, Worker } from "node:worker_threads";
import type { BackgroundReports } from "./background.ts";

/** What a background thread tells the one that serves; an error with its stack and causes. */
type BackgroundReport =
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

/** In the thread: what it reports, sent to the one that serves. */
export function reportsTo(port: MessagePort): BackgroundReports {
  const report = (each: BackgroundReport): void => port.postMessage(each);
  return {
    counted: (messages, uncuttable) => report({ counted: [messages, uncuttable] }),
    failed: (work, error) => report({ failed: work, error: inspect(error) }),
  };
}
