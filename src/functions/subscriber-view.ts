import { BellwetherError } from "#contract/errors.ts";
import type { Subscriber, SubscriberLag } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { encodeCursor } from "#core/cursor.ts";
import { lagOf } from "#core/reader.ts";
import type { SubscriberRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import type { Shards } from "./kept-shards.ts";
import { presentTopics } from "./known-topics.ts";

/** A subscriber as the wire shows it, without its secret, and with its lag. */
export async function subscriberOf(
  context: Context,
  record: SubscriberRecord,
  shards: Shards = context.store,
): Promise<Subscriber> {
  const { subscriberId, name, topics, cursor, createdAtMs, lastActiveAtMs } = record;
  const lags = await lagsOf(context, record, shards);
  return {
    subscriberId,
    ...(name !== undefined && { name }),
    topics,
    cursor: encodeCursor(cursor),
    createdAt: timeToString(createdAtMs),
    lag: totalOf(lags),
    lags,
    ...(lastActiveAtMs !== undefined && { lastActiveAt: timeToString(lastActiveAtMs) }),
  };
}

/** A subscriber as one of many, with this lag. */
export function subscriberLagOf({ subscriberId, name, lastActiveAtMs }: SubscriberRecord, lag: number): SubscriberLag {
  return {
    subscriberId,
    ...(name !== undefined && { name }),
    lag,
    ...(lastActiveAtMs !== undefined && { lastActiveAt: timeToString(lastActiveAtMs) }),
  };
}

/** How far a subscriber lies behind in each of its topics that is there. */
export async function lagsOf(
  context: Context,
  { topics, cursor }: SubscriberRecord,
  shards: Shards,
): Promise<Record<string, number>> {
  const lags: Record<string, number> = {};
  for (const topic of await presentTopics(context, topics)) lags[topic.topic] = await lagOf(shards, topic, cursor);
  return lags;
}

export function totalOf(lags: Readonly<Record<string, number>>): number {
  return Object.values(lags).reduce((sum, lag) => sum + lag, 0);
}

/** Throws that there is none of this id. */
export function noSubscriber(subscriberId: string): never {
  throw new BellwetherError("subscriber_not_found", `There is no subscriber "${subscriberId}".`);
}
