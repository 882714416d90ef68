import { BellwetherError } from "#contract/errors.ts";
import { decodeEntry, renderMessage } from "#core/entry.ts";
import { decodeMessageId } from "#core/shard.ts";
import { type Caller, requireRead } from "./access.ts";
import type { Context } from "./context.ts";
import { knownTopic } from "./known-topics.ts";

/** One message as JSON text. Throws `message_not_found`, also for one that has expired. */
export async function getMessage(
  context: Context,
  caller: Caller,
  input: { topic: string; messageId: string },
): Promise<{ message: string }> {
  requireRead(context, caller, input.topic);
  const topic = await knownTopic(context, input.topic);
  const id = decodeMessageId(input.messageId);
  const ref = { topic: topic.topic, incarnation: topic.incarnation, shard: id?.shard ?? 0 };
  const entry =
    id && id.shard < topic.shards ? await context.store.findEntry(ref, { sequence: id.sequence }) : undefined;
  const message = entry && decodeEntry(entry).find(({ sequence }) => sequence === id!.sequence);
  const nowMs = context.clock.nowMs();
  const cutoffMs = topic.retentionSeconds === 0 ? Number.NEGATIVE_INFINITY : nowMs - topic.retentionSeconds * 1000;
  if (!message || message.expiresAtMs <= nowMs || entry.publishedAtMs <= cutoffMs) {
    throw new BellwetherError(
      "message_not_found",
      `The topic "${topic.topic}" has no message "${input.messageId.slice(0, 40)}" (any more).`,
    );
  }
  return { message: renderMessage(ref, entry.publishedAtMs, message) };
}
