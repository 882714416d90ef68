import type { Topic, TopicState } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { shardsOf } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";

/** A topic as the wire shows it. */
export function topicOf(record: TopicRecord): Topic {
  const { topic, shards, retentionSeconds, terms, incarnation } = record;
  return { topic, shards, retentionSeconds, terms, createdAt: timeToString(incarnation) };
}

/** A topic with what it holds and how fast it grows. */
export async function stateOf(context: Context, record: TopicRecord): Promise<TopicState> {
  const nowMs = context.clock.nowMs();
  const sum = {
    messagesKept: 0,
    messagesPublished: 0,
    storedBytes: 0,
    lastMinute: 0,
    lastHour: 0,
    firstAtMs: Number.POSITIVE_INFINITY,
    lastAtMs: 0,
  };
  for (const ref of shardsOf(record)) {
    const shard = await context.store.getShard(ref);
    if (!shard) continue;
    const since = async (publishedAtMs: number): Promise<number> =>
      shard.lastAtMs < publishedAtMs
        ? 0
        : shard.messages - ((await context.store.findEntry(ref, { publishedAtMs }))?.firstSequence ?? shard.messages);
    sum.messagesKept += shard.messages - shard.firstSequence;
    sum.messagesPublished += shard.messages;
    sum.storedBytes += shard.storedBytes;
    sum.lastMinute += await since(nowMs - 60_000);
    sum.lastHour += await since(nowMs - 3_600_000);
    sum.lastAtMs = Math.max(sum.lastAtMs, shard.lastAtMs);
    const [first] = await context.store.readEntries(ref, 0, 1, 1);
    if (first) sum.firstAtMs = Math.min(sum.firstAtMs, first.publishedAtMs);
  }
  return {
    ...topicOf(record),
    messagesKept: sum.messagesKept,
    messagesPublished: sum.messagesPublished,
    storedBytes: sum.storedBytes,
    ...(sum.firstAtMs !== Number.POSITIVE_INFINITY && { firstMessageAt: timeToString(sum.firstAtMs) }),
    ...(sum.lastAtMs > 0 && { lastMessageAt: timeToString(sum.lastAtMs) }),
    messagesPerSecond: { lastMinute: round(sum.lastMinute / 60), lastHour: round(sum.lastHour / 3600) },
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
