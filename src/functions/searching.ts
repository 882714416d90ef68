import { limits } from "#contract/limits.ts";
import { readBack } from "#core/back-reader.ts";
import { type Cursor, encodeCursor } from "#core/cursor.ts";
import { MovingCursor, readOn } from "#core/reader.ts";
import { topicHashOf } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";

import type { MessagesPage } from "./messages-page.ts";
import { rest } from "./rest.ts";

/** How many messages are read between two rests: parsing and cutting as many takes some ten milliseconds. */
const messagesPerStep = 250;

/** The messages behind a cursor that are wanted, as far as one call looks. */
export async function searchPage(
  context: Context,
  topic: TopicRecord,
  from: Cursor,
  limit: number,
  isWanted: (message: string) => boolean,
): Promise<MessagesPage> {
  const messages: string[] = [];
  const discontinuities: MessagesPage["discontinuities"][number][] = [];
  const nowMs = context.clock.nowMs();
  let cursor = from;
  let scanned = 0;
  let bytes = 0;
  for (let steps = 1; ; steps++) {
    const step = await readOn(context.store, [topic], cursor, messagesPerStep, nowMs);
    const passed = new MovingCursor(cursor);
    for (const delivery of step.deliveries) {
      passed.pass(delivery);
      if ("discontinuity" in delivery) {
        discontinuities.push(delivery.discontinuity);
        continue;
      }
      scanned += 1;
      bytes += delivery.message.length;
      if (!isWanted(delivery.message)) continue;
      messages.push(delivery.message);
      if (messages.length === limit)
        return page(context, { messages, discontinuities, cursor: passed, scanned, more: true });
    }
    cursor = step.cursor;
    // Steps count too: what has expired is read through and not delivered.
    const isOver = steps >= limits.scanMessagesMax / messagesPerStep || bytes >= limits.scanBytesMax;
    if (isOver || !step.more) return page(context, { messages, discontinuities, cursor, scanned, more: step.more });
    await rest();
  }
}

/** The messages before a cursor, or those of them that are wanted, as far back as one call looks. */
export async function pageBefore(
  context: Context,
  topic: TopicRecord,
  from: Cursor,
  limit: number,
  isWanted: ((message: string) => boolean) | undefined,
): Promise<MessagesPage> {
  const part = from.topics.find(
    ({ topicHash, incarnation }) => topicHash === topicHashOf(topic.topic) && incarnation === topic.incarnation,
  );
  const { cursor, scanned, ...step } = await readBack(
    context.store,
    topic,
    part ?? { topicHash: topicHashOf(topic.topic), incarnation: topic.incarnation, positions: new Map() },
    {
      messages: limit,
      scanMessages: limits.scanMessagesMax,
      scanBytes: limits.scanBytesMax,
      isWanted: isWanted ?? (() => true),
      rest,
    },
    context.clock.nowMs(),
  );
  return page(context, { ...step, cursor: { generation: 0, topics: [cursor] }, ...(isWanted && { scanned }) });
}

function page(
  context: Context,
  {
    more,
    cursor,
    ...found
  }: Pick<MessagesPage, "messages" | "discontinuities" | "scanned"> & {
    cursor: Cursor;
    more: boolean;
  },
): MessagesPage {
  context.traffic.messagesOut += found.messages.length;
  return {
    ...found,
    cursor: encodeCursor(cursor),
    pollAfterMs: more ? 0 : context.settings.pollAfterMs,
    events: () => [],
  };
}
