import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import type { BackgroundReports } from "../background.ts";
import { startCore } from "../core.main.ts";
import { createMetrics } from "./metrics.ts";
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
  const reports: BackgroundReports = {
    counted: metrics.counted,
    worked: metrics.worked,
    failed(work, error) {
      metrics.workFailed(work);
      log.error({ err: error, work }, "background work failed");
    },
  };
  const core = await startCore(settings.dataDir, settings, reports, metrics.measure);
  metrics.watch(core.traffic);
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
