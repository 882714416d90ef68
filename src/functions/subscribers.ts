import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type {
  CommittedCursor,
  Page,
  RegisteredSubscriber,
  RegisterSubscriberRequest,
  StreamToken,
  Subscriber,
} from "#contract/types.ts";
import { timeFromString, timeToString } from "#core/clock.ts";
import { type Cursor, decodeCursor, encodeCursor, type TopicCursor } from "#core/cursor.ts";
import { checkCursorTopics, checkNotAhead, endOf, lagOf, positionsAtTime, startOf } from "#core/reader.ts";
import type { SubscriberRecord, TopicRecord } from "#core/store.ts";
import { encodeToken, hashSecret } from "#core/tokens.ts";
import { type Caller, requireAdmin, requireRegister, requireSubscriber } from "./access.ts";
import type { Context } from "./context.ts";
import { pageOf } from "./page.ts";
import { ensureTopic, presentTopics } from "./topics.ts";

export async function registerSubscriber(
  context: Context,
  caller: Caller,
  input: { body: RegisterSubscriberRequest },
): Promise<RegisteredSubscriber> {
  requireRegister(context, caller);
  const { name, from } = input.body;
  const names = [...new Set(input.body.topics)];
  const topics: TopicRecord[] = [];
  for (const topic of names) topics.push(await ensureTopic(context, topic));
  const shards = topics.reduce((sum, topic) => sum + topic.shards, 0);
  if (shards > limits.shardsPerSubscriberMax) {
    const message = `have ${shards} shards together; a subscriber reads at most ${limits.shardsPerSubscriberMax}`;
    throw new BellwetherError("invalid_request", `body.topics ${message}.`, {
      errors: [{ path: "body.topics", message }],
    });
  }
  const secret = context.ids.secret();
  const record: SubscriberRecord = {
    subscriberId: context.ids.id(),
    ...(name !== undefined && { name }),
    topics: names,
    secretHash: hashSecret(secret),
    createdAtMs: context.clock.nowMs(),
    cursor: { generation: 0, topics: await positionsFrom(context, topics, names, from ?? "latest") },
  };
  await context.store.createSubscriber(record, context.settings.subscribersMax);
  return { ...(await subscriberOf(context, record)), token: encodeToken("sub", record.subscriberId, secret) };
}

export async function getSubscriber(
  context: Context,
  caller: Caller,
  input: { subscriberId: string },
): Promise<Subscriber> {
  requireSubscriber(caller, input.subscriberId);
  return subscriberOf(context, (await context.store.getSubscriber(input.subscriberId)) ?? notFound(input.subscriberId));
}

export async function listSubscribers(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<Subscriber>> {
  requireAdmin(caller);
  const limit = input.limit ?? limits.listDefault;
  const page = pageOf(
    await context.store.listSubscribers(input.after, limit + 1),
    limit,
    ({ subscriberId }) => subscriberId,
  );
  return { ...page, items: await Promise.all(page.items.map((record) => subscriberOf(context, record))) };
}

export async function deleteSubscriber(
  context: Context,
  caller: Caller,
  input: { subscriberId: string },
): Promise<void> {
  requireAdmin(caller);
  const deleted = await context.store.deleteSubscriber(input.subscriberId);
  context.registry.forget("subscriber", input.subscriberId);
  if (!deleted) notFound(input.subscriberId);
}

export async function commitCursor(
  context: Context,
  caller: Caller,
  input: { subscriberId: string; body: { cursor: string } },
): Promise<CommittedCursor> {
  requireSubscriber(caller, input.subscriberId);
  const record = (await context.registry.subscriber(input.subscriberId)) ?? notFound(input.subscriberId);
  const committed = await commit(context, record, decodeCursor(input.body.cursor));
  return { cursor: encodeCursor(committed) };
}

/** Acknowledges all before a cursor of this subscriber. Throws `invalid_cursor`, `cursor_ahead`, `cursor_superseded`. */
export async function commit(context: Context, record: SubscriberRecord, cursor: Cursor): Promise<Cursor> {
  checkCursorTopics(cursor, record.topics);
  await checkNotAhead(context.store, await presentTopics(context, record.topics), cursor);
  return (
    (await context.store.commitCursor(record.subscriberId, cursor, context.clock.nowMs())) ??
    notFound(record.subscriberId)
  );
}

export async function seekSubscriber(
  context: Context,
  caller: Caller,
  input: { subscriberId: string; body: { from: string } },
): Promise<CommittedCursor> {
  requireSubscriber(caller, input.subscriberId);
  const record = (await context.registry.subscriber(input.subscriberId)) ?? notFound(input.subscriberId);
  const topics = await positionsFrom(
    context,
    await presentTopics(context, record.topics),
    record.topics,
    input.body.from,
  );
  const cursor = (await context.store.seekSubscriber(record.subscriberId, topics)) ?? notFound(input.subscriberId);
  return { cursor: encodeCursor(cursor) };
}

export async function createStreamToken(
  context: Context,
  caller: Caller,
  input: { subscriberId: string },
): Promise<StreamToken> {
  requireSubscriber(caller, input.subscriberId);
  if (!(await context.registry.subscriber(input.subscriberId))) notFound(input.subscriberId);
  const nowMs = context.clock.nowMs();
  const secret = context.ids.secret();
  const record = {
    id: context.ids.id(),
    secretHash: hashSecret(secret),
    subscriberId: input.subscriberId,
    createdAtMs: nowMs,
    usableUntilMs: nowMs + limits.streamTokenUnusedSeconds * 1000,
  };
  await context.store.putStreamToken(record);
  return { streamToken: encodeToken("str", record.id, secret), expiresAt: timeToString(record.usableUntilMs) };
}

/** What `from` says as positions: `latest`, `earliest`, an RFC 3339 time, or a cursor over the same topics. */
async function positionsFrom(
  context: Context,
  topics: readonly TopicRecord[],
  names: readonly string[],
  from: string,
): Promise<readonly TopicCursor[]> {
  if (from === "latest") return endOf(context.store, topics);
  if (from === "earliest") return startOf(topics);
  const timeMs = timeFromString(from);
  if (timeMs !== undefined) return positionsAtTime(context.store, topics, timeMs);
  if (!from.startsWith("c1.")) {
    const message = 'must be "latest", "earliest", an RFC 3339 time such as 2026-01-31T08:00:00Z, or a cursor';
    throw new BellwetherError("invalid_request", `body.from ${message}.`, { errors: [{ path: "body.from", message }] });
  }
  const cursor = decodeCursor(from);
  checkCursorTopics(cursor, names);
  await checkNotAhead(context.store, topics, cursor);
  return cursor.topics;
}

async function subscriberOf(context: Context, record: SubscriberRecord): Promise<Subscriber> {
  const { subscriberId, name, topics, cursor, createdAtMs, lastActiveAtMs } = record;
  return {
    subscriberId,
    ...(name !== undefined && { name }),
    topics,
    cursor: encodeCursor(cursor),
    createdAt: timeToString(createdAtMs),
    lag: await lagOf(context.store, await presentTopics(context, topics), cursor),
    ...(lastActiveAtMs !== undefined && { lastActiveAt: timeToString(lastActiveAtMs) }),
  };
}

function notFound(subscriberId: string): never {
  throw new BellwetherError("subscriber_not_found", `There is no subscriber "${subscriberId}".`);
}
