import { timingSafeEqual } from "node:crypto";
import type { Clock } from "./clock.ts";
import type { PublisherRecord, Store, SubscriberRecord, TopicRecord } from "./store.ts";
import { secretMatches } from "./tokens.ts";

/**
 * Registrations change rarely and are read at every call: hits (never misses) are kept for a while. Whoever changes one
 * through this process says so with `forget`, so that only other processes see it late. Cursors are never taken from here.
 */
export class Registry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #kept = new Map<string, { found: Promise<unknown>; untilMs: number }>();
  /** Of each key that is being read, the latest reading: an earlier one, and one that was forgotten meanwhile, is not kept. */
  readonly #readings = new Map<string, symbol>();
  readonly #secrets = new WeakMap<object, Buffer>();

  constructor(store: Store, clock: Clock, keptMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  topic(topic: string): Promise<TopicRecord | undefined> {
    return this.#get(`topic:${topic}`, () => this.#store.getTopic(topic));
  }

  publisher(publisherId: string): Promise<PublisherRecord | undefined> {
    return this.#get(`publisher:${publisherId}`, () => this.#store.getPublisher(publisherId));
  }

  /** For who it is and what it may read; its cursor here may be old. */
  subscriber(subscriberId: string): Promise<SubscriberRecord | undefined> {
    return this.#get(`subscriber:${subscriberId}`, () => this.#store.getSubscriber(subscriberId));
  }

  /**
   * Whether this is the secret of a record that came from here, in constant time. While the record is kept, so is the
   * secret that was found right: a hash at every call costs more than all else about a caller.
   */
  isSecretOf(record: { readonly secretHash: string }, secret: string): boolean {
    const given = Buffer.from(secret, "latin1");
    const known = this.#secrets.get(record);
    if (known?.length === given.length) return timingSafeEqual(known, given);
    if (!secretMatches(secret, record.secretHash)) return false;
    this.#secrets.set(record, given);
    return true;
  }

  forget(kind: "topic" | "publisher" | "subscriber", id: string): void {
    this.#kept.delete(`${kind}:${id}`);
    this.#readings.delete(`${kind}:${id}`);
  }

  /** What is kept is given as the one promise that was made when it was found: every call passes here twice. */
  #get<T>(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const nowMs = this.#clock.nowMs();
    const kept = this.#kept.get(key);
    if (kept && kept.untilMs > nowMs && kept.untilMs <= nowMs + this.#keptMs) return kept.found as Promise<T>;
    return this.#load(key, nowMs, load);
  }

  async #load<T>(key: string, nowMs: number, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const reading = Symbol(key);
    this.#readings.set(key, reading);
    try {
      const value = await load();
      if (this.#readings.get(key) === reading) this.#keep(key, value, nowMs);
      return value;
    } finally {
      if (this.#readings.get(key) === reading) this.#readings.delete(key);
    }
  }

  #keep(key: string, value: unknown, nowMs: number): void {
    if (value === undefined) this.#kept.delete(key);
    else {
      if (this.#kept.size >= entriesMax) this.#kept.clear();
      this.#kept.set(key, { found: Promise.resolve(value), untilMs: nowMs + this.#keptMs });
    }
  }
}

/** Bounds the memory that registrations take; past it all are read anew. */
const entriesMax = 50_000;
