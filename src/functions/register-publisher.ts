import type { RegisteredPublisher, RegisterPublisherRequest } from "#contract/types.ts";
import type { PublisherRecord } from "#core/store.ts";
import { encodeToken, hashSecret } from "#core/tokens.ts";
import { type Caller, requireRegister } from "./access.ts";
import type { Context } from "./context.ts";
import { ensureTopic } from "./known-topics.ts";
import { publisherOf } from "./publisher-view.ts";

/** Registers a publisher, making the topics that are not there. Its token is in this answer and nowhere else. */
export async function registerPublisher(
  context: Context,
  caller: Caller,
  input: { body: RegisterPublisherRequest },
): Promise<RegisteredPublisher> {
  requireRegister(context, caller);
  for (const topic of input.body.topics) await ensureTopic(context, topic);
  const secret = context.ids.secret();
  const record: PublisherRecord = {
    publisherId: context.ids.id(),
    name: input.body.name,
    topics: [...new Set(input.body.topics)],
    secretHash: hashSecret(secret),
    createdAtMs: context.clock.nowMs(),
  };
  await context.store.createPublisher(record, context.settings.publishersMax);
  return { ...publisherOf(record), token: encodeToken("pub", record.publisherId, secret) };
}
