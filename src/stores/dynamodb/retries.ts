import { BellwetherError } from "#contract/errors.ts";
import type { Timing } from "./timing.ts";

/** How often one request is tried, and how long all tries may take: less than a caller waits, more than a partition's split. */
const triesMax = 7;
const triesMs = 8_000;
const firstDelayMs = 25;
const delayMaxMs = 1_000;

/**
 * Tries a request until it is answered: again after throttling, conflicts, faults of the service and lost connections, at
 * random moments that grow apart (AWS Architecture Blog, "Exponential Backoff And Jitter": full jitter), and not for ever.
 * A write may then have been done twice or without an answer; whoever asks must bear that. Throws `unavailable` in the
 * end, and at once what trying again cannot change.
 */
export async function withRetries<T>(timing: Timing, attempt: () => Promise<T>): Promise<T> {
  const startedMs = timing.monotonicMs();
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error)) throw error;
      const delayMs = timing.random() * Math.min(delayMaxMs, firstDelayMs * 2 ** (tries - 1));
      if (tries >= triesMax || timing.monotonicMs() - startedMs + delayMs > triesMs) throw unavailable(error);
      await timing.sleep(delayMs);
    }
  }
}

/** What an answer looks like that another try may change. */
function isTransient(error: unknown): boolean {
  const { name, code, $metadata, CancellationReasons } = error as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
    CancellationReasons?: readonly { Code?: string }[];
  };
  if (name === "TransactionCanceledException")
    return (CancellationReasons ?? []).every(
      ({ Code }) => Code !== "ConditionalCheckFailed" && Code !== "ValidationError",
    );
  return (
    transientNames.has(String(name)) || transientCodes.has(String(code)) || ($metadata?.httpStatusCode ?? 0) >= 500
  );
}

const transientNames = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "ThrottledException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "TransactionConflictException",
  "TransactionInProgressException",
  "ReplicatedWriteConflictException",
  "InternalServerError",
  "InternalServerErrorException",
  "ServiceUnavailableException",
  "ServiceUnavailable",
  "LimitExceededException",
  "TimeoutError",
  "RequestTimeout",
  "NetworkingError",
  "AbortError",
]);

const transientCodes = new Set([
  "ENOTFOUND",
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_SOCKET",
]);

export function unavailable(cause: unknown): BellwetherError {
  return new BellwetherError(
    "unavailable",
    "DynamoDB did not answer, or is asked for more than it gives. Try again.",
    { retryAfterSeconds: 1 },
    { cause },
  );
}
