import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { LambdaFunctionName } from "#hosts/lambda/grants.main.ts";
import { checkOrigin } from "#hosts/local/origins.ts";
import type { LocalSettings } from "#hosts/local/settings.ts";
import { lambdaFunctionNames } from "../../scripts/lambda/entries.ts";
import type { Backend } from "./backend.ts";
import { FunctionPool, type PoolEvent } from "./function-pool.ts";
import { createGateway, type GatewayOptions } from "./gateway.ts";
import { operationRoutes } from "./routes.ts";

export interface StackOptions {
  readonly settings: LocalSettings;
  readonly backend: Backend;
  /** The folder of the functions' bundles. */
  readonly bundles: string;
  readonly registryCacheSeconds?: number;
  /** How many environments a function may have. */
  readonly concurrencyMax?: number;
  readonly idleMs?: number;
  readonly throttle?: GatewayOptions["throttle"];
  readonly onEvent?: (event: PoolEvent) => void;
  readonly onLog?: (functionName: string, line: string) => void;
}

/** The whole serverless service on this machine. */
export interface LambdaStack {
  readonly url: string;
  readonly functions: Readonly<Record<LambdaFunctionName, FunctionPool>>;
  /** Ends everything, its backend too. */
  close(): Promise<void>;
}

/** Schedules of minutes on AWS; shorter here, so that what they do is seen. */
const scheduleMs = { countTerms: 10_000, rollUpTerms: 5_000 };

/**
 * Starts gateway, functions and what wakes them, as infra draws them: each function is its bundle in processes of its own,
 * and is called by its routes, by news, or by a schedule.
 */
export async function startLambdaStack(options: StackOptions): Promise<LambdaStack> {
  const { settings, backend } = options;
  const functions = Object.fromEntries(lambdaFunctionNames.map((name) => [name, poolOf(name, options)])) as Record<
    LambdaFunctionName,
    FunctionPool
  >;
  const waking = backend.wake(async (event) => (await functions.countTerms.invoke(event)).kind === "response");
  const schedules = Object.entries(scheduleMs).map(([name, ms]) =>
    setInterval(() => void functions[name as keyof typeof scheduleMs].invoke({}), ms),
  );
  const gateway = createGateway({
    routes: operationRoutes((name, event) => functions[name].invoke(event)),
    otherwise: (event) => functions.describeService.invoke(event),
    admit: (host, origin) => checkOrigin(settings, host, origin),
    ...(options.throttle && { throttle: options.throttle }),
  });
  const close = async (): Promise<void> => {
    for (const schedule of schedules) clearInterval(schedule);
    gateway.close();
    gateway.closeAllConnections();
    await Promise.all(Object.values(functions).map((each) => each.close()));
    await backend.close();
    await waking;
  };
  try {
    gateway.listen(settings.port, settings.host);
    await once(gateway, "listening");
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`, functions, close };
}

function poolOf(name: LambdaFunctionName, options: StackOptions): FunctionPool {
  const isBackground = name === "countTerms" || name === "rollUpTerms";
  const { settings, backend, registryCacheSeconds = 60, concurrencyMax = 50, idleMs = 60_000 } = options;
  return new FunctionPool(
    {
      name,
      folder: `${options.bundles}/${name}`,
      environment: { ...variablesOf(settings, registryCacheSeconds), ...backend.environmentOf(name) },
      timeoutMs: isBackground ? 60_000 : 10_000,
      memoryMb: 512,
    },
    { concurrencyMax, idleMs, onEvent: options.onEvent ?? (() => {}), onLog: options.onLog ?? (() => {}) },
  );
}

/** The settings of one machine as variables of the functions. */
function variablesOf(settings: LocalSettings, registryCacheSeconds: number): Record<string, string> {
  return {
    ADMIN_KEY_SHA256: settings.adminKeyHashes.join(),
    ALLOW_OPEN: String(settings.openRegistration),
    PUBLIC_READ: String(settings.publicRead),
    TOPICS_MAX: String(settings.topicsMax),
    PUBLISHERS_MAX: String(settings.publishersMax),
    SUBSCRIBERS_MAX: String(settings.subscribersMax),
    POLL_AFTER_MS: String(settings.pollAfterMs),
    REGISTRY_CACHE_SECONDS: String(registryCacheSeconds),
  };
}
