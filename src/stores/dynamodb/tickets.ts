import { type ShardRef, shardKey } from "#core/shard.ts";
import { counterKey, dayMs, decodeCounter, markNames } from "./counter.ts";
import { numberOf } from "./items.ts";
import type { Requests } from "./requests.ts";
import { unavailable } from "./retries.ts";
import { type ShardViews, topicNotFound } from "./shard-views.ts";
import type { Moment } from "./timing.ts";
import { tidy } from "./trim.ts";
import { wake } from "./wakefulness.ts";

/** A place in a shard's log that nobody else is given. */
export interface Ticket {
  readonly ref: ShardRef;
  readonly ticket: number;
  readonly firstSequence: number;
  /** Not before that of any lower ticket of the shard. */
  readonly publishedAtMs: number;
  readonly retentionSeconds: number;
  /** When its publish time was, or earlier, on this process's monotonic clock. */
  readonly timedMs: number;
}

const triesMax = 20;

/**
 * Takes the next ticket of a shard, with sequences for `count` messages and a publish time of `at` or later: one write
 * unit. One that is taken and never used is burnt, which does no harm: whether an unanswered request took one need not be
 * known. Throws `topic_not_found`.
 */
export async function takeTicket(
  requests: Requests,
  views: ShardViews,
  ref: ShardRef,
  count: number,
  bytes: number,
  at: Moment,
): Promise<Ticket> {
  let publishedAtMs = Math.max(at.nowMs, views.recent(ref, requests.timing.monotonicMs(), 60_000)?.lastAtMs ?? 0);
  for (let tries = 0; tries < triesMax; tries++) {
    const written = await requests.update("Topics", counterKey(ref), addition(count, bytes, publishedAtMs), {
      text: "attribute_exists(t) AND attribute_not_exists(g) AND l <= :now",
    });
    if (!written.refused) {
      const counter = decodeCounter(written.item!);
      views.note(counter, requests.timing.monotonicMs());
      const { tickets, messages, retentionSeconds, sleeps } = counter;
      if (sleeps % 2 === 1) await wake(requests, ref, sleeps);
      await tidy(requests, counter, publishedAtMs).catch(() => {}); // the next one does
      const place = { ticket: tickets - 1, firstSequence: messages - count };
      return { ref, ...place, publishedAtMs, retentionSeconds, timedMs: at.monotonicMs };
    }
    if (!written.by || written.by.g !== undefined) {
      views.forget(ref);
      throw topicNotFound(ref.topic);
    }
    // Another writer's clock is ahead: time never goes back within a shard.
    publishedAtMs = Math.max(publishedAtMs, numberOf(written.by, "l"));
  }
  throw unavailable(new Error(`The time of ${shardKey(ref)} runs ahead.`));
}

function addition(count: number, bytes: number, publishedAtMs: number) {
  const [T, M, B] = markNames(Math.floor(publishedAtMs / dayMs));
  return {
    text: "SET l = :now, #T = if_not_exists(#T, t), #M = if_not_exists(#M, m), #B = if_not_exists(#B, b) ADD t :one, m :count, b :bytes",
    values: { ":now": publishedAtMs, ":one": 1, ":count": count, ":bytes": bytes },
    names: { "#T": T, "#M": M, "#B": B },
  };
}
