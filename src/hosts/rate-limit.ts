import { BellwetherError } from "#contract/errors.ts";

/** How a call stands to a limit. */
export interface Quota {
  readonly allowed: boolean;
  /** Calls that may follow at once. */
  readonly remaining: number;
  /** Seconds until the next may follow when none is left; else until all of the quota is there again. */
  readonly seconds: number;
}

/**
 * So many calls a window for each key, as a token bucket: all at once after a pause, and then as they are given back, one
 * by one. Of each key only the time is kept at which its bucket will be full (GCRA, ITU-T I.371). Of more than `keysMax`
 * keys the one that called longest ago is forgotten, and begins with a full bucket.
 */
export class RateLimit {
  /** As it is called in the header fields. */
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
  readonly #keysMax: number;
  readonly #msPerCall: number;
  readonly #fullAtMs = new Map<string, number>();

  constructor(name: string, quota: number, windowSeconds = 60, keysMax: number = rateKeysMax) {
    this.name = name;
    this.quota = quota;
    this.windowSeconds = windowSeconds;
    this.#keysMax = keysMax;
    this.#msPerCall = (windowSeconds * 1000) / quota;
  }

  /** Counts a call if it is allowed. `nowMs` is of a clock that never goes back. */
  take(key: string, nowMs: number): Quota {
    const fullAtMs = Math.max(nowMs, this.#fullAtMs.get(key) ?? 0);
    const overMs = fullAtMs + this.#msPerCall - nowMs - this.windowSeconds * 1000;
    const allowed = overMs <= roundingMs;
    const after = allowed ? fullAtMs + this.#msPerCall : fullAtMs;
    this.#keep(key, after);
    if (!allowed) return { allowed, remaining: 0, seconds: secondsOf(overMs) };
    const remaining = Math.floor((roundingMs - overMs) / this.#msPerCall);
    return { allowed, remaining, seconds: secondsOf(remaining > 0 ? after - nowMs : this.#msPerCall + overMs) };
  }

  /** Also for a refused call: who goes on calling is not forgotten. */
  #keep(key: string, fullAtMs: number): void {
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, fullAtMs);
    if (this.#fullAtMs.size > this.#keysMax) this.#fullAtMs.delete(this.#fullAtMs.keys().next().value!);
  }

  /** How many keys are kept. */
  get size(): number {
    return this.#fullAtMs.size;
  }
}

/** What adding up fractions of a call may be off. */
const roundingMs = 1e-3;

function secondsOf(ms: number): number {
  return Math.ceil((ms - roundingMs) / 1000);
}

/** Some 10 MB of keys. */
export const rateKeysMax = 65_536;

/** The header fields that tell a caller how it stands. */
export type RateFields = Readonly<Record<"ratelimit-policy" | "ratelimit", string>>;

/** The fields of draft-ietf-httpapi-ratelimit-headers, as structured fields (RFC 9651). */
export function rateFields({ name, quota, windowSeconds }: RateLimit, { remaining, seconds }: Quota): RateFields {
  return {
    "ratelimit-policy": `"${name}";q=${quota};w=${windowSeconds}`,
    ratelimit: `"${name}";r=${remaining};t=${seconds}`,
  };
}

/** Adds fields to those that are there already, as both are lists. */
export function addRateFields(headers: Record<string, string>, fields: RateFields): void {
  for (const [name, value] of Object.entries(fields))
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
}

/** The refusal of a call past its rate. */
export class RateLimited extends BellwetherError {
  readonly fields: RateFields;

  constructor(what: string, { quota, windowSeconds }: RateLimit, { seconds }: Quota, fields: RateFields) {
    super(
      "too_many_requests",
      `${what} may make ${quota} such calls in ${windowSeconds} seconds. Try again in ${seconds}.`,
      { retryAfterSeconds: seconds },
    );
    this.fields = fields;
  }
}
