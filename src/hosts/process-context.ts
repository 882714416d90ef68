import type { FunctionName } from "#contract/operations.ts";
import type { Clock } from "#core/clock.ts";
import type { ServiceSettings } from "#core/settings.ts";
import type { Store } from "#core/store.ts";
import type { Context } from "#functions/context.ts";
import { createInvoke, type EventFunction } from "./invocations.ts";
import { createContext, randomIds, systemClock } from "./node-context.ts";
import { createProcessDeployment, type FunctionMeasures, noMeasures } from "./process-deployment.ts";

/** What the functions work with where one process runs them all, so that each can be tried in it. */
export function createProcessContext(
  store: Store,
  settings: ServiceSettings,
  measure: FunctionMeasures = noMeasures,
  { clock = systemClock, isOnly = true }: { readonly clock?: Clock; readonly isOnly?: boolean } = {},
): Context {
  let functionOf: ((name: FunctionName) => EventFunction) | undefined;
  const runFunction =
    (name: FunctionName): EventFunction =>
    async (...args) => {
      // Loaded when one is tried, with what cuts words: 8 MB of memory.
      const { createFunctionsInProcess } = await import("./lambda/functions-in-process.ts");
      functionOf ??= createFunctionsInProcess(() => context);
      return functionOf(name)(...args);
    };
  const deployment = createProcessDeployment(measure, createInvoke(runFunction), isOnly);
  const context: Context = createContext(store, settings, clock, randomIds, deployment);
  return context;
}
