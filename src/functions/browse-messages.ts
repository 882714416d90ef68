import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { timeFromString } from "#core/clock.ts";
import { type Cursor, decodeCursor } from "#core/cursor.ts";
import { checkCursorTopics, checkNotAhead, endOf, positionsAtTime, startOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import { type Caller, requireRead } from "./access.ts";
import type { Context } from "./context.ts";
import { knownTopic } from "./known-topics.ts";
import { beginningPage, type MessagesPage } from "./messages-page.ts";
import { readPage, streamPages } from "./reading.ts";

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
  // Before the stream has begun it can still be refused.
  await checkNotAhead(context.store, [topic], cursor);
  const isCurrent = async (): Promise<boolean> =>
    (await context.store.getTopic(input.topic))?.incarnation === topic.incarnation;
  return tail(streamPages(context, [input.topic], cursor, 0, isCurrent, signal), cursor);
}

async function* tail(pages: AsyncGenerator<MessagesPage>, from: Cursor): AsyncGenerator<MessagesPage> {
  yield beginningPage(from);
  yield* pages;
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
