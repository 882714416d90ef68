import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { timeFromString } from "#core/clock.ts";
import { type Cursor, decodeCursor } from "#core/cursor.ts";
import { decodeEntry, renderMessage } from "#core/entry.ts";
import { checkCursorTopics, endOf, positionsAtTime, startOf } from "#core/reader.ts";
import { decodeMessageId } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import { type Caller, requireRead } from "./access.ts";
import type { Context } from "./context.ts";
import { type MessagesPage, readPage, streamPages } from "./reading.ts";
import { knownTopic, presentTopics } from "./topics.ts";

export interface BrowseInput {
  readonly topic: string;
  readonly after?: string;
  /** An RFC 3339 time to begin at. */
  readonly at?: string;
  readonly limit?: number;
}

/** Looks at a topic's messages without consuming them; from its beginning unless `after` or `at` says otherwise. */
export async function browseMessages(
  context: Context,
  caller: Caller,
  input: BrowseInput,
  signal: AbortSignal,
): Promise<MessagesPage> {
  const { topic, cursor } = await begin(context, caller, input, "start");
  return readPage(context, async () => [topic], cursor, input.limit ?? limits.pageMessagesDefault, 0, signal);
}

/** A live tail: what is published from now on, unless `after` or `at` says otherwise. Ends when the topic is deleted. */
export async function browseStream(
  context: Context,
  caller: Caller,
  input: BrowseInput,
  signal: AbortSignal,
): Promise<AsyncGenerator<MessagesPage>> {
  const { topic, cursor } = await begin(context, caller, input, "end");
  const isCurrent = async (): Promise<boolean> =>
    (await context.store.getTopic(input.topic))?.incarnation === topic.incarnation;
  return streamPages(context, () => presentTopics(context, [input.topic]), cursor, isCurrent, signal);
}

/** One message as JSON text. Throws `message_not_found`, also for one that has expired. */
export async function getMessage(
  context: Context,
  caller: Caller,
  input: { topic: string; messageId: string },
): Promise<{ message: string }> {
  requireRead(context, caller, input.topic);
  const topic = await knownTopic(context, input.topic);
  const id = decodeMessageId(input.messageId);
  const ref = { topic: topic.topic, incarnation: topic.incarnation, shard: id?.shard ?? 0 };
  const entry =
    id && id.shard < topic.shards ? await context.store.findEntry(ref, { sequence: id.sequence }) : undefined;
  const message = entry && decodeEntry(entry).find(({ sequence }) => sequence === id!.sequence);
  const nowMs = context.clock.nowMs();
  const cutoffMs = topic.retentionSeconds === 0 ? Number.NEGATIVE_INFINITY : nowMs - topic.retentionSeconds * 1000;
  if (!message || message.expiresAtMs <= nowMs || entry.publishedAtMs <= cutoffMs) {
    throw new BellwetherError(
      "message_not_found",
      `The topic "${topic.topic}" has no message "${input.messageId.slice(0, 40)}" (any more).`,
    );
  }
  return { message: renderMessage(ref, entry.publishedAtMs, message) };
}

async function begin(
  context: Context,
  caller: Caller,
  input: BrowseInput,
  otherwise: "start" | "end",
): Promise<{ topic: TopicRecord; cursor: Cursor }> {
  requireRead(context, caller, input.topic);
  const topic = await knownTopic(context, input.topic);
  return { topic, cursor: await cursorFor(context, topic, input, otherwise) };
}

async function cursorFor(
  context: Context,
  topic: TopicRecord,
  { after, at }: BrowseInput,
  otherwise: "start" | "end",
): Promise<Cursor> {
  if (after !== undefined) {
    const cursor = decodeCursor(after);
    checkCursorTopics(cursor, [topic.topic]);
    return cursor;
  }
  if (at !== undefined) {
    const timeMs = timeFromString(at);
    if (timeMs === undefined) {
      const message = "must be an RFC 3339 time such as 2026-01-31T08:00:00Z";
      throw new BellwetherError("invalid_request", `query.at ${message}.`, { errors: [{ path: "query.at", message }] });
    }
    return { generation: 0, topics: await positionsAtTime(context.store, [topic], timeMs) };
  }
  return { generation: 0, topics: otherwise === "start" ? startOf([topic]) : await endOf(context.store, [topic]) };
}
