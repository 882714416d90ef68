import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { HttpRequest } from "../http-types.ts";

/** What calls with a body may hold together, from their head until they are answered. */
export interface LoadLimits {
  readonly inFlightCallsMax: number;
  readonly inFlightBytesMax: number;
}

/**
 * Counts the calls with a body that are under way: being read, or waiting for the store. Past a limit new ones are refused
 * by their heads, before they cost memory. Calls without a body, and so reading and `/healthz`, are never refused.
 */
export class Load {
  readonly #limits: LoadLimits;
  #calls = 0;
  #bytes = 0;

  constructor(limits: LoadLimits) {
    this.#limits = limits;
  }

  /** Counts a call in and gives what it is counted as; to be given to `leave` once, however the call ended. Throws `unavailable`. */
  enter(request: HttpRequest): number {
    if (request.method === "GET" || request.method === "HEAD") return 0;
    const bytes = declaredBytes(request);
    if (bytes === 0) return 0;
    const { inFlightCallsMax, inFlightBytesMax } = this.#limits;
    // A larger one than all that may be is read alone.
    if (this.#calls >= inFlightCallsMax || (this.#calls > 0 && this.#bytes + bytes > inFlightBytesMax))
      throw new BellwetherError(
        "unavailable",
        `There are ${this.#calls} calls with ${this.#bytes} bytes under way, as much as may be. Nothing of this one was stored; try again.`,
        { retryAfterSeconds: 1 },
      );
    this.#calls += 1;
    this.#bytes += bytes;
    return bytes;
  }

  leave(bytes: number): void {
    if (bytes === 0) return;
    this.#calls -= 1;
    this.#bytes -= bytes;
  }
}

/** A body that does not say its length counts as the largest batch; more than a body may have is refused when it is read. */
function declaredBytes(request: HttpRequest): number {
  const length = request.header("content-length");
  if (length !== undefined) return Math.min(Number(length) || 0, limits.bodyBytesMax);
  return request.header("transfer-encoding") === undefined ? 0 : limits.batchBytesMax;
}
