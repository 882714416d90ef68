import { BellwetherError } from "#contract/errors.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import { type Counter, counterKey, decodeCounter } from "./counter.ts";
import type { Requests } from "./requests.ts";

/** How many shards are remembered at most. */
const viewsMax = 10_000;

/**
 * What this process last saw of the counters of shards. Never taken for what is there now: it says how much to read at
 * once, that a missing ticket was given out, and spares a second look at a counter within a moment.
 */
export class ShardViews {
  readonly #views = new Map<string, { readonly counter: Counter; readonly seenMs: number }>();

  /** Keeps the newest: a read may be older than what was seen before. */
  note(counter: Counter, nowMs: number): Counter {
    const key = shardKey(counter.ref);
    const known = this.#views.get(key)?.counter;
    const newest = known && known.tickets > counter.tickets ? known : counter;
    if (this.#views.size >= viewsMax) this.#views.clear();
    this.#views.set(key, { counter: newest, seenMs: nowMs });
    return newest;
  }

  /** What was seen in the last `ageMs`. */
  recent(ref: ShardRef, nowMs: number, ageMs: number): Counter | undefined {
    const view = this.#views.get(shardKey(ref));
    return view && nowMs - view.seenMs <= ageMs && !view.counter.isGone ? view.counter : undefined;
  }

  forget(ref: ShardRef): void {
    this.#views.delete(shardKey(ref));
  }

  forgetTopic(topic: string): void {
    for (const [key, { counter }] of this.#views) if (counter.ref.topic === topic) this.#views.delete(key);
  }

  /** Reads the counter; undefined when there is no such shard (any more). */
  async read(requests: Requests, ref: ShardRef, consistent: boolean): Promise<Counter | undefined> {
    const item = await requests.get("Topics", counterKey(ref), consistent);
    const counter = item && decodeCounter(item);
    if (!counter || counter.isGone) {
      // A read that may be old is also so of a shard that was only just made.
      if (consistent) this.forget(ref);
      return undefined;
    }
    return this.note(counter, requests.timing.monotonicMs());
  }
}

export function topicNotFound(topic: string): BellwetherError {
  return new BellwetherError("topic_not_found", `The topic "${topic}" is not there any more. Create it with putTopic.`);
}
