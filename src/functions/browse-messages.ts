import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { timeFromString } from "#core/clock.ts";
import { type Cursor, decodeCursor } from "#core/cursor.ts";
import { checkCursorTopics, checkNotAhead, endOf, positionsAtTime, startOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import { type Caller, requireRead } from "./access.ts";
import type { Context } from "./context.ts";
import { knownTopic } from "./known-topics.ts";
import type { MessageFilter } from "./message-filter.ts";
import { beginningPage, type MessagesPage, type StreamPage } from "./messages-page.ts";
import { positionsFrom } from "./positions-from.ts";
import { readPage, streamPages } from "./reading.ts";
import { pageBefore, searchPage } from "./searching.ts";

export interface BrowseInput extends MessageFilter {
  readonly topic: string;
  readonly after?: string;
  /** An RFC 3339 time to begin at. */
  readonly at?: string;
  /** `latest`, an RFC 3339 time or a cursor: reads backwards from there. */
  readonly before?: string;
  readonly limit?: number;
}

/**
 * Looks at a topic's messages without consuming them; from its beginning unless `after`, `at` or `before` says otherwise.
 * With a filter, or backwards, one call looks through a bounded part of the log, and its cursor goes on from there.
 */
export async function browseMessages(
  context: Context,
  caller: Caller,
  input: BrowseInput,
  signal: AbortSignal,
): Promise<MessagesPage> {
  checkOneStart(input);
  const { topic, cursor } = await begin(context, caller, input, "start");
  const limit = input.limit ?? limits.pageMessagesDefault;
  const isWanted = await wantedBy(input, topic);
  if (input.before !== undefined) return pageBefore(context, topic, cursor, limit, isWanted);
  if (isWanted) return searchPage(context, topic, cursor, limit, isWanted);
  return readPage(context, async () => [topic], cursor, limit, 0, signal);
}

/** A live tail: what is published from now on, unless `after` or `at` says otherwise. Ends when the topic is deleted. */
export async function browseStream(
  context: Context,
  caller: Caller,
  input: BrowseInput,
  signal: AbortSignal,
): Promise<AsyncIterableIterator<StreamPage>> {
  for (const name of ["before", "contains", "term", "key"] as const)
    if (input[name] !== undefined)
      throw invalid(`query.${name}`, "is not for event streams; filter what the stream gives");
  const { topic, cursor } = await begin(context, caller, input, "end");
  // Before the stream has begun it can still be refused.
  await checkNotAhead(context.store, [topic], cursor);
  const isCurrent = async (): Promise<boolean> =>
    (await context.store.getTopic(input.topic))?.incarnation === topic.incarnation;
  return startingWith(beginningPage(cursor), streamPages(context, [input.topic], cursor, 0, isCurrent, signal));
}

/** One page, and then the others. */
function startingWith(first: StreamPage, pages: AsyncIterableIterator<StreamPage>): AsyncIterableIterator<StreamPage> {
  let isFirst = true;
  return {
    next() {
      if (!isFirst) return pages.next();
      isFirst = false;
      return Promise.resolve({ value: first, done: false });
    },
    return: async () => (await pages.return?.()) ?? { value: undefined, done: true },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
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
  { after, at, before }: BrowseInput,
  otherwise: "start" | "end",
): Promise<Cursor> {
  if (before !== undefined) {
    const topics = await positionsFrom(context, [topic], [topic.topic], before, "query.before");
    return { generation: 0, topics };
  }
  if (after !== undefined) {
    const cursor = decodeCursor(after);
    checkCursorTopics(cursor, [topic.topic]);
    return cursor;
  }
  if (at !== undefined) {
    const timeMs = timeFromString(at);
    if (timeMs === undefined) throw invalid("query.at", "must be an RFC 3339 time such as 2026-01-31T08:00:00Z");
    return { generation: 0, topics: await positionsAtTime(context.store, [topic], timeMs) };
  }
  return { generation: 0, topics: otherwise === "start" ? startOf([topic]) : await endOf(context.store, [topic]) };
}

/** A stream resumes from a cursor whatever its address says; a page has one place to begin at. */
function checkOneStart({ after, at, before }: BrowseInput): void {
  if (before !== undefined && (after !== undefined || at !== undefined))
    throw invalid("query.before", "cannot be given together with `after` or `at`");
}

function invalid(path: string, message: string): BellwetherError {
  return new BellwetherError("invalid_request", `${path} ${message}.`, { errors: [{ path, message }] });
}

/** The filter as a question about a message's JSON, if there is one. Only then what it needs is loaded, 8 MB of memory. */
async function wantedBy(input: BrowseInput, topic: TopicRecord): Promise<((message: string) => boolean) | undefined> {
  if (input.contains === undefined && input.term === undefined && input.key === undefined) return undefined;
  const filters = await import("./message-filter.ts");
  return filters.wantedBy(input, topic);
}
