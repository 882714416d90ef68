import { limits } from "#contract/limits.ts";
import type { FunctionName } from "#contract/operations.ts";
import type { Invocation, Json } from "#contract/types.ts";
import type { Deployment } from "#core/deployment.ts";

/** A function as a cloud calls it: event in, result out. `log` takes a line; the signal ends what it waits for. */
export type EventFunction = (event: Json, signal: AbortSignal, log: (line: string) => void) => Promise<Json>;

/** How long a function is waited for once its time is over. */
const graceMs = 1_000;

/** Runs functions of this process as a cloud would, and tells what became of each run. */
export function createInvoke(functionOf: (name: FunctionName) => EventFunction): Deployment["invoke"] {
  return async (name, event, signal) => {
    const logs: string[] = [];
    const log = (line: string): void => {
      if (logs.length < limits.invocationLogsMax) logs.push(line);
    };
    const startedAt = performance.now();
    const outcome = await Promise.race([
      functionOf(name)(event, signal, log).then((result) => ({ result }), failureOf),
      outOfTime(signal),
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

function outOfTime(signal: AbortSignal): Promise<Failure> {
  const { promise, resolve } = Promise.withResolvers<Failure>();
  const message = `The function did not end within ${limits.invocationSecondsMax} s.`;
  const late = (): void => {
    setTimeout(() => resolve({ error: { name: "TimeoutError", message } }), graceMs).unref();
  };
  if (signal.aborted) late();
  else signal.addEventListener("abort", late, { once: true });
  return promise;
}
