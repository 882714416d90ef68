import type { ServiceSettings } from "#core/settings.ts";
import { openEmbeddedStore } from "#stores/embedded/store.ts";
import { allAnswers } from "./answers.ts";
import type { BackgroundReports } from "./background.ts";
import { startBackgroundWorker, type ThreadData } from "./background-worker.ts";
import { type Admission, createHttpHandler } from "./http.ts";
import type { HttpHandler } from "./http-types.ts";
import { createContext } from "./node-context.ts";

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
  admit?: Admission,
): Promise<ServiceCore> {
  const store = await openEmbeddedStore(dataDir);
  const threadData = (): ThreadData => {
    const port = store.connect();
    return { workerData: { folder: dataDir, port, settings }, transferList: [port] };
  };
  const background = startBackgroundWorker("background-thread", threadData, reports);
  return {
    handler: createHttpHandler(createContext(store, settings), allAnswers, admit),
    async close() {
      await background.stop();
      await store.close();
    },
  };
}
