import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { ActivityQuery, TopicActivity } from "#contract/types.ts";
import { timeFromString, timeToString } from "#core/clock.ts";
import { type ShardRef, shardsOf } from "#core/shard.ts";
import type { Store, TopicRecord } from "#core/store.ts";
import { type Caller, requireRead } from "./access.ts";
import type { Context } from "./context.ts";
import { knownTopic } from "./known-topics.ts";
import { rest } from "./rest.ts";

/**
 * How many messages were published in each of equal stretches of time, from the log itself: numbers rise with time, so
 * that a stretch holds the difference between the first numbers at its two ends.
 */
export async function getTopicActivity(
  context: Context,
  caller: Caller,
  input: ActivityQuery & { readonly topic: string },
): Promise<TopicActivity> {
  requireRead(context, caller, input.topic);
  const topic = await knownTopic(context, input.topic);
  const nowMs = context.clock.nowMs();
  const toMs = Math.min(timeOf("to", input.to) ?? nowMs, nowMs);
  const fromMs = timeOf("from", input.from) ?? Math.min(await firstAtMs(context, topic, nowMs), toMs);
  if (fromMs > toMs) throw invalid("from", "must not be after `to`, nor after now");
  const lookupsMax = Math.floor(limits.activityLookupsMax / topic.shards) - 1;
  const asked = Math.min(input.buckets ?? limits.activityBucketsDefault, lookupsMax);
  const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / asked));
  const buckets = Math.max(1, Math.ceil((toMs - fromMs) / bucketMs));
  const messages = new Array<number>(buckets).fill(0);
  await Promise.all(shardsOf(topic).map((ref) => addShard(context.store, ref, { fromMs, bucketMs, messages })));
  const endMs = fromMs + buckets * bucketMs;
  return { topic: topic.topic, from: timeToString(fromMs), to: timeToString(endMs), bucketMs, messages };
}

interface Buckets {
  readonly fromMs: number;
  readonly bucketMs: number;
  readonly messages: number[];
}

async function addShard(store: Store, ref: ShardRef, { fromMs, bucketMs, messages }: Buckets): Promise<void> {
  const state = await store.getShard(ref);
  if (!state) return;
  const sequenceAt = async (edge: number): Promise<number> => {
    const publishedAtMs = fromMs + edge * bucketMs;
    if (publishedAtMs > state.lastAtMs) return state.messages;
    await rest();
    return (await store.findEntry(ref, { publishedAtMs }))?.firstSequence ?? state.messages;
  };
  /** Halves until nothing lies between: a silent stretch costs two lookups however many buckets it has. */
  const fill = async (low: number, high: number, lowSequence: number, highSequence: number): Promise<void> => {
    if (lowSequence >= highSequence) return;
    if (high - low === 1) {
      messages[low] = messages[low]! + highSequence - lowSequence;
      return;
    }
    const middle = (low + high) >> 1;
    const sequence = Math.min(highSequence, Math.max(lowSequence, await sequenceAt(middle)));
    await fill(low, middle, lowSequence, sequence);
    await fill(middle, high, sequence, highSequence);
  };
  await fill(0, messages.length, await sequenceAt(0), await sequenceAt(messages.length));
}

async function firstAtMs({ store }: Context, topic: TopicRecord, nowMs: number): Promise<number> {
  const firsts = await Promise.all(shardsOf(topic).map((ref) => store.readEntries(ref, 0, 1, 1)));
  return Math.min(nowMs, ...firsts.flat().map(({ publishedAtMs }) => publishedAtMs));
}

function timeOf(name: "from" | "to", text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = timeFromString(text);
  if (timeMs === undefined) throw invalid(name, "must be an RFC 3339 time such as 2026-01-31T08:00:00Z");
  return timeMs;
}

function invalid(name: string, message: string): BellwetherError {
  const path = `query.${name}`;
  return new BellwetherError("invalid_request", `${path} ${message}.`, { errors: [{ path, message }] });
}
