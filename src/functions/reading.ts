import { limits } from "#contract/limits.ts";
import type { Discontinuity } from "#contract/types.ts";
import { type Cursor, encodeCursor } from "#core/cursor.ts";
import { cursorAfter, readOn, watchesOf } from "#core/reader.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "./context.ts";

/** An event of a page: a message's JSON as stored, or a loss. `id` is the cursor after it. */
export type PageEvent = { readonly id: string } & (
  | { readonly message: string }
  | { readonly discontinuity: Discontinuity }
);

/** A page before it is written out. Its messages are JSON texts that are copied, not parsed. */
export interface MessagesPage {
  readonly messages: readonly string[];
  readonly discontinuities: readonly Discontinuity[];
  readonly cursor: string;
  readonly pollAfterMs: number;
  /** In order of delivery, each with its cursor; made when asked for, as only streams need them. */
  events(): PageEvent[];
}

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
    if (step.deliveries.length > 0 || step.more || !deadline || deadline.aborted)
      return pageOfStep(context, cursor, step);
    cursor = step.cursor;
    await context.store.waitForNews(watchesOf(topics, cursor), deadline);
  }
}

/**
 * After a page a stream gathers for this long before the next: three times the fan-out at high rates (measured on a
 * prototype), while the first message after a pause goes out at once.
 */
const gatherMs = 5;

/** A stream with nothing to give looks this often whether it may go on: so late ends one that was sought or deleted. */
const idleMs = 5_000;

/**
 * Pages as they come, without end. Before each page after a pause of a second or more, and every few seconds while there
 * is none, `isCurrent` says whether the stream may go on; a false ends it.
 */
export async function* streamPages(
  context: Context,
  topicsNow: () => Promise<TopicRecord[]>,
  from: Cursor,
  isCurrent: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<MessagesPage> {
  let cursor = from;
  let checkedAtMs = context.clock.nowMs();
  while (!signal.aborted) {
    const nowMs = context.clock.nowMs();
    if (Math.abs(nowMs - checkedAtMs) >= 1000) {
      if (!(await isCurrent())) return;
      checkedAtMs = nowMs;
    }
    const topics = await topicsNow();
    const step = await readOn(context.store, topics, cursor, limits.pageMessagesMax, nowMs);
    if (step.deliveries.length > 0) yield pageOfStep(context, cursor, step);
    cursor = step.cursor;
    if (step.more) continue;
    const sentAt = performance.now();
    await newsOrPause(context, watchesOf(topics, cursor), signal);
    const pauseMs = gatherMs - (performance.now() - sentAt);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function newsOrPause(
  context: Context,
  watches: ReturnType<typeof watchesOf>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = setTimeout(end, idleMs);
  signal.addEventListener("abort", end);
  await context.store.waitForNews(watches, over.signal);
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}

function pageOfStep(context: Context, from: Cursor, step: Awaited<ReturnType<typeof readOn>>): MessagesPage {
  return {
    messages: step.deliveries.flatMap((delivery) => ("message" in delivery ? [delivery.message] : [])),
    discontinuities: step.deliveries.flatMap((delivery) =>
      "discontinuity" in delivery ? [delivery.discontinuity] : [],
    ),
    cursor: encodeCursor(step.cursor),
    pollAfterMs: step.more ? 0 : context.settings.pollAfterMs,
    events: () => {
      let cursor = from;
      return step.deliveries.map((delivery) => {
        cursor = cursorAfter(cursor, delivery);
        const id = encodeCursor(cursor);
        return "message" in delivery
          ? { id, message: delivery.message }
          : { id, discontinuity: delivery.discontinuity };
      });
    },
  };
}
