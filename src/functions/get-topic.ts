import { limits } from "#contract/limits.ts";
import type { TopicState } from "#contract/types.ts";
import { lagOf } from "#core/reader.ts";
import { type Caller, requireState } from "./access.ts";
import type { Context } from "./context.ts";
import { knownTopic } from "./known-topics.ts";
import { subscriberLagOf } from "./subscriber-view.ts";
import { stateOf } from "./topic-state.ts";

/** Reads a topic's settings and state; who reads it only for the admin. */
export async function getTopic(context: Context, caller: Caller, input: { topic: string }): Promise<TopicState> {
  requireState(context, caller, input.topic);
  const record = await knownTopic(context, input.topic);
  const state = await stateOf(context, record);
  if (caller.kind !== "admin") return state;
  const readers = await context.store.listSubscribers(undefined, limits.listMax, input.topic);
  const subscribers = await Promise.all(
    readers.map(async (reader) => subscriberLagOf(reader, await lagOf(context.store, record, reader.cursor))),
  );
  return { ...state, subscribers };
}
