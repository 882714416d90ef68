import { BellwetherError } from "#contract/errors.ts";
import type { PutTopicRequest, Topic } from "#contract/types.ts";
import { languages } from "#terms/stop-word-languages.ts";
import { type Caller, requireRegister } from "./access.ts";
import type { Context } from "./context.ts";
import { ensureTopic, knownTopic } from "./known-topics.ts";
import { topicOf } from "./topic-state.ts";

/** Creates a topic, or changes what can be changed of it. Throws `shards_fixed`, `topic_reserved`, `limit_reached`. */
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

function checkLanguages(asked: readonly string[] | undefined): void {
  const unknown = asked?.find((language) => !languages.includes(language));
  if (unknown === undefined) return;
  const message = `is "${unknown}", which has no stop-word list; known are ${languages.join(", ")}`;
  throw new BellwetherError("invalid_request", `body.terms.languages ${message}.`, {
    errors: [{ path: "body.terms.languages", message }],
  });
}
