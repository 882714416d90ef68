import type { Clock } from "#core/clock.ts";
import type { Entry } from "#core/entry.ts";
import { type Counter, dayMs } from "./counter.ts";
import type { LogReader } from "./log-reader.ts";
import type { Requests } from "./requests.ts";
import { trimOf } from "./trim.ts";

/** What an entry is searched by: both grow with the ticket. */
export type Wanted = { readonly sequence: number } | { readonly publishedAtMs: number };

/** A place in the log and what is searched by, there. */
interface Bound {
  ticket: number;
  value: number;
}

/**
 * The first entry that ends behind a sequence, or was published at a time or later. The marks of days say where to look;
 * within, the place is guessed from how the values lie, every other time halved, so that a probe, which is paid for by the
 * size of the entry, seldom needs more than a few others. What it comes to is read as any reader does: an entry before it
 * that has its ticket and is still being written is the first one then.
 */
export async function findEntry(
  requests: Requests,
  reader: LogReader,
  counter: Counter,
  clock: Clock,
  wanted: Wanted,
): Promise<Entry | undefined> {
  const { ref } = counter;
  const { low, high } = boundsOf(counter, wanted, trimOf(counter, clock.nowMs()).tickets);
  for (let probes = 0; low.ticket < high.ticket; probes++) {
    const ticket = probeAt(low, high, wanted, probes);
    const entry = await reader.firstEntryFrom(requests, ref, ticket, high.ticket);
    if (entry && !isReached(entry, wanted))
      Object.assign(low, { ticket: entry.ticket + 1, value: valueAt(entry, wanted) });
    else Object.assign(high, { ticket, value: entry ? valueAt(entry, wanted) : high.value });
  }
  for (let { ticket } = low; ; ) {
    const [entry] = await reader.readEntries(requests, ref, ticket, 1, 1);
    if (!entry || isReached(entry, wanted)) return entry;
    ticket = entry.ticket + 1;
  }
}

function boundsOf(counter: Counter, wanted: Wanted, firstTicket: number): { low: Bound; high: Bound } {
  const bySequence = "sequence" in wanted;
  const target = bySequence ? wanted.sequence : wanted.publishedAtMs;
  const low = { ticket: 0, value: bySequence ? 0 : target - dayMs };
  const high = { ticket: counter.tickets, value: bySequence ? counter.messages : counter.lastAtMs };
  for (const { day, tickets, messages } of counter.marks) {
    const value = bySequence ? messages : day * dayMs;
    if (value <= target) Object.assign(low, { ticket: tickets, value });
    else if (high.ticket > tickets) Object.assign(high, { ticket: tickets, value });
  }
  low.ticket = Math.max(low.ticket, firstTicket);
  return { low, high };
}

function probeAt(low: Bound, high: Bound, wanted: Wanted, probes: number): number {
  const width = high.ticket - low.ticket;
  if (probes % 2 === 1 || high.value <= low.value) return low.ticket + Math.floor(width / 2);
  const target = "sequence" in wanted ? wanted.sequence : wanted.publishedAtMs;
  const share = (target - low.value) / (high.value - low.value);
  return low.ticket + Math.min(width - 1, Math.max(0, Math.floor(share * width)));
}

function isReached(entry: Entry, wanted: Wanted): boolean {
  return "sequence" in wanted
    ? entry.firstSequence + entry.count > wanted.sequence
    : entry.publishedAtMs >= wanted.publishedAtMs;
}

function valueAt(entry: Entry, wanted: Wanted): number {
  return "sequence" in wanted ? entry.firstSequence : entry.publishedAtMs;
}
