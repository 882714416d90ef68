import { limits } from "#contract/limits.ts";
import type { Amount, Overview } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { shardsOf } from "#core/shard.ts";
import { type Caller, isAdmin, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { keptShards, type Shards } from "./kept-shards.ts";
import { inTurns } from "./rest.ts";
import { lagsOf, subscriberLagOf, totalOf } from "./subscriber-view.ts";

/** Reads what the service holds and carries, for whoever may list the topics; who publishes and reads only for the admin. */
export async function getOverview(context: Context, caller: Caller): Promise<Overview> {
  if (!context.settings.publicRead) requireAdmin(caller);
  const { clock, deployment, traffic } = context;
  const shards = keptShards(context.store);
  const held = await holdingsOf(context, shards);
  const { sinceMs, messagesIn, messagesOut } = traffic;
  return {
    at: timeToString(clock.nowMs()),
    ...held,
    traffic: deployment.isOneProcess ? { since: timeToString(sinceMs), messagesIn, messagesOut } : null,
    ...(isAdmin(caller) && {
      publishers: amountOf(await context.store.listPublishers(undefined, limits.overviewReadMax + 1)),
      subscribers: await readersOf(context, shards),
    }),
  };
}

/** As much as takes an embedded store some milliseconds. */
const shardsAtOnce = 200;
const readersAtOnce = 20;

async function holdingsOf(
  { store }: Context,
  shards: Shards,
): Promise<Pick<Overview, "topics" | "messagesPublished" | "messagesKept" | "storedBytes">> {
  const topics = await store.listTopics(undefined, limits.overviewReadMax + 1);
  const refs = topics.slice(0, limits.overviewReadMax).flatMap(shardsOf);
  const sum = { messagesPublished: 0, messagesKept: 0, storedBytes: 0 };
  for (const shard of await inTurns(refs, shardsAtOnce, (ref) => shards.getShard(ref))) {
    sum.messagesPublished += shard?.messages ?? 0;
    sum.messagesKept += shard ? shard.messages - shard.firstSequence : 0;
    sum.storedBytes += shard?.storedBytes ?? 0;
  }
  return { topics: amountOf(topics), ...sum };
}

async function readersOf(context: Context, shards: Shards): Promise<NonNullable<Overview["subscribers"]>> {
  const records = await context.store.listSubscribers(undefined, limits.overviewReadMax + 1);
  const lags = await inTurns(records.slice(0, limits.overviewReadMax), readersAtOnce, async (record) => ({
    record,
    lag: totalOf(await lagsOf(context, record, shards)),
  }));
  const slowest = lags.filter(({ lag }) => lag > 0).sort((a, b) => b.lag - a.lag);
  return {
    ...amountOf(records),
    lag: lags.reduce((sum, { lag }) => sum + lag, 0),
    slowest: slowest.slice(0, limits.overviewSlowestMax).map(({ record, lag }) => subscriberLagOf(record, lag)),
  };
}

/** Of a list that was read one beyond its limit. */
function amountOf({ length }: readonly unknown[]): Amount {
  return length > limits.overviewReadMax
    ? { value: limits.overviewReadMax, precision: "at-least" }
    : { value: length, precision: "exact" };
}
