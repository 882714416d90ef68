import { limits } from "#contract/limits.ts";
import type { Invocation, InvokeFunctionRequest } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { knownFunction } from "./known-function.ts";

/** Runs a function with an event on the store that is served, and gives what became of it. It acts as whom the event names. */
export async function invokeFunction(
  context: Context,
  caller: Caller,
  input: { function: string; body: InvokeFunctionRequest },
): Promise<Invocation> {
  requireAdmin(caller);
  const name = knownFunction(input.function);
  return context.deployment.invoke(name, input.body.event, limits.invocationSecondsMax * 1000);
}
