import type { TopicRecord } from "#core/store.ts";

/** The scope of all topics together. */
export const overall = "overall";

/** A topic's scope in the store: a later topic of the same name has another. */
export function topicScope({ topic, incarnation }: Pick<TopicRecord, "topic" | "incarnation">): string {
  return `topic:${topic}#${incarnation}`;
}
