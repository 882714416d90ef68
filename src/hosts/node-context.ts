import { randomBytes, randomInt } from "node:crypto";
import { AppendsUnderWay } from "#core/appends.ts";
import type { Clock } from "#core/clock.ts";
import { type Deployment, unknownDeployment } from "#core/deployment.ts";
import type { Ids } from "#core/ids.ts";
import { Registry } from "#core/registry.ts";
import type { ServiceSettings } from "#core/settings.ts";
import type { Store } from "#core/store.ts";
import { Traffic } from "#core/traffic.ts";
import type { Context } from "#functions/context.ts";
import { Kept } from "#functions/kept.ts";

/** The clock of this machine. */
export const systemClock: Clock = { nowMs: () => Date.now() };

const idAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Ids and secrets from the system's random source. */
export const randomIds: Ids = {
  id: () => Array.from({ length: 16 }, () => idAlphabet[randomInt(idAlphabet.length)]).join(""),
  secret: () => randomBytes(32).toString("base64url"),
  integer: (below) => randomInt(below),
};

/** What the functions work with, over a store, on this machine's clock. */
export function createContext(
  store: Store,
  settings: ServiceSettings,
  clock: Clock = systemClock,
  ids: Ids = randomIds,
  deployment: Deployment = unknownDeployment,
): Context {
  const registry = new Registry(store, clock, settings.registryCacheMs);
  const traffic = new Traffic(clock.nowMs());
  return {
    store,
    registry,
    appends: new AppendsUnderWay(),
    clock,
    ids,
    settings,
    kept: new Kept(),
    traffic,
    deployment,
  };
}
