import type { CommittedCursor } from "#contract/types.ts";
import { type Cursor, decodeCursor, encodeCursor } from "#core/cursor.ts";
import { checkCursorTopics, checkNotAhead } from "#core/reader.ts";
import type { SubscriberRecord } from "#core/store.ts";
import { type Caller, requireSubscriber } from "./access.ts";
import type { Context } from "./context.ts";
import { presentTopics } from "./known-topics.ts";
import { noSubscriber } from "./subscriber-view.ts";

/** Acknowledges all before a cursor, and gives the committed one: the part-wise maximum of old and new. */
export async function commitCursor(
  context: Context,
  caller: Caller,
  input: { subscriberId: string; body: { cursor: string } },
): Promise<CommittedCursor> {
  requireSubscriber(caller, input.subscriberId);
  const record = (await context.registry.subscriber(input.subscriberId)) ?? noSubscriber(input.subscriberId);
  const committed = await commit(context, record, decodeCursor(input.body.cursor));
  return { cursor: encodeCursor(committed) };
}

/** Acknowledges all before a cursor of this subscriber. Throws `invalid_cursor`, `cursor_ahead`, `cursor_superseded`. */
export async function commit(context: Context, record: SubscriberRecord, cursor: Cursor): Promise<Cursor> {
  checkCursorTopics(cursor, record.topics);
  await checkNotAhead(context.store, await presentTopics(context, record.topics), cursor);
  return (
    (await context.store.commitCursor(record.subscriberId, cursor, context.clock.nowMs())) ??
    noSubscriber(record.subscriberId)
  );
}
