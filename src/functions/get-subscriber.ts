import type { Subscriber } from "#contract/types.ts";
import { type Caller, requireSubscriber } from "./access.ts";
import type { Context } from "./context.ts";
import { noSubscriber, subscriberOf } from "./subscriber-view.ts";

/** Reads one subscriber with its cursor, lag and last activity. */
export async function getSubscriber(
  context: Context,
  caller: Caller,
  input: { subscriberId: string },
): Promise<Subscriber> {
  requireSubscriber(caller, input.subscriberId);
  return subscriberOf(
    context,
    (await context.store.getSubscriber(input.subscriberId)) ?? noSubscriber(input.subscriberId),
  );
}
