import { AppendsUnderWay } from "#core/appends.ts";
import type { Clock } from "#core/clock.ts";
import { unknownDeployment } from "#core/deployment.ts";
import type { Ids } from "#core/ids.ts";
import { Registry } from "#core/registry.ts";
import { defaultServiceSettings } from "#core/settings.ts";
import type { Store } from "#core/store.ts";
import { Traffic } from "#core/traffic.ts";
import type { Context } from "./context.ts";
import { Kept } from "./kept.ts";

/** Ids that count up. Processes that are to have different ones share them. */
export function countedIds(): Ids {
  let given = 0;
  return { id: () => `id${given++}`, secret: () => "secret", integer: (below) => given++ % below };
}

/**
 * For tests: what functions work with over a store. Answers about terms are not kept, as a clock that stands would keep
 * them for ever.
 */
export function fakeContext(store: Store, clock: Clock, ids: Ids = countedIds(), registryCacheMs = 0): Context {
  return {
    store,
    registry: new Registry(store, clock, registryCacheMs),
    appends: new AppendsUnderWay(),
    clock,
    ids,
    settings: { ...defaultServiceSettings, termsViewMs: 0 },
    kept: new Kept(),
    traffic: new Traffic(0),
    deployment: unknownDeployment,
  };
}
