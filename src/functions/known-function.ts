import { BellwetherError } from "#contract/errors.ts";
import { backgroundFunctions, type FunctionName, operations } from "#contract/operations.ts";

/** The name, if it is that of a function. Throws `function_not_found`. */
export function knownFunction(name: string): FunctionName {
  if (Object.hasOwn(operations, name) || backgroundFunctions.some((work) => work === name)) return name as FunctionName;
  throw new BellwetherError(
    "function_not_found",
    `There is no function "${name.slice(0, 100)}". /v1/functions lists them.`,
  );
}
