import type { KnownNames } from "#contract/examples.ts";
import type { FunctionEvent, Page } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { encodeCursor } from "#core/cursor.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { knownFunction } from "./known-function.ts";

/** Lists events to try a function with, about what is there where there is something. They are few: there is one page. */
export async function listFunctionEvents(
  context: Context,
  caller: Caller,
  input: { function: string },
): Promise<Page<FunctionEvent>> {
  requireAdmin(caller);
  const name = knownFunction(input.function);
  return { items: context.deployment.listEvents(name, await knownNames(context)) };
}

async function knownNames({ store, clock }: Context): Promise<KnownNames> {
  const [topic] = await store.listTopics(undefined, 1);
  const [publisher] = await store.listPublishers(undefined, 1);
  const [subscriber] = await store.listSubscribers(undefined, 1);
  return {
    now: timeToString(clock.nowMs()),
    ...(topic && { topic: topic.topic }),
    ...(publisher && { publisherId: publisher.publisherId }),
    ...(subscriber && { subscriberId: subscriber.subscriberId, cursor: encodeCursor(subscriber.cursor) }),
  };
}
