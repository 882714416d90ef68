import type { ServiceSettings } from "#core/settings.ts";
import type { Traffic } from "#core/traffic.ts";
import { openEmbeddedStore } from "#stores/embedded/store.ts";
import { allAnswers } from "./answers.ts";
import type { BackgroundReports } from "./background.ts";
import { startBackgroundWorker, type ThreadData } from "./background-worker.ts";
import { type Admission, createHttpHandler } from "./http.ts";
import type { HttpHandler } from "./http-types.ts";
import { createProcessContext } from "./process-context.ts";
import { type FunctionMeasures, noMeasures } from "./process-deployment.ts";

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
  admit?: Admission,
): Promise<ServiceCore> {
  const store = await openEmbeddedStore(dataDir);
  const threadData = (): ThreadData => {
    const port = store.connect();
    return { workerData: { folder: dataDir, port, settings }, transferList: [port] };
  };
  const background = startBackgroundWorker("background-thread", threadData, reports);
  const context = createProcessContext(store, settings, measure);
  return {
    handler: createHttpHandler(context, allAnswers, admit),
    traffic: context.traffic,
    async close() {
      await background.stop();
      await store.close();
    },
  };
}
