import { BellwetherError } from "#contract/errors.ts";
import { timeFromString } from "#core/clock.ts";
import { decodeCursor, type TopicCursor } from "#core/cursor.ts";
import { checkCursorTopics, checkNotAhead, endOf, positionsAtTime, startOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";

/** What `from` says as positions: `latest`, `earliest`, an RFC 3339 time, or a cursor over the same topics. */
export async function positionsFrom(
  context: Context,
  topics: readonly TopicRecord[],
  names: readonly string[],
  from: string,
  path = "body.from",
): Promise<readonly TopicCursor[]> {
  if (from === "latest") return endOf(context.store, topics);
  if (from === "earliest") return startOf(topics);
  const timeMs = timeFromString(from);
  if (timeMs !== undefined) return positionsAtTime(context.store, topics, timeMs);
  if (!from.startsWith("c1.")) {
    const message = 'must be "latest", "earliest", an RFC 3339 time such as 2026-01-31T08:00:00Z, or a cursor';
    throw new BellwetherError("invalid_request", `${path} ${message}.`, { errors: [{ path, message }] });
  }
  const cursor = decodeCursor(from);
  checkCursorTopics(cursor, names);
  await checkNotAhead(context.store, topics, cursor);
  return cursor.topics;
}
