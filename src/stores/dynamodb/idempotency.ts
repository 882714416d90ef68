import { hash } from "node:crypto";
import { BellwetherError } from "#contract/errors.ts";
import type { AppendRequest } from "#core/store.ts";
import { type Item, numberOf, textOf } from "./items.ts";
import type { Key, Requests } from "./requests.ts";
import type { Ticket } from "./tickets.ts";

/*
 * The record of a call with an Idempotency-Key: `f` fingerprint, `e` until when it counts (ms), `k<shard>` the place that
 * the call has in a shard, `x` when it may be deleted. The record names the ticket before the entry is written, and moves to
 * another ticket only after something else was found at the first: so a call never stands at two. All else is read from the
 * entry, which outlives the record.
 */

export type Idempotency = NonNullable<AppendRequest["idempotency"]>;

/** Where a call is to stand in one shard: what its entry there must be written with. */
export interface Place {
  readonly ticket: number;
  readonly firstSequence: number;
  readonly publishedAtMs: number;
}

export interface CallRecord {
  readonly fingerprint: string;
  readonly places: ReadonlyMap<number, Place>;
}

function recordKeyOf({ recordKey }: Idempotency): Key {
  return [`call#${recordKey}`, "call"];
}

/** What stands beside a call's messages in an entry. */
export function callIdOf({ recordKey }: Idempotency): string {
  return hash("sha256", `call ${recordKey}`, "base64url").slice(0, 16);
}

/** The record that counts now. Throws `idempotency_key_reused` when it is of another payload. */
export async function readRecord(
  requests: Requests,
  idempotency: Idempotency,
  nowMs: number,
): Promise<CallRecord | undefined> {
  const item = await requests.get("Publishers", recordKeyOf(idempotency), true);
  return item && numberOf(item, "e") > nowMs ? checked(decodeRecord(item), idempotency) : undefined;
}

/** Puts the record if there is none that counts; gives the one that was there before. */
export async function putRecord(
  requests: Requests,
  idempotency: Idempotency,
  tickets: readonly Ticket[],
  nowMs: number,
): Promise<CallRecord | undefined> {
  const [p, s] = recordKeyOf(idempotency);
  const places = Object.fromEntries(tickets.map((ticket) => [`k${ticket.ref.shard}`, encodePlace(ticket)]));
  const { fingerprint, expiresAtMs } = idempotency;
  const written = await requests.put(
    "Publishers",
    { p, s, f: fingerprint, e: expiresAtMs, x: Math.ceil(expiresAtMs / 1000), ...places },
    { text: "attribute_not_exists(p) OR e <= :now", values: { ":now": nowMs } },
  );
  if (!written.refused || !written.by) return undefined;
  const record = decodeRecord(written.by);
  // An earlier try of this put that was not answered.
  const isOwn = tickets.every((ticket) => encodePlace(record.places.get(ticket.ref.shard)) === encodePlace(ticket));
  return isOwn ? undefined : checked(record, idempotency);
}

/** Moves the record in one shard from one place to another; gives the record as it is then, whoever moved it. */
export async function moveRecord(
  requests: Requests,
  idempotency: Idempotency,
  shard: number,
  from: Place,
  to: Place,
): Promise<CallRecord | undefined> {
  const written = await requests.update(
    "Publishers",
    recordKeyOf(idempotency),
    { text: "SET #k = :to", values: { ":to": encodePlace(to) }, names: { "#k": `k${shard}` } },
    { text: "#k = :from", values: { ":from": encodePlace(from) } },
  );
  const item = written.refused ? written.by : written.item;
  return item && checked(decodeRecord(item), idempotency);
}

function checked(record: CallRecord, { fingerprint }: Idempotency): CallRecord {
  if (record.fingerprint === fingerprint) return record;
  const message = "The Idempotency-Key was used for another payload. Use a new key for a new payload.";
  throw new BellwetherError("idempotency_key_reused", message);
}

function decodeRecord(item: Item): CallRecord {
  const places = new Map<number, Place>();
  for (const [name, value] of Object.entries(item)) {
    if (!/^k\d+$/.test(name)) continue;
    const [ticket, firstSequence, publishedAtMs] = (value.S ?? "").split(" ").map(Number) as [number, number, number];
    places.set(Number(name.slice(1)), { ticket, firstSequence, publishedAtMs });
  }
  return { fingerprint: textOf(item, "f"), places };
}

function encodePlace(place: Place | undefined): string {
  return place ? `${place.ticket} ${place.firstSequence} ${place.publishedAtMs}` : "";
}
