import type { AppendRequest, AppendResult } from "#core/store.ts";
import { entryKey, putEntry } from "./entries.ts";
import { type CallRecord, callIdOf, type Idempotency, moveRecord, type Place } from "./idempotency.ts";
import type { Requests } from "./requests.ts";
import { unavailable } from "./retries.ts";
import { type ShardViews, topicNotFound } from "./shard-views.ts";
import { closeTicket, heldMaxMs, newAppendId, type Occupant, occupy, type Stored, storedIn } from "./ticket-use.ts";
import { type Ticket, takeTicket } from "./tickets.ts";
import { type Moment, since } from "./timing.ts";

/** How often a part moves to another ticket because its ticket was closed. */
const movesMax = 8;

/**
 * Answers a call with an Idempotency-Key that has a record: with what stands at the tickets that the record names, writing
 * there what is missing. So a retry completes the call that was cut off, and a twin that overlaps it helps; all give the
 * same answer.
 */
export async function appendAgain(
  requests: Requests,
  views: ShardViews,
  request: AppendRequest,
  record: CallRecord,
  came: Moment,
): Promise<AppendResult> {
  const stored = await Promise.all(
    request.parts.map((part) => standPart(requests, views, request, part, record, came)),
  );
  return {
    publishedAtMs: Math.max(...stored.map(({ publishedAtMs }) => publishedAtMs)),
    firstSequences: stored.map(({ firstSequence }) => firstSequence),
    replayed: true,
  };
}

async function standPart(
  requests: Requests,
  views: ShardViews,
  request: AppendRequest,
  part: AppendRequest["parts"][number],
  first: CallRecord,
  came: Moment,
): Promise<Stored> {
  const ref = { topic: request.topic, incarnation: request.incarnation, shard: part.shard };
  const idempotency = request.idempotency!;
  const counter = await views.read(requests, ref, true);
  if (!counter) throw topicNotFound(ref.topic);
  let place = placeIn(first, part.shard);
  for (let moves = 0; moves < movesMax; moves++) {
    const timedMs = came.monotonicMs - Math.max(0, came.nowMs - place.publishedAtMs);
    const ticket = { ref, ...place, retentionSeconds: counter.retentionSeconds, timedMs };
    const by = await standAt(requests, ticket, part, callIdOf(idempotency));
    if (by === "written") return place;
    const stored = storedIn(by, callIdOf(idempotency));
    if (stored) return stored;
    place = await moved(requests, views, idempotency, part, place, ticket, came);
  }
  throw unavailable(new Error("The tickets of the call were closed again and again."));
}

/** What stands at the recorded ticket, having written the part there if nothing did. A ticket of long ago is closed instead. */
async function standAt(
  requests: Requests,
  ticket: Ticket,
  part: AppendRequest["parts"][number],
  callId: string,
): Promise<Occupant> {
  const item = await requests.get("Messages", entryKey(ticket.ref, ticket.ticket), true);
  if (item) return item;
  if (requests.timing.monotonicMs() - ticket.timedMs > heldMaxMs) return closeTicket(requests, ticket);
  const id = newAppendId(requests.timing);
  const { count, payload } = part;
  const entry = { ...ticket, id, count, payload, calls: [{ callId, offset: 0 }] };
  return occupy(requests, ticket, id, () => putEntry(requests, ticket.ref, ticket.ticket, entry));
}

/** Takes a new ticket and moves the record there; gives the place that the record has then. */
async function moved(
  requests: Requests,
  views: ShardViews,
  idempotency: Idempotency,
  { count, payload }: AppendRequest["parts"][number],
  from: Place,
  { ref }: Ticket,
  came: Moment,
): Promise<Place> {
  const to = await takeTicket(requests, views, ref, count, payload.length, since(came, requests.timing));
  const record = await moveRecord(requests, idempotency, ref.shard, from, to);
  if (!record) throw unavailable(new Error("The record of the call is gone."));
  const place = placeIn(record, ref.shard);
  if (place.ticket !== to.ticket) await closeTicket(requests, to).catch(() => {}); // else readers do
  return place;
}

function placeIn(record: CallRecord, shard: number): Place {
  const place = record.places.get(shard);
  // The fingerprint covers the payload and so its shards.
  if (!place) throw unavailable(new Error(`The record names no ticket in shard ${shard}.`));
  return place;
}
