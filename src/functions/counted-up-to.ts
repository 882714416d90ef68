import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";

/** How many shards can wait to be counted: as many as there may be topics of one shard. */
const uncountedMax = 10_000;

/**
 * How far the messages of a shard may be out of the order of their times, where a store does not rule it out: a writer
 * gives up a place in the log that it has held for 30 s. What needs everything up to a time waits for this much more.
 */
export const disorderMs = 60_000;

/**
 * Every message of the topic (of all topics, when it is undefined) published up to then is counted, also those whose
 * publishing is under way: in this process as it knows, in others as they are seen by then (`appendsUnseenMs`). Before
 * `nowMs`, which must be the time now.
 */
export async function countedUpTo(
  context: Pick<Context, "store" | "appends">,
  topic: TopicRecord | undefined,
  nowMs: number,
): Promise<number> {
  // First, as what is under way is not in the log, and once it is, it is seen there.
  let asOfMs = Math.min(context.appends.oldestMs(nowMs), nowMs - context.store.traits.appendsUnseenMs) - 1;
  for (const { ref, ticket } of await context.store.listUncounted(uncountedMax)) {
    if (topic && (ref.topic !== topic.topic || ref.incarnation !== topic.incarnation)) continue;
    const [first] = await context.store.readEntries(ref, ticket, 1, 1);
    if (first) asOfMs = Math.min(asOfMs, first.publishedAtMs - 1);
  }
  return asOfMs;
}
