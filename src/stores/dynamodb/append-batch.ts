import type { Clock } from "#core/clock.ts";
import type { ShardRef } from "#core/shard.ts";
import type { AppendRequest } from "#core/store.ts";
import { appendIdOf, putEntry } from "./entries.ts";
import { type CallRecord, callIdOf, type Idempotency, moveRecord, type Place, putRecord } from "./idempotency.ts";
import type { Requests } from "./requests.ts";
import { unavailable } from "./retries.ts";
import type { ShardViews } from "./shard-views.ts";
import { closeTicket, newAppendId, occupy, type Stored, storedIn } from "./ticket-use.ts";
import { type Ticket, takeTicket } from "./tickets.ts";
import { type Moment, since, type Timing } from "./timing.ts";

/** The messages of one call for one shard, and where they came to stand. */
export interface Part {
  readonly call: Call;
  readonly shard: number;
  readonly count: number;
  readonly payload: Uint8Array;
  stored: Stored | undefined;
}

/** One call under way. */
export class Call {
  readonly request: AppendRequest;
  readonly parts: readonly Part[];
  readonly callId: string | undefined;
  /** The record of another call with this key, which was faster. */
  record: CallRecord | undefined;
  /** Where its own record says that it is to stand, by shard. */
  noted: Map<number, Place> | undefined;
  error: unknown;

  /** When it came, by both clocks. */
  readonly came: Moment;
  /** By the clock that `nowMs` is of, so that what it waited can be added. */
  readonly #cameMs: number;

  constructor(request: AppendRequest, clock: Clock, timing: Timing) {
    this.request = request;
    this.came = { nowMs: request.nowMs, monotonicMs: timing.monotonicMs() };
    this.#cameMs = clock.nowMs();
    this.callId = request.idempotency && callIdOf(request.idempotency);
    this.parts = request.parts.map((part) => ({ call: this, ...part, stored: undefined }));
  }

  /** Its time when its ticket is taken: what it waited before belongs to it, or an answer could be as of a time before it. */
  nowMs(clock: Clock): number {
    return this.request.nowMs + Math.max(0, clock.nowMs() - this.#cameMs);
  }

  get isOpen(): boolean {
    return this.error === undefined && this.record === undefined && this.parts.some(({ stored }) => !stored);
  }
}

/** How often parts are written again because a reader had closed their ticket. */
const roundsMax = 8;
/** How often tickets are given back for one time; past it a call over several shards has several times, the answered the last. */
const timesMax = 8;

/**
 * Writes calls to shards of one topic together: a ticket and an entry for each shard. Where all goes well that is one round;
 * parts whose ticket was closed meanwhile take part in the next. How each call ended stands in it.
 */
export async function writeBatch(
  requests: Requests,
  views: ShardViews,
  topic: { readonly topic: string; readonly incarnation: number },
  calls: readonly Call[],
  clock: Clock,
): Promise<void> {
  const { timing } = requests;
  const began: Moment = {
    monotonicMs: timing.monotonicMs(),
    nowMs: Math.max(...calls.map((call) => call.nowMs(clock))),
  };
  for (let round = 0; round < roundsMax; round++) {
    const open = calls.filter((call) => call.isOpen);
    if (open.length === 0) return;
    const at = round === 0 ? began : since(began, timing);
    const groups = Map.groupBy(
      open.flatMap(({ parts }) => parts.filter(({ stored }) => !stored)),
      ({ shard }) => shard,
    );
    const tickets = await takeTickets(requests, views, topic, groups, at);
    await Promise.all(open.map((call) => noteCall(requests, call, tickets, at.nowMs)));
    await Promise.all([...tickets].map(([shard, ticket]) => writeEntry(requests, ticket, groups.get(shard)!)));
  }
  for (const call of calls)
    if (call.isOpen) call.error = unavailable(new Error("Its tickets were closed again and again."));
}

/**
 * A ticket for each shard. Where one call has parts in several, all have one time: a shard whose ticket has an earlier time
 * than another's gives it back and takes the next. A shard that gives none fails the calls that need it.
 */
async function takeTickets(
  requests: Requests,
  views: ShardViews,
  topic: { readonly topic: string; readonly incarnation: number },
  groups: ReadonlyMap<number, readonly Part[]>,
  at: Moment,
): Promise<Map<number, Ticket>> {
  const tickets = new Map<number, Ticket>();
  let isShared = [...groups.values()].flat().some(({ call }) => call.parts.length > 1);
  const knownMs = [...groups.keys()].map(
    (shard) => views.recent({ ...topic, shard }, requests.timing.monotonicMs(), 60_000)?.lastAtMs ?? 0,
  );
  let atMs = Math.max(at.nowMs, ...(isShared ? knownMs : []));
  for (let times = 1; ; times++) {
    const missing = [...groups].filter(
      ([shard, parts]) =>
        parts.some(({ call }) => call.isOpen) &&
        (isShared ? tickets.get(shard)?.publishedAtMs !== atMs : !tickets.has(shard)),
    );
    if (missing.length === 0) return tickets;
    await Promise.all(
      missing.map(async ([shard, parts]) => {
        const ref: ShardRef = { ...topic, shard };
        const early = tickets.get(shard);
        tickets.delete(shard);
        if (early) await closeTicket(requests, early).catch(() => {}); // else readers do
        const count = parts.reduce((sum, part) => sum + part.count, 0);
        const bytes = parts.reduce((sum, part) => sum + part.payload.length, 0);
        try {
          tickets.set(shard, await takeTicket(requests, views, ref, count, bytes, { ...at, nowMs: atMs }));
        } catch (error) {
          for (const { call } of parts) call.error ??= error;
        }
      }),
    );
    isShared &&= times < timesMax;
    if (isShared) atMs = Math.max(atMs, ...[...tickets.values()].map(({ publishedAtMs }) => publishedAtMs));
  }
}

/** Puts the record of a call with an Idempotency-Key, or moves it to the new tickets. Where another was faster, it counts. */
async function noteCall(
  requests: Requests,
  call: Call,
  tickets: ReadonlyMap<number, Ticket>,
  nowMs: number,
): Promise<void> {
  const { idempotency } = call.request;
  if (!idempotency || !call.isOpen) return;
  try {
    const own = call.parts.flatMap(({ shard, stored }) => (stored ? [] : (tickets.get(shard) ?? [])));
    if (!call.noted) {
      call.record = await putRecord(requests, idempotency, own, nowMs);
      call.noted = new Map(own.map((ticket) => [ticket.ref.shard, ticket]));
    } else for (const ticket of own) await moveNote(requests, call, idempotency, ticket);
  } catch (error) {
    call.error ??= error;
  }
}

async function moveNote(requests: Requests, call: Call, idempotency: Idempotency, ticket: Ticket): Promise<void> {
  const { shard } = ticket.ref;
  const record = await moveRecord(requests, idempotency, shard, call.noted!.get(shard)!, ticket);
  if (record?.places.get(shard)?.ticket === ticket.ticket) call.noted!.set(shard, ticket);
  else if (record) call.record = record;
  else throw unavailable(new Error("The record of the call is gone."));
}

/** Writes one entry with the parts of those calls that are still open, and notes in each part where it stands. */
async function writeEntry(requests: Requests, ticket: Ticket, group: readonly Part[]): Promise<void> {
  const parts = group.filter(({ call }) => call.isOpen);
  if (parts.length === 0) return void (await closeTicket(requests, ticket).catch(() => {}));
  const id = newAppendId(requests.timing);
  let count = 0;
  const offsets = parts.map((part) => {
    count += part.count;
    return count - part.count;
  });
  try {
    const by = await occupy(requests, ticket, id, () =>
      putEntry(requests, ticket.ref, ticket.ticket, {
        ...ticket,
        id,
        count,
        payload: parts.length === 1 ? parts[0]!.payload : Buffer.concat(parts.map(({ payload }) => payload)),
        calls: parts.flatMap(({ call: { callId } }, i) => (callId ? [{ callId, offset: offsets[i]! }] : [])),
      }),
    );
    const isOwn = by === "written" || (by !== "closed" && appendIdOf(by) === id);
    parts.forEach((part, i) => {
      part.stored = isOwn
        ? { firstSequence: ticket.firstSequence + offsets[i]!, publishedAtMs: ticket.publishedAtMs }
        : storedIn(by, part.call.callId);
    });
  } catch (error) {
    for (const { call } of parts) call.error ??= error;
  }
}
