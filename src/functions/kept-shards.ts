import { shardKey } from "#core/shard.ts";
import type { ShardState, Store } from "#core/store.ts";

/** What is read of shards to say how far readers lie behind. */
export type Shards = Pick<Store, "getShard">;

/** Each shard is read once, for one answer about many who read it. */
export function keptShards(store: Store): Shards {
  const kept = new Map<string, Promise<ShardState | undefined>>();
  return {
    getShard(ref) {
      const key = shardKey(ref);
      let state = kept.get(key);
      if (!state) {
        state = store.getShard(ref);
        kept.set(key, state);
      }
      return state;
    },
  };
}
