import { setTimeout as delay } from "node:timers/promises";
import { limits } from "#contract/limits.ts";
import type { FunctionName } from "#contract/operations.ts";
import type { Invocation, Json } from "#contract/types.ts";
import type { Deployment } from "#core/deployment.ts";

/** A function as a cloud calls it: event in, result out. It is told how much of its time is left; `log` takes a line. */
export type EventFunction = (event: Json, remainingMs: () => number, log: (line: string) => void) => Promise<Json>;

/** How long a function is waited for once its time is over. */
const graceMs = 1_000;

/** Runs functions of this process as a cloud would, and tells what became of each run. */
export function createInvoke(functionOf: (name: FunctionName) => EventFunction): Deployment["invoke"] {
  return async (name, event, timeoutMs) => {
    const logs: string[] = [];
    const log = (line: string): void => {
      if (logs.length < limits.invocationLogsMax) logs.push(line);
    };
    const startedAt = performance.now();
    const remainingMs = (): number => Math.max(0, startedAt + timeoutMs - performance.now());
    const outcome = await Promise.race([
      functionOf(name)(event, remainingMs, log).then((result) => ({ result }), failureOf),
      outOfTime(timeoutMs),
    ]);
    const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000;
    return "error" in outcome
      ? { status: "failed", result: null, logs, durationMs, error: outcome.error }
      : { status: "succeeded", result: outcome.result, logs, durationMs };
  };
}

type Failure = { readonly error: NonNullable<Invocation["error"]> };

/** Whoever asks is the admin: a fault's own words are what they look for. No stack, as it names this machine's files. */
function failureOf(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { error: { name, message: message.slice(0, 2_000) } };
}

function outOfTime(timeoutMs: number): Promise<Failure> {
  const message = `The function did not end within ${timeoutMs / 1000} s.`;
  return delay(timeoutMs + graceMs, { error: { name: "TimeoutError", message } }, { ref: false });
}
