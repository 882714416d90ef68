import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { type MessagePort, type Transferable, Worker } from "node:worker_threads";
import type { BackgroundReports } from "./background.ts";

/** What a background thread tells the one that serves; an error with its stack and causes. */
type BackgroundReport =
  | { readonly counted: readonly [number, number] }
  | { readonly worked: Parameters<BackgroundReports["worked"]> }
  | { readonly failed: Parameters<BackgroundReports["failed"]>[0]; readonly error: string };

/** What a thread is started with, made anew for each start. */
export interface ThreadData {
  readonly workerData: object;
  readonly transferList?: readonly Transferable[];
}

/** A thread that ended by itself is started anew after so long. */
const restartMs = 1_000;

/**
 * Runs a thread for the work behind the calls, so that cutting words never stops the event loop. `name` is that of its
 * file, `<name>.main`; `wake` tells it of news, `stop` resolves when it has ended. One that ends by itself (it found no
 * file descriptor left for its modules, or no memory) is reported and started anew: nothing is lost by that, and without
 * it nothing would be counted or expire.
 */
export function startBackgroundWorker(
  name: string,
  dataOf: () => ThreadData,
  reports: BackgroundReports,
): { wake(): void; stop(): Promise<void> } {
  const stopping = new AbortController();
  let worker: Worker | undefined;
  const run = async (): Promise<void> => {
    worker = startWorker(name, dataOf(), reports);
    await new Promise<void>((resolve) => worker!.once("exit", () => resolve()));
    worker = undefined;
  };
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      await run().catch((error) => reports.failed("thread", error));
      await delay(restartMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    wake: () => worker?.postMessage("news"),
    async stop() {
      stopping.abort();
      worker?.postMessage("stop");
      await ended;
    },
  };
}

function startWorker(name: string, { workerData, transferList = [] }: ThreadData, reports: BackgroundReports): Worker {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./${name}.main.${extension}`, import.meta.url), {
    workerData,
    transferList: [...transferList],
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  worker.on("error", (error) => reports.failed("thread", error));
  worker.on("message", (report: BackgroundReport) => {
    if ("counted" in report) reports.counted(...report.counted);
    else if ("worked" in report) reports.worked(...report.worked);
    else reports.failed(report.failed, new Error(report.error));
  });
  return worker;
}

/** In the thread: what it reports, sent to the one that serves. */
export function reportsTo(port: MessagePort): BackgroundReports {
  const report = (each: BackgroundReport): void => port.postMessage(each);
  return {
    counted: (messages, uncuttable) => report({ counted: [messages, uncuttable] }),
    worked: (work, seconds) => report({ worked: [work, seconds] }),
    failed: (work, error) => report({ failed: work, error: inspect(error) }),
  };
}
