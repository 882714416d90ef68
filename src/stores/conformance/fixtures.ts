import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { ErrorCode } from "#contract/errors.ts";
import type { Cursor, Position } from "#core/cursor.ts";
import { decodeEntry, draftOf, type Entry, encodePart } from "#core/entry.ts";
import { hash32, type ShardRef } from "#core/shard.ts";
import type {
  AppendRequest,
  AppendResult,
  PublisherRecord,
  Store,
  StreamTokenRecord,
  SubscriberRecord,
  SummaryKey,
  SummaryRecord,
  TermsChange,
  TopicRecord,
} from "#core/store.ts";

export const t0 = Date.UTC(2026, 0, 1);

export const emptyShard = { tickets: 0, messages: 0, firstTicket: 0, firstSequence: 0, storedBytes: 0, lastAtMs: 0 };

export function topicRecord(topic: string, changes: Partial<TopicRecord> = {}): TopicRecord {
  const terms = { enabled: true, languages: ["en"], hidden: [] };
  return { topic, incarnation: t0, shards: 1, retentionSeconds: 0, terms, ...changes };
}

/** As long as the real ones, so that nothing random holds it. */
export const secretHash = "00ff".repeat(16);

export function publisherRecord(publisherId: string): PublisherRecord {
  return { publisherId, name: `Name of ${publisherId}`, topics: ["a"], secretHash, createdAtMs: t0 };
}

export function subscriberRecord(subscriberId: string, changes: Partial<SubscriberRecord> = {}): SubscriberRecord {
  const cursor: Cursor = { generation: 0, topics: [] };
  return { subscriberId, topics: ["a"], secretHash, createdAtMs: t0, cursor, ...changes };
}

export function tokenRecord(id: string): StreamTokenRecord {
  return { id, secretHash, subscriberId: "s1", createdAtMs: t0, usableUntilMs: t0 + 60_000 };
}

type SummaryPut = TermsChange["puts"][number];

export function summaryRecord(
  { scope, level, startMs }: SummaryKey,
  version: number,
  included: Record<string, number> = {},
  expiresAtMs = t0 + 86_400_000,
): SummaryPut {
  const bytes = Uint8Array.from([version, 0, 255, level]);
  return { scope, level, startMs, version, bytes, included, expiresAtMs };
}

export function createTopic(store: Store, topic: string, changes: Partial<TopicRecord> = {}): Promise<TopicRecord> {
  return store.createTopic(topicRecord(topic, changes), 1_000);
}

/** A topic with ten entries of two messages, two entries at a time: entry i at t0 + 100 * floor(i / 2). */
export async function logOfTen(store: Store, changes: Partial<TopicRecord> = {}): Promise<TopicRecord> {
  const topic = await createTopic(store, changes.topic ?? "news", changes);
  for (let i = 0; i < 10; i++) {
    await append(store, topic, [`${i}a`, `${i}b`], { nowMs: t0 + 100 * Math.floor(i / 2) });
  }
  return topic;
}

export function address({ topic, incarnation }: TopicRecord): Pick<AppendRequest, "topic" | "incarnation"> {
  return { topic, incarnation };
}

export function shard(topic: TopicRecord, index = 0): ShardRef {
  return { ...address(topic), shard: index };
}

export function part(texts: readonly string[]): Uint8Array {
  return encodePart(
    "p1",
    texts.map((text) => draftOf(`"body":"${text}"}`)),
  );
}

export function appendPart(index: number, texts: readonly string[]): AppendRequest["parts"][number] {
  return { shard: index, count: texts.length, payload: part(texts) };
}

export function append(
  store: Store,
  topic: TopicRecord,
  texts: readonly string[],
  options: Partial<Pick<AppendRequest, "nowMs" | "idempotency">> & { shard?: number } = {},
): Promise<AppendResult> {
  const { shard: index = 0, nowMs = t0, ...rest } = options;
  return store.append({ ...address(topic), nowMs, parts: [appendPart(index, texts)], ...rest });
}

export function readAll(store: Store, ref: ShardRef): Promise<Entry[]> {
  return store.readEntries(ref, 0, 1_000_000, 100_000_000);
}

export async function ticketsFrom(
  store: Store,
  topic: TopicRecord,
  fromTicket: number,
  messagesMax = 1_000,
  bytesMax = 1_000_000,
): Promise<number[]> {
  return (await store.readEntries(shard(topic), fromTicket, messagesMax, bytesMax)).map(({ ticket }) => ticket);
}

export function textsOf(entry: Entry): string[] {
  return decodeEntry(entry).map(({ tail }) => JSON.parse(`{${tail}`).body);
}

export async function bodies(store: Store, ref: ShardRef): Promise<string[]> {
  return (await readAll(store, ref)).flatMap(textsOf);
}

/** Tickets and sequences follow one another without holes, and times never decrease. */
export function assertLog(entries: readonly Entry[], firstTicket: number): void {
  let sequence = entries[0]?.firstSequence ?? 0;
  let publishedAtMs = 0;
  entries.forEach((entry, i) => {
    assert.equal(entry.ticket, firstTicket + i);
    assert.equal(entry.firstSequence, sequence);
    assert.equal(entry.count, decodeEntry(entry).length);
    assert.ok(entry.publishedAtMs >= publishedAtMs, `ticket ${entry.ticket} is before the one below it`);
    sequence += entry.count;
    publishedAtMs = entry.publishedAtMs;
  });
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** An entry or a summary whose bytes compare whatever kind of array they are. */
export function plain(entry: Entry): object {
  return { ...entry, payload: hex(entry.payload) };
}

export function plainSummary(summary: SummaryRecord): object {
  const { scope, level, startMs, version, included, bytes } = summary;
  return { scope, level, startMs, version, included, bytes: hex(bytes) };
}

/** In the order of the keys, whatever order the store gives. Every field that is there counts. */
export async function summaries(store: Store, keys: readonly SummaryKey[]): Promise<object[]> {
  const found = await store.getSummaries(keys.map(({ scope, level, startMs }) => ({ scope, level, startMs })));
  const index = (summary: SummaryKey): number =>
    keys.findIndex(
      ({ scope, level, startMs }) => scope === summary.scope && level === summary.level && startMs === summary.startMs,
    );
  return found.toSorted((a, b) => index(a) - index(b)).map((summary) => ({ ...summary, bytes: hex(summary.bytes) }));
}

export function save(store: Store, change: Partial<TermsChange>): Promise<boolean> {
  const { puts = [], setMarks = [], clearMarks = [], cursors = [] } = change;
  const marks = (list: TermsChange["setMarks"]) =>
    list.map(({ scope, level, startMs, stamp }) => ({ scope, level, startMs, stamp }));
  return store.saveTerms({ puts, setMarks: marks(setMarks), clearMarks: marks(clearMarks), cursors });
}

export async function count(store: Store, ref: ShardRef, fromTicket: number, toTicket: number): Promise<void> {
  assert.ok(await save(store, { cursors: [{ ref, fromTicket, toTicket }] }));
}

export function byShard<T extends { ref: ShardRef }>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => a.ref.shard - b.ref.shard);
}

/** All steps of forgetting at a time; they must come to an end. */
export async function expireAll(store: Store, nowMs: number): Promise<void> {
  for (let steps = 0; await store.expire(nowMs); steps++) assert.ok(steps < 1_000, "expiry does not finish");
}

export function at(ticket: number, index = 0): Position {
  return { ticket, index, sequence: ticket * 10 + index };
}

export function topicCursor(topic: string, incarnation: number, positions: Record<number, Position>) {
  const byNumber = Object.entries(positions).map(([key, position]) => [Number(key), position] as const);
  return { topicHash: hash32(topic), incarnation, positions: new Map(byNumber) };
}

export function cursorAt(generation: number, positions: Record<number, Position>): Cursor {
  return { generation, topics: [topicCursor("a", 1, positions)] };
}

/** Topics in the order that merging gives. */
export function sorted({ generation, topics }: Cursor): Cursor {
  return { generation, topics: topics.toSorted((a, b) => a.topicHash - b.topicHash) };
}

/** Asserts that it fails with this code, and gives the error. */
export async function rejects(
  promise: Promise<unknown>,
  code: ErrorCode,
): Promise<{ details: { retryAfterSeconds?: number } }> {
  let caught: { code?: string; details: object } | undefined;
  await assert.rejects(promise, (error: { code?: string; details: object }) => {
    caught = error;
    assert.equal(error.code, code);
    return true;
  });
  return caught!;
}

/** What the promise gives, which must be within two seconds. */
export async function soon<T>(promise: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = delay(2_000, undefined, { signal: abort.signal }).then(() => assert.fail("it did not end in time"));
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    abort.abort();
  }
}

export async function assertPending(promise: Promise<unknown>): Promise<void> {
  const pending = Symbol("pending");
  assert.equal(await Promise.race([promise, delay(30, pending)]), pending, "it ended too early");
}
