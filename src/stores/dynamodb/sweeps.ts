import { type ShardRef, shardKey, shardsOf } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import { counterKey, decodeCounter, refOfKey } from "./counter.ts";
import { segmentKey, segmentOf, ticketOf } from "./entries.ts";
import { type Item, numberOf, textOf } from "./items.ts";
import type { Key, Requests, TransactWrite } from "./requests.ts";
import { deleteSummaries } from "./summaries.ts";
import { trimOf } from "./trim.ts";
import { deleteMarks } from "./work.ts";

/** What one step deletes of a log at most. */
const entriesPerStep = 100;
const partition = "sweeps";

/**
 * The note that a deleted topic's log and terms are to be cleared away: `k` shards. It is written in the transaction that
 * deletes the topic, and goes when all else has.
 */
export function newSweep({ topic, incarnation, shards }: TopicRecord): TransactWrite {
  return { table: "Topics", put: { p: partition, s: shardKey({ topic, incarnation, shard: shards }), k: shards } };
}

/** From then on the shard gives out no ticket; its counter stays until what it counted is cleared away. */
export async function closeShard(requests: Requests, ref: ShardRef): Promise<void> {
  const condition = { text: "attribute_exists(p)" };
  await requests.update("Topics", counterKey(ref), { text: "SET g = :one", values: { ":one": 1 } }, condition);
}

/** One step of clearing away what a deleted topic left. false when there is nothing to clear. */
export async function sweepStep(requests: Requests, nowMs: number): Promise<boolean> {
  const { items } = await requests.query("Topics", partition, { limit: 1, consistent: true });
  const [sweep] = items;
  if (!sweep) return false;
  const { topic, incarnation } = refOfKey(textOf(sweep, "s"));
  for (const ref of shardsOf({ topic, incarnation, shards: numberOf(sweep, "k") })) {
    const item = await requests.get("Topics", counterKey(ref), true);
    if (!item) continue;
    if (item.g === undefined) {
      // Whoever deleted the topic ended before this.
      await closeShard(requests, ref);
      return true;
    }
    if (await deleteEntries(requests, item, nowMs)) return true;
    await requests.delete("Topics", ["awake", shardKey(ref)]);
    await requests.delete("Topics", counterKey(ref));
    return true;
  }
  const scope = `topic:${topic}#${incarnation}`;
  if (await deleteSummaries(requests, scope)) return true;
  if (await deleteMarks(requests, scope)) return true;
  await requests.delete("Topics", [partition, textOf(sweep, "s")]);
  return true;
}

/** Deletes the first entries that are left of a shard. false when there are none. */
async function deleteEntries(requests: Requests, item: Item, nowMs: number): Promise<boolean> {
  const counter = decodeCounter(item);
  const first = segmentOf(trimOf(counter, nowMs).tickets);
  for (let segment = first; segment <= segmentOf(counter.tickets); segment++) {
    const { items } = await requests.query("Messages", segmentKey(counter.ref, segment), { limit: entriesPerStep });
    if (items.length === 0) continue;
    await requests.deleteAll(
      "Messages",
      items.map((entry): Key => [textOf(entry, "p"), ticketOf(entry)]),
    );
    return true;
  }
  return false;
}
