import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import type { AuditEntry } from "../audit.ts";
import type { BackgroundReports } from "../background.ts";
import { type ServiceCore, startCore } from "../core.main.ts";
import type { Admission } from "../http.ts";
import type { FunctionMeasures } from "../process-deployment.ts";
import { FairUse } from "./fair-use.ts";
import { createMetrics } from "./metrics.ts";
import { createLocalServer } from "./server.ts";
import { type LocalSettings, readSettings, SettingError, type SettingName } from "./settings.ts";

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
  // Of its own level, so that a quiet log still says who changed what.
  const isAudited = settings.auditLog && settings.logLevel !== "silent";
  const auditLog = log.child({}, { level: isAudited ? "info" : "silent" });
  const metrics = createMetrics();
  const fairUse = new FairUse(settings);
  const reports: BackgroundReports = {
    counted: metrics.counted,
    worked: metrics.worked,
    failed(work, error) {
      if (work !== "thread") metrics.workFailed(work);
      log.error({ err: error, work }, "background work failed");
    },
  };
  const core = await startCoreOf(settings, environment, reports, metrics.measure, fairUse.publisher);
  metrics.watch(core.traffic);
  const logFault = (error: unknown, operation: string): void =>
    log.error({ err: error, operation }, "unexpected fault");
  const audit = (entry: AuditEntry): void => auditLog.info(entry, "audit");
  const { server, close } = createLocalServer(core.handler, settings, metrics, logFault, { fairUse, audit });
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

/** The core over the store that is set. What knows AWS is loaded only for DynamoDB. */
async function startCoreOf(
  settings: LocalSettings,
  environment: NodeJS.ProcessEnv,
  reports: BackgroundReports,
  measure: FunctionMeasures,
  admit: Admission,
): Promise<ServiceCore> {
  if (settings.store === "embedded") return startCore(settings.dataDir, settings, reports, measure, admit);
  const { startDynamoDbCore } = await import("../dynamodb-core.main.ts").catch((error) => {
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new SettingError(
      "STORE is dynamodb, and the package @aws-sdk/client-dynamodb is not installed. Install it beside bellwether.",
    );
  });
  return startDynamoDbCore(settings, environment, reports, measure, admit);
}
