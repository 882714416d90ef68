import { type ShardRef, shardKey } from "#core/shard.ts";
import { counterKey, dayMs, decodeCounter, markNames } from "./counter.ts";
import type { Item } from "./items.ts";
import type { Expression, Requests } from "./requests.ts";
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
  const nowMs = Math.max(at.nowMs, views.recent(ref, requests.timing.monotonicMs(), 60_000)?.lastAtMs ?? 0);
  const take = (update: Expression, time: string) =>
    requests.update("Topics", counterKey(ref), update, {
      text: `attribute_exists(t) AND attribute_not_exists(g) AND ${time}`,
    });
  let written = await take(additionAt(count, bytes, nowMs), "l <= :now");
  // Time never goes back within a shard, and another writer's is ahead. The ticket is taken at that one, whatever it has come
  // to by then: busy writers would overtake a second guess too, and each refusal costs the partition a write.
  if (written.refused && isThere(written.by)) written = await take(additionAtLast(count, bytes, nowMs), ":now <= l");
  if (written.refused) {
    if (isThere(written.by)) throw unavailable(new Error(`The time of ${shardKey(ref)} went back.`));
    views.forget(ref);
    throw topicNotFound(ref.topic);
  }
  const counter = decodeCounter(written.item!);
  views.note(counter, requests.timing.monotonicMs());
  const { tickets, messages, lastAtMs: publishedAtMs, retentionSeconds, sleeps } = counter;
  if (sleeps % 2 === 1) await wake(requests, ref, sleeps);
  await tidy(requests, counter, publishedAtMs).catch(() => {}); // the next one does
  const place = { ticket: tickets - 1, firstSequence: messages - count };
  return { ref, ...place, publishedAtMs, retentionSeconds, timedMs: at.monotonicMs };
}

function isThere(counter: Item | undefined): boolean {
  return counter !== undefined && counter.g === undefined;
}

/** At a time of its own, which may begin a day. */
function additionAt(count: number, bytes: number, publishedAtMs: number): Expression {
  const [T, M, B] = markNames(Math.floor(publishedAtMs / dayMs));
  return {
    text: "SET l = :now, #T = if_not_exists(#T, t), #M = if_not_exists(#M, m), #B = if_not_exists(#B, b) ADD t :one, m :count, b :bytes",
    values: { ":now": publishedAtMs, ":one": 1, ":count": count, ":bytes": bytes },
    names: { "#T": T, "#M": M, "#B": B },
  };
}

/** At the time of the ticket before, whose day is marked. */
function additionAtLast(count: number, bytes: number, nowMs: number): Expression {
  return {
    text: "ADD t :one, m :count, b :bytes",
    values: { ":now": nowMs, ":one": 1, ":count": count, ":bytes": bytes },
  };
}
