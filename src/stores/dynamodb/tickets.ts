import { type ShardRef, shardKey } from "#core/shard.ts";
import { type Counter, counterKey, dayMs, markNames } from "./counter.ts";
import { numberOf } from "./items.ts";
import type { Requests } from "./requests.ts";
import { unavailable } from "./retries.ts";
import { type ShardViews, topicNotFound } from "./shard-views.ts";
import { obsoleteNames } from "./trim.ts";
import { wake } from "./wakefulness.ts";

/** A place in a shard's log that nobody else is given. */
export interface Ticket {
  readonly ref: ShardRef;
  readonly ticket: number;
  readonly firstSequence: number;
  /** Not before that of any lower ticket of the shard. */
  readonly publishedAtMs: number;
  readonly retentionSeconds: number;
  /** When it was taken, on this process's monotonic clock. */
  readonly takenMs: number;
}

const triesMax = 20;
/** So many obsolete attributes may gather before a ticket sweeps them out. */
const obsoleteMax = 6;

/**
 * Takes the next ticket of a shard, with sequences for `count` messages and a publish time of at least `nowMs`: one write
 * unit. One that is taken and never used is burnt, which does no harm: whether an unanswered request took one need not be
 * known. Throws `topic_not_found`.
 */
export async function takeTicket(
  requests: Requests,
  views: ShardViews,
  ref: ShardRef,
  count: number,
  bytes: number,
  nowMs: number,
): Promise<Ticket> {
  let publishedAtMs = Math.max(nowMs, views.recent(ref, requests.timing.monotonicMs(), 60_000)?.lastAtMs ?? 0);
  for (let tries = 0; tries < triesMax; tries++) {
    const takenMs = requests.timing.monotonicMs();
    const known = views.recent(ref, takenMs, 60_000);
    const written = await requests.update("Topics", counterKey(ref), addition(count, bytes, publishedAtMs, known), {
      text: "attribute_exists(t) AND attribute_not_exists(g) AND l <= :now",
    });
    if (!written.refused) {
      const counter = views.note(written.item!, requests.timing.monotonicMs());
      const after = { tickets: numberOf(written.item!, "t"), messages: numberOf(written.item!, "m") };
      if (numberOf(written.item!, "z") % 2 === 1) await wake(requests, ref, numberOf(written.item!, "z"));
      return {
        ref,
        ticket: after.tickets - 1,
        firstSequence: after.messages - count,
        publishedAtMs,
        retentionSeconds: counter.retentionSeconds,
        takenMs,
      };
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

function addition(count: number, bytes: number, publishedAtMs: number, known: Counter | undefined) {
  const day = Math.floor(publishedAtMs / dayMs);
  const [T, M, B] = markNames(day);
  const obsolete = known ? obsoleteNames(known, publishedAtMs, day) : [];
  const removed = obsolete.length >= obsoleteMax ? obsolete : [];
  const names = Object.fromEntries(removed.map((name, i) => [`#x${i}`, name]));
  return {
    text: `SET l = :now, #T = if_not_exists(#T, t), #M = if_not_exists(#M, m), #B = if_not_exists(#B, b) ADD t :one, m :count, b :bytes${
      removed.length > 0 ? ` REMOVE ${Object.keys(names).join(", ")}` : ""
    }`,
    values: { ":now": publishedAtMs, ":one": 1, ":count": count, ":bytes": bytes },
    names: { "#T": T, "#M": M, "#B": B, ...names },
  };
}
