import type { BellwetherError } from "#contract/errors.ts";

/** How calls are repeated: `attempts` tries in all, between them a random time up to `baseMs`, doubled each try up to `maxMs`. */
export interface Retries {
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Five tries within about three seconds: enough for a restart of the service, short enough for a person who waits. */
export const retriesDefault: Retries = { attempts: 5, baseMs: 200, maxMs: 10_000 };

/** A longer `Retry-After` is not waited for: the error, which carries it, goes to the caller at once. */
const retryAfterMsMax = 60_000;

/**
 * The time to wait before the next try, "full jitter": a random part of an exponential bound, so that clients that
 * failed together do not come back together. A `Retry-After` is waited for first. Undefined when it is too long.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(retries: Retries, failures: number, error: BellwetherError): number | undefined {
  const toldMs = (error.details.retryAfterSeconds ?? 0) * 1_000;
  if (toldMs > retryAfterMsMax) return undefined;
  const boundMs = Math.min(retries.maxMs, retries.baseMs * 2 ** Math.min(failures - 1, 30));
  return toldMs + Math.random() * boundMs;
}

/** The failure may be over soon: the service was not reached, is busy, or a gateway before it had none to ask. */
export function isTransient(error: BellwetherError): boolean {
  if (error.code === "connection_failed") return true;
  return error.status !== undefined && [408, 429, 502, 503, 504].includes(error.status);
}
