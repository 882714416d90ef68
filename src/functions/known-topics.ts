import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { PutTopicRequest } from "#contract/types.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";

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
