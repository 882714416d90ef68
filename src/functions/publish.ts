import { hash } from "node:crypto";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Published } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { type DraftMessage, encodePart } from "#core/entry.ts";
import { type MessagesBody, parseMessages } from "#core/messages.ts";
import { encodeMessageId, hash32, shardOfKey } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import { type Caller, ownerOf, requirePublish } from "./access.ts";
import type { Context } from "./context.ts";
import { knownTopic } from "./known-topics.ts";

export interface PublishInput {
  readonly topic: string;
  readonly idempotencyKey?: string;
  readonly mediaType: string;
  /** Reads the body. Asked for only once the caller may publish: nobody else makes the service hold bytes. */
  body(): Promise<Uint8Array>;
}

/** `replayed`: the answer of the first call with this Idempotency-Key. */
export type PublishOutput = Published & { readonly replayed: boolean };

/** Publishes one message or a batch, and answers when every shard has it durably. */
export async function publish(context: Context, caller: Caller, input: PublishInput): Promise<PublishOutput> {
  requirePublish(caller, input.topic);
  const topic = await knownTopic(context, input.topic);
  const body = { mediaType: input.mediaType, bytes: await input.body() };
  const messages = parseMessages(body);
  const placed = place(messages, topic, keylessShard(context, topic, input.idempotencyKey));
  const owner = ownerOf(caller);
  const parts = [...placed].map(([shard, indexes]) => ({
    shard,
    count: indexes.length,
    payload: encodePart(
      owner,
      indexes.map((i) => messages[i]!),
    ),
  }));
  const nowMs = context.clock.nowMs();
  const result = await append(
    context,
    topic,
    parts,
    nowMs,
    idempotencyOf(owner, topic, input.idempotencyKey, body, nowMs),
    placed,
  );
  if (!result.replayed) context.traffic.messagesIn += messages.length;
  return answer(topic.topic, messages.length, placed, result);
}

async function append(
  context: Context,
  topic: TopicRecord,
  parts: Parameters<Context["store"]["append"]>[0]["parts"],
  nowMs: number,
  idempotency: ReturnType<typeof idempotencyOf>,
  placed: ReadonlyMap<number, readonly number[]>,
): ReturnType<Context["store"]["append"]> {
  context.appends.begin(nowMs);
  try {
    return await context.store.append({
      topic: topic.topic,
      incarnation: topic.incarnation,
      parts,
      nowMs,
      ...(idempotency && { idempotency }),
    });
  } catch (error) {
    // Deleted elsewhere: what this process remembers of it is wrong.
    if (error instanceof BellwetherError && error.code === "topic_not_found")
      context.registry.forget("topic", topic.topic);
    throw acceptedMessages(error, placed);
  } finally {
    context.appends.end(nowMs);
  }
}

/** The store tells of parts that it holds; the caller knows messages by their position in the batch. */
function acceptedMessages(error: unknown, placed: ReadonlyMap<number, readonly number[]>): unknown {
  if (!(error instanceof BellwetherError) || !error.details.accepted) return error;
  const indexes = [...placed.values()];
  const accepted = error.details.accepted.flatMap((part) => indexes[part]!).sort((a, b) => a - b);
  return new BellwetherError(error.code, error.message, { ...error.details, accepted }, { cause: error.cause });
}

/** Which messages, by index, go to which shard. */
function place(messages: readonly DraftMessage[], topic: TopicRecord, keyless: number): Map<number, number[]> {
  const placed = new Map<number, number[]>();
  messages.forEach(({ key }, i) => {
    const shard = key === undefined ? keyless : shardOfKey(key, topic.shards);
    const indexes = placed.get(shard);
    if (indexes) indexes.push(i);
    else placed.set(shard, [i]);
  });
  return placed;
}

/** One shard for all keyless messages of a call: chosen at random, or by the Idempotency-Key so that a retry chooses the same. */
function keylessShard(context: Context, topic: TopicRecord, idempotencyKey: string | undefined): number {
  if (topic.shards === 1) return 0;
  return idempotencyKey === undefined ? context.ids.integer(topic.shards) : hash32(idempotencyKey) % topic.shards;
}

function idempotencyOf(
  owner: string,
  topic: TopicRecord,
  idempotencyKey: string | undefined,
  { mediaType, bytes }: MessagesBody,
  nowMs: number,
): { recordKey: string; fingerprint: string; expiresAtMs: number } | undefined {
  if (idempotencyKey === undefined) return undefined;
  const fingerprint = hash("sha256", Buffer.concat([Buffer.from(`${mediaType}\n`), bytes]), "hex");
  return {
    recordKey: hash("sha256", `${owner}\n${topic.topic}\n${topic.incarnation}\n${idempotencyKey}`, "hex"),
    fingerprint,
    expiresAtMs: nowMs + limits.idempotencyKeptSeconds * 1000,
  };
}

function answer(
  topic: string,
  count: number,
  placed: ReadonlyMap<number, readonly number[]>,
  result: { publishedAtMs: number; firstSequences: readonly number[]; replayed: boolean },
): PublishOutput {
  const messages = new Array<{ id: string; sequence: number }>(count);
  [...placed].forEach(([shard, indexes], part) => {
    indexes.forEach((i, nth) => {
      const sequence = result.firstSequences[part]! + nth;
      messages[i] = { id: encodeMessageId(shard, sequence), sequence };
    });
  });
  return { topic, publishedAt: timeToString(result.publishedAtMs), messages, replayed: result.replayed };
}
