import { limits } from "#contract/limits.ts";
import type { TopicState } from "#contract/types.ts";
import { lagOf } from "#core/reader.ts";
import { type Caller, requireState } from "./access.ts";
import type { Context } from "./context.ts";
import { keptShards } from "./kept-shards.ts";
import { knownTopic } from "./known-topics.ts";
import { inTurns } from "./rest.ts";
import { subscriberLagOf } from "./subscriber-view.ts";
import { stateOf } from "./topic-state.ts";

/** Reads a topic's settings and state; who reads it only for the admin. */
export async function getTopic(context: Context, caller: Caller, input: { topic: string }): Promise<TopicState> {
  requireState(context, caller, input.topic);
  const record = await knownTopic(context, input.topic);
  const state = await stateOf(context, record);
  if (caller.kind !== "admin") return state;
  const readers = await context.store.listSubscribers(undefined, limits.listMax, input.topic);
  const shards = keptShards(context.store);
  const subscribers = await inTurns(readers, 100, async (reader) =>
    subscriberLagOf(reader, await lagOf(shards, record, reader.cursor)),
  );
  return { ...state, subscribers };
}
