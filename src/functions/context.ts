import type { AppendsUnderWay } from "#core/appends.ts";
import type { Clock } from "#core/clock.ts";
import type { Deployment } from "#core/deployment.ts";
import type { Ids } from "#core/ids.ts";
import type { Registry } from "#core/registry.ts";
import type { ServiceSettings } from "#core/settings.ts";
import type { Store } from "#core/store.ts";
import type { Traffic } from "#core/traffic.ts";
import type { Kept } from "./kept.ts";

/** What every function works with. Built once by a composition root and passed down. */
export interface Context {
  readonly store: Store;
  readonly registry: Registry;
  readonly appends: AppendsUnderWay;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: ServiceSettings;
  readonly kept: Kept;
  readonly traffic: Traffic;
  readonly deployment: Deployment;
}
