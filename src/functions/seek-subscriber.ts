import type { CommittedCursor } from "#contract/types.ts";
import { encodeCursor } from "#core/cursor.ts";
import { type Caller, requireSubscriber } from "./access.ts";
import type { Context } from "./context.ts";
import { presentTopics } from "./known-topics.ts";
import { positionsFrom } from "./positions-from.ts";
import { noSubscriber } from "./subscriber-view.ts";

/** Moves a subscriber anywhere. What was read before is superseded: committing it is refused from now on. */
export async function seekSubscriber(
  context: Context,
  caller: Caller,
  input: { subscriberId: string; body: { from: string } },
): Promise<CommittedCursor> {
  requireSubscriber(caller, input.subscriberId);
  const record = (await context.registry.subscriber(input.subscriberId)) ?? noSubscriber(input.subscriberId);
  const topics = await positionsFrom(
    context,
    await presentTopics(context, record.topics),
    record.topics,
    input.body.from,
  );
  const cursor = (await context.store.seekSubscriber(record.subscriberId, topics)) ?? noSubscriber(input.subscriberId);
  return { cursor: encodeCursor(cursor) };
}
