import { type ShardRef, shardKey } from "./shard.ts";

/** Shards that nobody waits for are forgotten when there are so many of them, and more than of the others. */
const idleShardsMax = 1_000;

/**
 * Who waits for which shard. A store tells it what was written; it wakes those concerned and no others. Waits come and go
 * with every message, so they stand in lists and not in sets: a table that a long-lived set outgrows goes on pointing to
 * the one after it, and what is in it outlives young collections (see "Latency" in docs/performance.md).
 */
export class NewsBoard {
  #waiting = new Map<string, (() => void)[]>();
  #idle = 0;

  /** Resolves at the next `tell` of any of the shards, or when the signal aborts. */
  wait(refs: readonly ShardRef[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const keys = refs.map(shardKey);
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        for (const key of keys) this.#remove(key, wake);
        resolve();
      };
      signal.addEventListener("abort", wake);
      for (const key of keys) this.#add(key, wake);
    });
  }

  tell(refs: readonly ShardRef[]): void {
    for (const ref of refs) wakeAll(this.#waiting.get(shardKey(ref)));
  }

  tellAll(): void {
    for (const waiting of [...this.#waiting.values()]) wakeAll(waiting);
  }

  #add(key: string, wake: () => void): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) this.#waiting.set(key, [wake]);
    else {
      if (waiting.length === 0) this.#idle -= 1;
      waiting.push(wake);
    }
  }

  #remove(key: string, wake: () => void): void {
    const waiting = this.#waiting.get(key);
    const at = waiting?.indexOf(wake) ?? -1;
    if (!waiting || at < 0) return;
    waiting.splice(at, 1);
    if (waiting.length > 0) return;
    this.#idle += 1;
    if (this.#idle > idleShardsMax && this.#idle > this.#waiting.size / 2) {
      this.#waiting = new Map([...this.#waiting].filter((entry) => entry[1].length > 0));
      this.#idle = 0;
    }
  }
}

function wakeAll(waiting: readonly (() => void)[] = []): void {
  for (const wake of [...waiting]) wake();
}
