import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Page, Publisher, RegisteredPublisher, RegisterPublisherRequest } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import type { PublisherRecord } from "#core/store.ts";
import { encodeToken, hashSecret } from "#core/tokens.ts";
import { type Caller, requireAdmin, requirePublisher, requireRegister } from "./access.ts";
import type { Context } from "./context.ts";
import { pageOf } from "./page.ts";
import { ensureTopic } from "./topics.ts";

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

export async function getPublisher(
  context: Context,
  caller: Caller,
  input: { publisherId: string },
): Promise<Publisher> {
  requirePublisher(caller, input.publisherId);
  return publisherOf((await context.store.getPublisher(input.publisherId)) ?? notFound(input.publisherId));
}

export async function listPublishers(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<Publisher>> {
  requireAdmin(caller);
  const limit = input.limit ?? limits.listDefault;
  const page = pageOf(
    await context.store.listPublishers(input.after, limit + 1),
    limit,
    ({ publisherId }) => publisherId,
  );
  return { ...page, items: page.items.map(publisherOf) };
}

export async function putPublisherTopics(
  context: Context,
  caller: Caller,
  input: { publisherId: string; body: { topics: readonly string[] } },
): Promise<Publisher> {
  requireAdmin(caller);
  for (const topic of input.body.topics) await ensureTopic(context, topic);
  const record = await context.store.putPublisherTopics(input.publisherId, [...new Set(input.body.topics)]);
  context.registry.forget("publisher", input.publisherId);
  return publisherOf(record ?? notFound(input.publisherId));
}

export async function deletePublisher(context: Context, caller: Caller, input: { publisherId: string }): Promise<void> {
  requireAdmin(caller);
  const deleted = await context.store.deletePublisher(input.publisherId);
  context.registry.forget("publisher", input.publisherId);
  if (!deleted) notFound(input.publisherId);
}

function publisherOf({ publisherId, name, topics, createdAtMs }: PublisherRecord): Publisher {
  return { publisherId, name, topics, createdAt: timeToString(createdAtMs) };
}

function notFound(publisherId: string): never {
  throw new BellwetherError("publisher_not_found", `There is no publisher "${publisherId}".`);
}
