import { type BackgroundFunctionName, type FunctionName, type Operation, operations } from "#contract/operations.ts";
import { summaries } from "#contract/summaries.ts";
import type { DeployedFunction } from "#contract/types.ts";

/** What is known of a function wherever it runs; a host adds what it has there. `triggers` says what wakes the others. */
export function describedFunction(
  name: FunctionName,
  triggers: Readonly<Record<BackgroundFunctionName, string>>,
): Pick<DeployedFunction, "function" | "kind" | "description" | "route" | "trigger" | "runtime"> {
  const operation = (operations as Readonly<Record<string, Operation>>)[name];
  return {
    function: name,
    kind: operation ? "operation" : "background",
    description: summaries[name],
    route: operation ? `${operation.method} ${operation.path}` : null,
    trigger: operation ? null : triggers[name as BackgroundFunctionName],
    runtime: { node: process.versions.node, architecture: process.arch, platform: process.platform },
  };
}
