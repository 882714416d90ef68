import { type ShardRef, shardKey } from "#core/shard.ts";
import { type Counter, counterKey, decodeCounter, refOfKey } from "./counter.ts";
import { type Item, numberOf, textOf } from "./items.ts";
import type { Requests, TransactWrite } from "./requests.ts";

/*
 * Which shards may have something to count: those awake, a list in one partition. A shard is awake from its beginning;
 * it falls asleep when it was idle for an hour and is counted to its end, and the ticket taken next wakes it before its
 * entry is written. So a publish pays for the list once in an hour of silence, and whoever reads the list and the
 * counters of the shards in it misses nothing that was acknowledged.
 *
 * `z` of the counter counts both ways, odd while asleep; the list's item carries the `z` it was written for. The list is
 * written before the counter is marked awake, and an item is deleted only while it is the one that was seen: whatever
 * comes late or twice, an awake shard is in the list.
 */

const partition = "awake";
const idleMs = 3_600_000;

/** The list's item of a new shard. */
export function newAwake(ref: ShardRef): Extract<TransactWrite, { put: unknown }> {
  return { table: "Topics", put: { p: partition, s: shardKey(ref), z: 0 } };
}

/** Puts a shard whose counter says that it is asleep into the list, and then says so in the counter. */
export async function wake(requests: Requests, ref: ShardRef, sleeps: number): Promise<void> {
  await requests.put(
    "Topics",
    { p: partition, s: shardKey(ref), z: sleeps + 1 },
    { text: "attribute_not_exists(p) OR z < :z", values: { ":z": sleeps + 1 } },
  );
  await requests.update(
    "Topics",
    counterKey(ref),
    { text: "SET z = :awake", values: { ":awake": sleeps + 1 } },
    { text: "z = :asleep", values: { ":asleep": sleeps } },
  );
}

/** A page of the list with each shard's counter as it is now; shards that are gone have none. */
export interface AwakePage {
  readonly shards: readonly { readonly listed: Item; readonly counter: Counter | undefined }[];
  /** Where the next page begins. */
  readonly next: string | undefined;
}

export async function readAwake(requests: Requests, from: string | undefined, limit: number): Promise<AwakePage> {
  const { items, more } = await requests.query("Topics", partition, {
    ...(from !== undefined && { from }),
    limit,
    consistent: true,
  });
  const refs = items.map((item) => refOfKey(textOf(item, "s")));
  const found = await requests.getAll("Topics", refs.map(counterKey), true);
  const counters = new Map(found.map((item) => [textOf(item, "p"), decodeCounter(item)]));
  return {
    shards: items.map((listed) => ({ listed, counter: counters.get(textOf(listed, "s")) })),
    next: more ? `${textOf(items.at(-1)!, "s")}\u0000` : undefined,
  };
}

/** Lets an idle shard that is counted to its end fall asleep, and takes those that sleep or are gone from the list. */
export async function fallAsleep(
  requests: Requests,
  { listed, counter }: AwakePage["shards"][number],
  nowMs: number,
): Promise<void> {
  if (counter && !counter.isGone) {
    let { sleeps } = counter;
    if (sleeps % 2 === 0) {
      if (counter.counted < counter.tickets || counter.lastAtMs > nowMs - idleMs) return;
      const { refused } = await requests.update(
        "Topics",
        counterKey(counter.ref),
        { text: "SET z = :asleep", values: { ":asleep": sleeps + 1 } },
        {
          text: "z = :awake AND t = :tickets AND c = :tickets",
          values: { ":awake": sleeps, ":tickets": counter.tickets },
        },
      );
      if (refused) return;
      sleeps += 1;
    }
    // One that is newer than the sleep belongs to a waking that is under way.
    if (numberOf(listed, "z") > sleeps) return;
  }
  await requests.delete("Topics", [partition, textOf(listed, "s")], {
    text: "z = :z",
    values: { ":z": numberOf(listed, "z") },
  });
}
