import type { ShardRef } from "#core/shard.ts";
import type { TermsChange } from "#core/store.ts";
import { counterKey } from "./counter.ts";
import { numberOf } from "./items.ts";
import type { Requests } from "./requests.ts";
import { putSummary } from "./summaries.ts";
import { type AwakePage, readAwake } from "./wakefulness.ts";
import { clearMark, setMark } from "./work.ts";

/** Shards of one page of the list of those awake. */
const pageShards = 100;

export async function listUncounted(requests: Requests, limit: number): Promise<{ ref: ShardRef; ticket: number }[]> {
  const uncounted: { ref: ShardRef; ticket: number }[] = [];
  let from: string | undefined;
  do {
    const page: AwakePage = await readAwake(requests, from, pageShards);
    for (const { counter } of page.shards)
      if (counter && !counter.isGone && counter.counted < counter.tickets)
        uncounted.push({ ref: counter.ref, ticket: counter.counted });
    from = page.next;
  } while (from !== undefined && uncounted.length < limit);
  return uncounted.slice(0, limit);
}

/** In the order that the port asks of a store without transactions: each step ends before the next begins. */
export async function saveTerms(requests: Requests, change: TermsChange): Promise<boolean> {
  const puts = await all(change.puts.map((put) => putSummary(requests, put)));
  if (puts.includes(false)) return false;
  await all(change.setMarks.map((mark) => setMark(requests, mark)));
  const moves = await all([
    ...change.cursors.map((cursor) => moveCursor(requests, cursor)),
    ...change.clearMarks.map(async (mark) => {
      await clearMark(requests, mark);
      return true;
    }),
  ]);
  return !moves.includes(false);
}

/** Moves a count cursor if it still stands there. Where an unanswered try may have moved it, it stands at its end. */
async function moveCursor(
  requests: Requests,
  { ref, fromTicket, toTicket }: TermsChange["cursors"][number],
): Promise<boolean> {
  const written = await requests.update(
    "Topics",
    counterKey(ref),
    { text: "SET c = :to", values: { ":to": toTicket } },
    { text: "c = :from AND attribute_not_exists(g)", values: { ":from": fromTicket } },
  );
  if (!written.refused) return true;
  return written.wasUnsure && written.by !== undefined && numberOf(written.by, "c") === toTicket;
}

/** All results, once all have ended: a step is not left while any of its writes is under way. */
async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
