import type { Cursor } from "#core/cursor.ts";
import { readOn, watchesOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";
import { finitePages } from "./finite-pages.ts";
import { presentTopics } from "./known-topics.ts";
import { type MessagesPage, pageOfStep, type StreamPage } from "./messages-page.ts";
import { PageWait } from "./page-wait.ts";
import { type SharedPage, sharedPages } from "./shared-pages.ts";

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
 * finite: those that there are, waited for as long as a read of so many seconds waits.
 */
export async function* streamPages(
  context: Context,
  names: readonly string[],
  from: Cursor,
  waitSeconds: number,
  isCurrent: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<StreamPage> {
  if (context.settings.finiteStreams) return yield* finitePages(context, names, from, waitSeconds, signal);
  const key = names.join();
  const topicsNow = (): Promise<TopicRecord[]> => presentTopics(context, names);
  const pages = sharedPages(context);
  const wait = new PageWait(idleMs, signal);
  let page: SharedPage | undefined;
  let checkedAtMs = context.clock.nowMs();
  try {
    while (!signal.aborted) {
      const next = await pages.next(key, topicsNow, page?.end ?? from, page, wait);
      const nowMs = context.clock.nowMs();
      if (Math.abs(nowMs - checkedAtMs) >= 1000) {
        if (!(await isCurrent())) return;
        checkedAtMs = nowMs;
      }
      if (!next || signal.aborted) continue;
      context.traffic.messagesOut += next.messages;
      yield next;
      page = next;
    }
  } finally {
    wait.close();
  }
}
