import type { Cursor } from "#core/cursor.ts";
import { readOn, watchesOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import { finitePages } from "./finite-pages.ts";
import { type MessagesPage, pageOfStep, type StreamPage } from "./messages-page.ts";
import { PageStream } from "./page-stream.ts";

/** Reads one page; with `wait` seconds left and nothing to say, waits for news and reads again. */
export async function readPage(
  context: Context,
  topicsNow: () => Promise<TopicRecord[]>,
  from: Cursor,
  limit: number,
  wait: number,
  signal: AbortSignal,
): Promise<MessagesPage> {
  const waitMs = Math.min(wait, context.settings.waitSecondsMax) * 1000;
  const deadline = waitMs > 0 ? AbortSignal.any([signal, AbortSignal.timeout(waitMs)]) : undefined;
  let cursor = from;
  for (;;) {
    const topics = await topicsNow();
    const step = await readOn(context.store, topics, cursor, limit, context.clock.nowMs());
    if (step.deliveries.length > 0 || step.more || !deadline || deadline.aborted) {
      const page = pageOfStep(context.settings, cursor, step);
      context.traffic.messagesOut += page.messages.length;
      return page;
    }
    cursor = step.cursor;
    await context.store.waitForNews(watchesOf(topics, cursor), deadline);
  }
}

/**
 * Pages of the topics of these names as they come, without end, as long as `isCurrent`. Where streams are finite: those that
 * there are, waited for as long as a read of so many seconds waits.
 */
export function streamPages(
  context: Context,
  names: readonly string[],
  from: Cursor,
  waitSeconds: number,
  isCurrent: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncIterableIterator<StreamPage> {
  return context.settings.finiteStreams
    ? finitePages(context, names, from, waitSeconds, signal)
    : new PageStream(context, names, from, isCurrent, signal);
}
