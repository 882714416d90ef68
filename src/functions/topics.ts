import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Page, PutTopicRequest, Topic, TopicState } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { lagOf } from "#core/reader.ts";
import { shardsOf } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import { languages } from "#terms/stop-words.ts";
import { type Caller, requireAdmin, requireRegister, requireState } from "./access.ts";
import type { Context } from "./context.ts";
import { pageOf } from "./page.ts";

const defaultTerms = { enabled: true, languages: ["en"], hidden: [] } as const;

/** Gives the topic of this name, making it with the default settings if it is not there. */
export async function ensureTopic(
  context: Context,
  topic: string,
  request: PutTopicRequest = {},
): Promise<TopicRecord> {
  const known = await context.registry.topic(topic);
  if (known) return known;
  const record: TopicRecord = {
    topic,
    incarnation: context.clock.nowMs(),
    shards: request.shards ?? 1,
    retentionSeconds: request.retentionSeconds ?? limits.retentionSecondsDefault,
    terms: { ...defaultTerms, ...request.terms },
  };
  return context.store.createTopic(record, context.settings.topicsMax);
}

/** The topics of these names. Throws `topic_not_found` for one that is not there. */
export async function knownTopic(context: Context, topic: string): Promise<TopicRecord> {
  const record = await context.registry.topic(topic);
  if (!record)
    throw new BellwetherError(
      "topic_not_found",
      `There is no topic "${topic}". Create it with PUT /v1/topics/${topic}, or register for it.`,
    );
  return record;
}

/** The topics of these names that are there now. */
export async function presentTopics(context: Context, topics: readonly string[]): Promise<TopicRecord[]> {
  const records = await Promise.all(topics.map((topic) => context.registry.topic(topic)));
  return records.filter((record) => record !== undefined);
}

export async function putTopic(
  context: Context,
  caller: Caller,
  input: { topic: string; body: PutTopicRequest },
): Promise<Topic> {
  requireRegister(context, caller);
  checkLanguages(input.body.terms?.languages);
  const record = await ensureTopic(context, input.topic, input.body);
  const { shards, retentionSeconds, terms } = input.body;
  if (shards !== undefined && shards !== record.shards) {
    throw new BellwetherError(
      "shards_fixed",
      `The topic "${input.topic}" has ${record.shards} shards, which cannot be changed to ${shards}. Make another topic.`,
    );
  }
  if (retentionSeconds === undefined && terms === undefined) return topicOf(record);
  const changes = {
    retentionSeconds: retentionSeconds ?? record.retentionSeconds,
    terms: { ...record.terms, ...terms },
  };
  const updated = await context.store.updateTopic(input.topic, changes);
  context.registry.forget("topic", input.topic);
  return topicOf(updated ?? (await knownTopic(context, input.topic)));
}

export async function getTopic(context: Context, caller: Caller, input: { topic: string }): Promise<TopicState> {
  requireState(context, caller, input.topic);
  const record = await knownTopic(context, input.topic);
  const state = await stateOf(context, record);
  if (caller.kind !== "admin") return state;
  const readers = await context.store.listSubscribers(undefined, limits.listMax, input.topic);
  const subscribers = await Promise.all(
    readers.map(async ({ subscriberId, name, cursor }) => ({
      subscriberId,
      ...(name !== undefined && { name }),
      lag: await lagOf(context.store, [record], cursor),
    })),
  );
  return { ...state, subscribers };
}

export async function listTopics(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<TopicState>> {
  if (!context.settings.publicRead) requireAdmin(caller);
  const limit = input.limit ?? limits.listDefault;
  const records = await context.store.listTopics(input.after, limit + 1);
  const page = pageOf(records, limit, ({ topic }) => topic);
  return { ...page, items: await Promise.all(page.items.map((record) => stateOf(context, record))) };
}

export async function deleteTopic(context: Context, caller: Caller, input: { topic: string }): Promise<void> {
  requireAdmin(caller);
  const reservedUntilMs = context.clock.nowMs() + limits.reservedAfterDeletionSeconds * 1000;
  const deleted = await context.store.deleteTopic(input.topic, reservedUntilMs);
  context.registry.forget("topic", input.topic);
  if (!deleted) throw new BellwetherError("topic_not_found", `There is no topic "${input.topic}".`);
}

function topicOf(record: TopicRecord): Topic {
  const { topic, shards, retentionSeconds, terms, incarnation } = record;
  return { topic, shards, retentionSeconds, terms, createdAt: timeToString(incarnation) };
}

async function stateOf(context: Context, record: TopicRecord): Promise<TopicState> {
  const nowMs = context.clock.nowMs();
  const sum = {
    messagesKept: 0,
    messagesPublished: 0,
    storedBytes: 0,
    lastMinute: 0,
    lastHour: 0,
    firstAtMs: Number.POSITIVE_INFINITY,
    lastAtMs: 0,
  };
  for (const ref of shardsOf(record)) {
    const shard = await context.store.getShard(ref);
    if (!shard) continue;
    const since = async (publishedAtMs: number): Promise<number> =>
      shard.lastAtMs < publishedAtMs
        ? 0
        : shard.messages - ((await context.store.findEntry(ref, { publishedAtMs }))?.firstSequence ?? shard.messages);
    sum.messagesKept += shard.messages - shard.firstSequence;
    sum.messagesPublished += shard.messages;
    sum.storedBytes += shard.storedBytes;
    sum.lastMinute += await since(nowMs - 60_000);
    sum.lastHour += await since(nowMs - 3_600_000);
    sum.lastAtMs = Math.max(sum.lastAtMs, shard.lastAtMs);
    const [first] = await context.store.readEntries(ref, 0, 1, 1);
    if (first) sum.firstAtMs = Math.min(sum.firstAtMs, first.publishedAtMs);
  }
  return {
    ...topicOf(record),
    messagesKept: sum.messagesKept,
    messagesPublished: sum.messagesPublished,
    storedBytes: sum.storedBytes,
    ...(sum.firstAtMs !== Number.POSITIVE_INFINITY && { firstMessageAt: timeToString(sum.firstAtMs) }),
    ...(sum.lastAtMs > 0 && { lastMessageAt: timeToString(sum.lastAtMs) }),
    messagesPerSecond: { lastMinute: round(sum.lastMinute / 60), lastHour: round(sum.lastHour / 3600) },
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function checkLanguages(asked: readonly string[] | undefined): void {
  const unknown = asked?.find((language) => !languages.includes(language));
  if (unknown === undefined) return;
  const message = `is "${unknown}", which has no stop-word list; known are ${languages.join(", ")}`;
  throw new BellwetherError("invalid_request", `body.terms.languages ${message}.`, {
    errors: [{ path: "body.terms.languages", message }],
  });
}
