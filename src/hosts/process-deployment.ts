import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type BackgroundFunctionName,
  backgroundFunctions,
  type FunctionName,
  operationNames,
} from "#contract/operations.ts";
import type { DeployedFunction } from "#contract/types.ts";
import type { Deployment } from "#core/deployment.ts";
import { describedFunction } from "./described-function.ts";
import { functionEvents } from "./function-events.ts";

/** What a host measured of its functions since it started; null where it measures nothing. */
export type FunctionMeasures = () => Promise<(name: FunctionName) => DeployedFunction["measured"]>;

export const noMeasures: FunctionMeasures = async () => () => null;

/** What wakes the functions that have no route, on a host that keeps running (`background.ts`). */
const triggers: Readonly<Record<BackgroundFunctionName, string>> = {
  countTerms: "new messages, and a sweep every second",
  rollUpTerms: "every 2 seconds",
  expire: "every second",
};

/** The service as one process: all functions share its runtime and memory, and each is a module of its own. */
export function createProcessDeployment(
  measure: FunctionMeasures,
  invoke: Deployment["invoke"],
  isOnly: boolean,
): Deployment {
  const describe = (name: FunctionName, measured: DeployedFunction["measured"]): DeployedFunction => ({
    ...describedFunction(name, triggers),
    code: moduleOf(name),
    memory: { bytes: process.memoryUsage.rss(), shared: true },
    measured,
  });
  const names: readonly FunctionName[] = [...operationNames, ...backgroundFunctions];
  return {
    isOneProcess: isOnly,
    async listFunctions() {
      const measured = await measure();
      return names.map((name) => describe(name, measured(name)));
    },
    listEvents: functionEvents,
    invoke,
  };
}

/** The module that holds the function, as it lies on disk. `expire` is a step of the store, without one. */
function moduleOf(name: FunctionName): DeployedFunction["code"] {
  const file = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const url = new URL(`../functions/${file}.${extension}`, import.meta.url);
  const stat = statSync(fileURLToPath(url), { throwIfNoEntry: false });
  return stat ? { bytes: stat.size, modifiedAt: stat.mtime.toISOString(), what: "module" } : null;
}
