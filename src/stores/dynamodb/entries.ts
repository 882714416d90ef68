import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Entry } from "#core/entry.ts";
import type { ShardRef } from "#core/shard.ts";
import { bytesOf, type Item, numberOf, textOf, textsOf, type Value } from "./items.ts";
import type { Key, Requests, Written } from "./requests.ts";
import { expirySecondsOf } from "./trim.ts";

/**
 * An entry is an item, written once: partition `topic#incarnation#shard#segment`, ticket `t`; `f` first sequence, `n`
 * messages (1 when absent), `a` publish time, `b` payload or `d` payload deflated, `i` the append's own id, `c` the calls in
 * it that have an Idempotency-Key as `id:offset`, `x` when it may be deleted. A tombstone has `k` and no messages: its
 * ticket was given out and never used.
 */
export interface NewEntry {
  readonly id: string;
  readonly firstSequence: number;
  readonly count: number;
  readonly publishedAtMs: number;
  readonly payload: Uint8Array;
  readonly retentionSeconds: number;
  readonly calls: readonly { readonly callId: string; readonly offset: number }[];
}

/** Tickets of one segment: a partition key is not written for ever. */
const segmentTickets = 65_536;

/** Shorter payloads gain less than the byte that says so. */
const compressBytesMin = 1_024;
/** Larger than any payload that is written. */
const payloadBytesMax = 4_194_304;

export const absent = { text: "attribute_not_exists(p)" } as const;

export function segmentOf(ticket: number): number {
  return Math.floor(ticket / segmentTickets);
}

/** The first ticket behind a segment. */
export function segmentEnd(segment: number): number {
  return (segment + 1) * segmentTickets;
}

export function segmentKey({ topic, incarnation, shard }: ShardRef, segment: number): string {
  return `${topic}#${incarnation.toString(36)}#${shard}#${segment}`;
}

export function entryKey(ref: ShardRef, ticket: number): Key {
  return [segmentKey(ref, segmentOf(ticket)), ticket];
}

/** Puts an entry at its ticket if nothing is there. */
export function putEntry(requests: Requests, ref: ShardRef, ticket: number, entry: NewEntry): Promise<Written> {
  const [p, t] = entryKey(ref, ticket);
  const { id, firstSequence, count, publishedAtMs, payload, retentionSeconds, calls } = entry;
  const deflated = payload.length > compressBytesMin ? deflateRawSync(payload, { level: 6 }) : payload;
  const isSmaller = deflated.length < payload.length;
  const item: Record<string, Value> = {
    p,
    t,
    f: firstSequence,
    n: count === 1 ? undefined : count,
    a: publishedAtMs,
    [isSmaller ? "d" : "b"]: isSmaller ? deflated : payload,
    i: id,
    c: calls.length === 0 ? undefined : calls.map(({ callId, offset }) => `${callId}:${offset}`),
    x: expirySecondsOf(publishedAtMs, retentionSeconds),
  };
  return requests.put("Messages", item, absent);
}

/** Puts a tombstone at a ticket if nothing is there. It stays for as long as an entry of that time. */
export function putTombstone(
  requests: Requests,
  ref: ShardRef,
  ticket: number,
  nowMs: number,
  retentionSeconds: number,
): Promise<Written> {
  const [p, t] = entryKey(ref, ticket);
  return requests.put("Messages", { p, t, k: 1, a: nowMs, x: expirySecondsOf(nowMs, retentionSeconds) }, absent);
}

export function ticketOf(item: Item): number {
  return numberOf(item, "t");
}

export function writtenAtMs(item: Item): number {
  return numberOf(item, "a");
}

export function isTombstone(item: Item): boolean {
  return item.k !== undefined;
}

export function appendIdOf(item: Item): string {
  return textOf(item, "i");
}

/** The first sequence of a call's messages in an entry; undefined when the call is not in it. */
export function sequenceOfCall(item: Item, callId: string): number | undefined {
  const call = textsOf(item, "c").find((text) => text.startsWith(`${callId}:`));
  return call === undefined ? undefined : numberOf(item, "f") + Number(call.slice(callId.length + 1));
}

export function decodeEntryItem(item: Item): Entry {
  const deflated = bytesOf(item, "d");
  return {
    ticket: ticketOf(item),
    firstSequence: numberOf(item, "f"),
    count: numberOf(item, "n", 1),
    publishedAtMs: numberOf(item, "a"),
    payload: deflated
      ? inflateRawSync(deflated, { maxOutputLength: payloadBytesMax })
      : (bytesOf(item, "b") ?? new Uint8Array()),
  };
}
