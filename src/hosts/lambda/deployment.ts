import { type BackgroundFunctionName, type FunctionName, operationNames } from "#contract/operations.ts";
import type { DeployedFunction } from "#contract/types.ts";
import { type Deployment, unknownDeployment } from "#core/deployment.ts";
import { describedFunction } from "../described-function.ts";

/** What a function can know of the stack that it is part of, without asking the cloud. */
export interface StackFacts {
  /** The size of each bundle, as it was built; unknown where this one was not built with the others. */
  readonly bundleBytes: Readonly<Partial<Record<string, number>>>;
  /** What this function may use. That of others can be set in the cloud without it. */
  readonly own: { readonly name: FunctionName; readonly memoryBytes: number } | undefined;
}

const schedule = "a schedule, every 5 minutes";

const triggers: Readonly<Record<BackgroundFunctionName, string>> = {
  countTerms: `the stream of messages, and ${schedule}`,
  rollUpTerms: schedule,
  expire: schedule,
};

/** `expire` is part of `rollUpTerms` there. */
const names: readonly FunctionName[] = [...operationNames, "countTerms", "rollUpTerms"];

/**
 * The functions of a stack as one of them knows them. Nothing is measured here: calls, times and cold starts are in
 * CloudWatch. They share a runtime; none can be invoked from here.
 */
export function createLambdaDeployment({ bundleBytes, own }: StackFacts): Deployment {
  const describe = (name: FunctionName): DeployedFunction => {
    const bytes = bundleBytes[name];
    return {
      ...describedFunction(name, triggers),
      code: bytes === undefined ? null : { bytes, modifiedAt: null, what: "bundle" },
      memory: own?.name === name ? { bytes: own.memoryBytes, shared: false } : null,
      measured: null,
    };
  };
  return { ...unknownDeployment, listFunctions: async () => names.map(describe) };
}
