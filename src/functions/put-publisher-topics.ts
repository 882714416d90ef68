import type { Publisher } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { ensureTopic } from "./known-topics.ts";
import { noPublisher, publisherOf } from "./publisher-view.ts";

/** Replaces the topics that a publisher may publish to. */
export async function putPublisherTopics(
  context: Context,
  caller: Caller,
  input: { publisherId: string; body: { topics: readonly string[] } },
): Promise<Publisher> {
  requireAdmin(caller);
  // Before any topic is made for it.
  if (!(await context.store.getPublisher(input.publisherId))) noPublisher(input.publisherId);
  for (const topic of input.body.topics) await ensureTopic(context, topic);
  const record = await context.store.putPublisherTopics(input.publisherId, [...new Set(input.body.topics)]);
  context.registry.forget("publisher", input.publisherId);
  return publisherOf(record ?? noPublisher(input.publisherId));
}
