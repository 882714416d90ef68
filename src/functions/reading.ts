import type { Cursor } from "#core/cursor.ts";
import { readOn, watchesOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import { finitePages } from "./finite-pages.ts";
import { presentTopics } from "./known-topics.ts";
import { type MessagesPage, pageOfStep } from "./messages-page.ts";
import { type StreamPage, sharedPages } from "./shared-pages.ts";

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

/** A stream with nothing to give looks this often whether it may go on: so late ends one that was sought or deleted. */
const idleMs = 5_000;

/**
 * Pages of the topics of these names as they come, without end. Before each page after a pause of a second or more, and
 * every few seconds while there is none, `isCurrent` says whether the stream may go on; a false ends it. Where streams are
 * finite: those that there are, waited for as long as a read of `wait` seconds waits.
 */
export async function* streamPages(
  context: Context,
  names: readonly string[],
  from: Cursor,
  wait: number,
  isCurrent: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<MessagesPage> {
  if (context.settings.finiteStreams) return yield* finitePages(context, names, from, wait, signal);
  const key = names.join();
  const topicsNow = (): Promise<TopicRecord[]> => presentTopics(context, names);
  let page: StreamPage | undefined;
  let checkedAtMs = context.clock.nowMs();
  while (!signal.aborted) {
    const next = await sharedPages(context).next(key, topicsNow, page?.end ?? from, page, idleMs, signal);
    const nowMs = context.clock.nowMs();
    if (Math.abs(nowMs - checkedAtMs) >= 1000) {
      if (!(await isCurrent())) return;
      checkedAtMs = nowMs;
    }
    if (!next || signal.aborted) continue;
    context.traffic.messagesOut += next.messages.length;
    yield next;
    page = next;
  }
}
