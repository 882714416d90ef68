import type { Clock } from "#core/clock.ts";
import type { ServiceSettings } from "#core/settings.ts";
import type { Store } from "#core/store.ts";
import type { Context } from "#functions/context.ts";
import { createEventFunctions } from "./event-functions.ts";
import { createHttpHandler } from "./http.ts";
import { createInvoke } from "./invocations.ts";
import { createContext, randomIds, systemClock } from "./node-context.ts";
import { createProcessDeployment, type FunctionMeasures, noMeasures } from "./process-deployment.ts";

/** What the functions work with where one process runs them all, so that each can be tried in it. */
export function createProcessContext(
  store: Store,
  settings: ServiceSettings,
  measure: FunctionMeasures = noMeasures,
  clock: Clock = systemClock,
): Context {
  const functionOf = createEventFunctions(
    (request) => createHttpHandler(context)(request),
    () => context,
  );
  const deployment = createProcessDeployment(measure, createInvoke(functionOf));
  const context: Context = createContext(store, settings, clock, randomIds, deployment);
  return context;
}
