import { BellwetherError } from "#contract/errors.ts";
import type { Subscriber } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { encodeCursor } from "#core/cursor.ts";
import { lagOf } from "#core/reader.ts";
import type { SubscriberRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import { presentTopics } from "./known-topics.ts";

/** A subscriber as the wire shows it, without its secret, and with its lag. */
export async function subscriberOf(context: Context, record: SubscriberRecord): Promise<Subscriber> {
  const { subscriberId, name, topics, cursor, createdAtMs, lastActiveAtMs } = record;
  return {
    subscriberId,
    ...(name !== undefined && { name }),
    topics,
    cursor: encodeCursor(cursor),
    createdAt: timeToString(createdAtMs),
    lag: await lagOf(context.store, await presentTopics(context, topics), cursor),
    ...(lastActiveAtMs !== undefined && { lastActiveAt: timeToString(lastActiveAtMs) }),
  };
}

/** Throws that there is none of this id. */
export function noSubscriber(subscriberId: string): never {
  throw new BellwetherError("subscriber_not_found", `There is no subscriber "${subscriberId}".`);
}
