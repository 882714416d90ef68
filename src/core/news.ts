import { type ShardRef, shardKey } from "./shard.ts";

/** Who waits for which shard. A store tells it what was written; it wakes those concerned and no others. */
export class NewsBoard {
  readonly #waiting = new Map<string, Set<() => void>>();

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
    for (const ref of refs) for (const wake of [...(this.#waiting.get(shardKey(ref)) ?? [])]) wake();
  }

  tellAll(): void {
    for (const waiting of [...this.#waiting.values()]) for (const wake of [...waiting]) wake();
  }

  #add(key: string, wake: () => void): void {
    const waiting = this.#waiting.get(key);
    if (waiting) waiting.add(wake);
    else this.#waiting.set(key, new Set([wake]));
  }

  #remove(key: string, wake: () => void): void {
    const waiting = this.#waiting.get(key);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }
}
