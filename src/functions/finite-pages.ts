import { limits } from "#contract/limits.ts";
import type { Cursor } from "#core/cursor.ts";
import { readOn, watchesOf } from "#core/reader.ts";
import type { Context } from "./context.ts";
import { presentTopics } from "./known-topics.ts";
import { pageOfStep, type StreamPage, streamPageOf } from "./messages-page.ts";

/** The pages that there are, where streams are finite. While there is none they are waited for as long as a read waits. */
export async function* finitePages(
  context: Context,
  names: readonly string[],
  from: Cursor,
  waitSeconds: number,
  signal: AbortSignal,
): AsyncGenerator<StreamPage> {
  const { settings, store, clock } = context;
  const endsAtMs = performance.now() + Math.min(waitSeconds, settings.waitSecondsMax) * 1000;
  let cursor = from;
  let isGiven = false;
  while (!signal.aborted) {
    const topics = await presentTopics(context, names);
    const step = await readOn(store, topics, cursor, limits.pageMessagesMax, clock.nowMs());
    if (step.deliveries.length > 0) {
      isGiven = true;
      yield streamPageOf(pageOfStep(settings, cursor, step));
    }
    cursor = step.cursor;
    if (step.more) continue;
    const leftMs = Math.ceil(endsAtMs - performance.now());
    if (isGiven || leftMs <= 0) return;
    await store.waitForNews(watchesOf(topics, cursor), AbortSignal.any([signal, AbortSignal.timeout(leftMs)]));
  }
}
