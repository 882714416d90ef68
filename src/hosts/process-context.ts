import type { Clock } from "#core/clock.ts";
import type { ServiceSettings } from "#core/settings.ts";
import type { Store } from "#core/store.ts";
import type { Context } from "#functions/context.ts";
import { createInvoke } from "./invocations.ts";
import { createFunctionsInProcess } from "./lambda/functions-in-process.ts";
import { createContext, randomIds, systemClock } from "./node-context.ts";
import { createProcessDeployment, type FunctionMeasures, noMeasures } from "./process-deployment.ts";

/** What the functions work with where one process runs them all, so that each can be tried in it. */
export function createProcessContext(
  store: Store,
  settings: ServiceSettings,
  measure: FunctionMeasures = noMeasures,
  { clock = systemClock, isOnly = true }: { readonly clock?: Clock; readonly isOnly?: boolean } = {},
): Context {
  const functionOf = createFunctionsInProcess(() => context);
  const deployment = createProcessDeployment(measure, createInvoke(functionOf), isOnly);
  const context: Context = createContext(store, settings, clock, randomIds, deployment);
  return context;
}
