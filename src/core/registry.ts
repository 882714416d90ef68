import type { Clock } from "./clock.ts";
import type { PublisherRecord, Store, SubscriberRecord, TopicRecord } from "./store.ts";

/**
 * Registrations change rarely and are read at every call: hits (never misses) are kept for a while. Whoever changes one
 * through this process says so with `forget`, so that only other processes see it late. Cursors are never taken from here.
 */
export class Registry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #kept = new Map<string, { value: unknown; untilMs: number }>();

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

  forget(kind: "topic" | "publisher" | "subscriber", id: string): void {
    this.#kept.delete(`${kind}:${id}`);
  }

  async #get<T>(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const nowMs = this.#clock.nowMs();
    const kept = this.#kept.get(key);
    if (kept && kept.untilMs > nowMs && kept.untilMs <= nowMs + this.#keptMs) return kept.value as T;
    const value = await load();
    if (value === undefined) this.#kept.delete(key);
    else {
      if (this.#kept.size >= entriesMax) this.#kept.clear();
      this.#kept.set(key, { value, untilMs: nowMs + this.#keptMs });
    }
    return value;
  }
}

/** Bounds the memory that registrations take; past it all are read anew. */
const entriesMax = 50_000;
