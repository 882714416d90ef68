import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { RegisteredSubscriber, RegisterSubscriberRequest } from "#contract/types.ts";
import type { SubscriberRecord, TopicRecord } from "#core/store.ts";
import { encodeToken, hashSecret } from "#core/tokens.ts";
import { type Caller, requireRegister } from "./access.ts";
import type { Context } from "./context.ts";
import { ensureTopic } from "./known-topics.ts";
import { positionsFrom } from "./positions-from.ts";
import { subscriberOf } from "./subscriber-view.ts";

/** Registers a subscriber, making the topics that are not there. Its token is in this answer and nowhere else. */
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
