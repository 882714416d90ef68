import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Worker } from "node:worker_threads";
import { type Logger, pino } from "pino";
import { type EmbeddedStore, openEmbeddedStore } from "#stores/embedded/store.ts";
import { createHttpHandler } from "../http.ts";
import type { HttpHandler } from "../http-types.ts";
import { createContext } from "../node-context.ts";
import type { BackgroundReport } from "./background.main.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createLocalServer } from "./server.ts";
import { type LocalSettings, readSettings, type SettingName } from "./settings.ts";

/** A running service. `close` ends it in order: what is in flight is answered, streams end with their cursor. */
export interface LocalService {
  readonly url: string;
  readonly settings: LocalSettings;
  close(): Promise<void>;
}

/** Starts the whole service over a data folder behind `node:http`. Rejects with what stands against it: a setting, the port, the folder. */
export async function startLocalService(
  flags: Partial<Record<SettingName, string>> = {},
  environment: NodeJS.ProcessEnv = process.env,
): Promise<LocalService> {
  const settings = readSettings(flags, environment);
  const log = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }));
  const metrics = createMetrics();
  const core = await startCore(settings, metrics, log);
  const { server, close } = createLocalServer(core.handler, settings, metrics, (error, operation) =>
    log.error({ err: error, operation }, "unexpected fault"),
  );
  try {
    server.listen(settings.port, settings.host);
    await once(server, "listening");
  } catch (error) {
    await core.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const name = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${name}:${port}`,
    settings,
    async close() {
      await close();
      await core.close();
    },
  };
}

/** The service without a socket: store, functions and the background thread. */
export async function startCore(
  settings: LocalSettings,
  metrics: Metrics,
  log: Logger,
): Promise<{ handler: HttpHandler; close(): Promise<void> }> {
  const store = await openEmbeddedStore(settings.dataDir);
  const background = startBackgroundThread(store, settings, metrics, log);
  return {
    handler: createHttpHandler(createContext(store, settings)),
    async close() {
      await background.stop();
      await store.close();
    },
  };
}

function startBackgroundThread(
  store: EmbeddedStore,
  settings: LocalSettings,
  metrics: Metrics,
  log: Logger,
): { stop(): Promise<void> } {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const port = store.connect();
  const worker = new Worker(new URL(`./background.main.${extension}`, import.meta.url), {
    workerData: { folder: settings.dataDir, port, settings },
    transferList: [port],
    execArgv: [],
  });
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  worker.on("error", (error) =>
    log.fatal({ err: error }, "the background thread failed; terms are not counted until a restart"),
  );
  worker.on("message", (report: BackgroundReport) => {
    if ("counted" in report) metrics.counted(...report.counted);
    else log.error({ work: report.failed, error: report.error }, "background work failed; it goes on");
  });
  return {
    async stop() {
      worker.postMessage("stop");
      await exited;
    },
  };
}
