import { appendIdOf, entryKey, isTombstone, putTombstone, sequenceOfCall, writtenAtMs } from "./entries.ts";
import type { Item } from "./items.ts";
import type { Requests, Written } from "./requests.ts";
import type { Ticket } from "./tickets.ts";
import type { Timing } from "./timing.ts";

/** Where the messages of a call came to stand in a shard. */
export interface Stored {
  readonly firstSequence: number;
  readonly publishedAtMs: number;
}

/** What stands at a ticket after a try to write there: what was to be put, a tombstone of ours, or what was there before. */
export type Occupant = "written" | "closed" | Item;

/**
 * A ticket whose publish time is so old is dropped: readers have long closed it, or the writer was frozen. So what stands in
 * the log had its ticket, which everyone can see, within this of its time; clocks that differ by some seconds have room.
 */
export const heldMaxMs = 30_000;
/** All tries of a put take less, so that the last begins before the ticket must be dropped. */
const putMs = 12_000;

/**
 * Writes at a ticket, and says what stands there then. A put that was not answered may have been done, or be done later:
 * closing the ticket tells which and keeps it so. Throws `unavailable` when nothing was written, or neither was answered.
 */
export async function occupy(
  requests: Requests,
  ticket: Ticket,
  id: string,
  put: () => Promise<Written>,
): Promise<Occupant> {
  if (requests.timing.monotonicMs() - ticket.timedMs > heldMaxMs - putMs) return closeTicket(requests, ticket);
  try {
    const written = await put();
    if (!written.refused) return "written";
    const by = written.by ?? (await read(requests, ticket));
    if (isTombstone(by)) requests.events.ticketRefused();
    return by;
  } catch (error) {
    const by = await closeTicket(requests, ticket).catch(() => "closed" as const);
    if (by !== "closed" && by !== "written" && appendIdOf(by) === id) return by;
    throw error;
  }
}

/** Puts a tombstone at a ticket that was taken and will not be used; readers would only after the grace. */
export async function closeTicket(requests: Requests, ticket: Ticket): Promise<Occupant> {
  const { ref, publishedAtMs, retentionSeconds } = ticket;
  const written = await putTombstone(requests, ref, ticket.ticket, publishedAtMs, retentionSeconds);
  return written.refused ? (written.by ?? (await read(requests, ticket))) : "closed";
}

/** Where a call stands in an occupant; undefined when it does not. */
export function storedIn(by: Occupant, callId: string | undefined): Stored | undefined {
  if (typeof by === "string" || callId === undefined) return undefined;
  const firstSequence = sequenceOfCall(by, callId);
  return firstSequence === undefined ? undefined : { firstSequence, publishedAtMs: writtenAtMs(by) };
}

/** What tells an append's entry from any other at its ticket. */
export function newAppendId(timing: Timing): string {
  return Math.floor(timing.random() * 2 ** 52).toString(36);
}

async function read(requests: Requests, { ref, ticket }: Ticket): Promise<Item> {
  const item = await requests.get("Messages", entryKey(ref, ticket), true);
  if (!item) throw new Error(`Ticket ${ticket} of ${ref.topic} was refused, and nothing stands there.`);
  return item;
}
