import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { decodeCursor } from "#core/cursor.ts";
import { checkCursorTopics, checkNotAhead } from "#core/reader.ts";
import type { SubscriberRecord } from "#core/store.ts";
import { decodeToken, secretMatches } from "#core/tokens.ts";
import { type Caller, requireSubscriber } from "./access.ts";
import { commit } from "./commit-cursor.ts";
import type { Context } from "./context.ts";
import { presentTopics } from "./known-topics.ts";
import type { MessagesPage, StreamPage } from "./messages-page.ts";
import { readPage, streamPages } from "./reading.ts";

export interface SubscribeInput {
  readonly subscriberId: string;
  readonly limit?: number;
  /** Where to read from; else the committed cursor. */
  readonly after?: string;
  /** Seconds to wait when there is nothing to read. */
  readonly wait?: number;
  /** Acknowledges all before `after`. */
  readonly commit?: boolean;
}

/** Reads the next messages of a subscriber, waiting for some if asked to. */
export async function subscribe(
  context: Context,
  caller: Caller,
  input: SubscribeInput,
  signal: AbortSignal,
): Promise<MessagesPage> {
  const { cursor, record } = await begin(context, caller, input);
  const page = await readPage(
    context,
    () => presentTopics(context, record.topics),
    cursor,
    input.limit ?? limits.pageMessagesDefault,
    input.wait ?? 0,
    signal,
  );
  touch(context, record);
  return page;
}

/** The same as pages without end, for an event stream. Ends in order when the subscriber is deleted or sought. */
export async function subscribeStream(
  context: Context,
  caller: Caller,
  input: SubscribeInput,
  signal: AbortSignal,
): Promise<AsyncIterableIterator<StreamPage>> {
  const { cursor, record } = await begin(context, caller, input);
  if (cursor.generation !== record.cursor.generation) {
    throw new BellwetherError(
      "cursor_superseded",
      "The subscriber was moved by a seek after this stream's cursor was given. Begin again from its present cursor.",
    );
  }
  // Before the stream has begun it can still be refused.
  await checkNotAhead(context.store, await presentTopics(context, record.topics), cursor);
  touch(context, record);
  const isCurrent = async (): Promise<boolean> => {
    const now = await context.store.getSubscriber(record.subscriberId);
    if (now) touch(context, now);
    return now?.cursor.generation === cursor.generation;
  };
  return streamPages(context, record.topics, cursor, input.wait ?? 0, isCurrent, signal);
}

/**
 * Lets a stream token in the URL stand for its subscriber: on that subscriber's own stream (`subscriberId`), or on one that
 * is nobody's own. `seen` again whenever the stream ends.
 */
export async function identifyStream(
  context: Context,
  streamToken: string,
  subscriberId: string | undefined,
): Promise<{ caller: Caller; seen(): Promise<void> }> {
  const parts = decodeToken(streamToken);
  const record = parts?.kind === "str" ? await context.store.getStreamToken(parts.id) : undefined;
  const nowMs = context.clock.nowMs();
  const subscriber = record && (await context.registry.subscriber(record.subscriberId));
  if (!record || !subscriber || !secretMatches(parts!.secret, record.secretHash) || record.usableUntilMs <= nowMs) {
    throw new BellwetherError(
      "unauthenticated",
      "The stream token is not known or has ended. Make a new one with createStreamToken.",
    );
  }
  if (subscriberId !== undefined && record.subscriberId !== subscriberId)
    throw new BellwetherError("forbidden", "The stream token belongs to another subscriber.");
  const endMs = record.createdAtMs + limits.streamTokenSecondsMax * 1000;
  const keep = (usableUntilMs: number): Promise<void> =>
    context.store.putStreamToken({ ...record, usableUntilMs: Math.min(endMs, usableUntilMs) });
  // While its stream runs it stays usable; from the end of the stream on, a while.
  await keep(endMs);
  return {
    caller: { kind: "subscriber", subscriber },
    seen: () => keep(context.clock.nowMs() + limits.streamTokenReopenSeconds * 1000),
  };
}

async function begin(
  context: Context,
  caller: Caller,
  input: SubscribeInput,
): Promise<{ record: SubscriberRecord; cursor: SubscriberRecord["cursor"] }> {
  requireSubscriber(caller, input.subscriberId);
  const record = await context.store.getSubscriber(input.subscriberId);
  if (!record) throw new BellwetherError("subscriber_not_found", `There is no subscriber "${input.subscriberId}".`);
  if (input.after === undefined) return { record, cursor: record.cursor };
  const cursor = decodeCursor(input.after);
  checkCursorTopics(cursor, record.topics);
  if (input.commit) await commit(context, record, cursor);
  return { record, cursor };
}

/** Notes activity to the minute. Not worth failing a read for. */
function touch(context: Context, record: SubscriberRecord): void {
  const nowMs = context.clock.nowMs();
  if (nowMs - (record.lastActiveAtMs ?? 0) < 60_000) return;
  context.store.touchSubscriber(record.subscriberId, nowMs).catch(() => {});
}
