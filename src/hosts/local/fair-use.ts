import type { OperationName } from "#contract/operations.ts";
import type { Caller } from "#functions/access.ts";
import type { HttpRequest } from "../http-types.ts";
import { type RateFields, RateLimit, RateLimited, rateFields } from "../rate-limit.ts";
import { addressOf } from "./address.ts";

export interface FairUseSettings {
  /** Calls a minute of one address; 0: any number. */
  readonly addressRate: number;
  /** Publishing calls a minute of one publisher; 0: any number. */
  readonly publisherRate: number;
  readonly proxies: number;
}

/** Holds callers to the rates that are set: an address before anything is known of a call, a publisher before its body is read. */
export class FairUse {
  readonly #addresses: RateLimit | undefined;
  readonly #publishers: RateLimit | undefined;
  readonly #proxies: number;
  readonly #nowMs: () => number;

  constructor(settings: FairUseSettings, nowMs: () => number = () => performance.now()) {
    const { addressRate, publisherRate, proxies } = settings;
    this.#addresses = addressRate > 0 ? new RateLimit("address", addressRate) : undefined;
    this.#publishers = publisherRate > 0 ? new RateLimit("publisher", publisherRate) : undefined;
    this.#proxies = proxies;
    this.#nowMs = nowMs;
  }

  /** Counts a call of an address. Gives the fields to send, or undefined where no rate is set. Throws RateLimited. */
  address(request: HttpRequest, caller: { readonly remoteAddress?: string | undefined }): RateFields | undefined {
    if (!this.#addresses) return undefined;
    return this.#take(this.#addresses, addressOf(request, caller.remoteAddress, this.#proxies), "One address");
  }

  /** Counts a publisher's call, once it is known to be its. As `address`. */
  readonly publisher = (operation: OperationName, caller: Caller): RateFields | undefined => {
    if (!this.#publishers || operation !== "publish" || caller.kind !== "publisher") return undefined;
    return this.#take(this.#publishers, caller.publisher.publisherId, "One publisher");
  };

  #take(limit: RateLimit, key: string, what: string): RateFields {
    const quota = limit.take(key, this.#nowMs());
    const fields = rateFields(limit, quota);
    if (!quota.allowed) throw new RateLimited(what, limit, quota, fields);
    return fields;
  }
}
