import type { Entry } from "#core/entry.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import type { SummaryKey, SummaryRecord, TermsChange, TopicRecord } from "#core/store.ts";
import { openSummary } from "#terms/layout.ts";
import { mergeEncoded } from "#terms/merge-encoded.ts";
import { MessageCounter } from "#terms/message-counter.ts";
import { type Bucket, bucketOf, capacityOf, childrenOf, keptUntilMs, type Level, levels } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { countEntry, type TopicStopWords } from "./count-entry.ts";
import { disorderMs } from "./counted-up-to.ts";
import { hourLevel } from "./levels.ts";
import { generationScope, type Rebuilds, scopeIn, type TermsRange } from "./rebuilds.ts";
import { kindOf, leafKey, summaryKeys } from "./scopes.ts";

/** How finely a range is recounted: by 10 minutes, whose leaves are written in one step. */
export const chunkLevel = 2;
const chunkMs = levels[chunkLevel]!.ms;

const messagesPerRead = 1_000;
const bytesPerRead = 1_048_576;
/** A read of this many entries, small as they may be, is one after which others have their turn. */
const entriesAtOnce = 100;

/** A shard whose messages are recounted, and its topic, which says how they are cut. */
export interface Source {
  readonly ref: ShardRef;
  readonly topic: TopicRecord;
}

/** A leaf that is missing may have expired when the clock was this much further. */
const clockBackMs = 86_400_000;

type Put = TermsChange["puts"][number];

/** A leaf that is being recounted, with the exact summary of each source. */
interface Leaf {
  readonly key: SummaryKey;
  readonly parts: Uint8Array[];
  readonly included: Record<string, number>;
}

/** What there is of 10 minutes, by `partOf` and by source, before they are recounted. */
interface Found {
  /** The versions of the recounted summaries, from a try before. */
  readonly versions: ReadonlyMap<string, number>;
  /** The summaries that count at present. */
  readonly present: ReadonlyMap<string, SummaryRecord>;
  /** The ticket before which everything is counted. */
  readonly counted: ReadonlyMap<string, number>;
}

/**
 * Counts 10 minutes of a range anew from the log, into the leaves of its generation and what is above them up to 10
 * minutes. A leaf gets exactly the entries that the present one includes, and says so, so that late messages go on from
 * there. Where the leaves are past their time, everything that was counted is taken. undefined when somebody else wrote
 * the same meanwhile; else how many messages there were.
 */
export async function recountChunk(
  context: Context,
  rebuilds: Rebuilds,
  range: TermsRange,
  sources: readonly Source[],
  startMs: number,
  stopWords: TopicStopWords,
): Promise<number | undefined> {
  const found = await findChunk(context, rebuilds, range, sources, startMs);
  const leaves = new Map<string, Leaf>();
  for (const source of sources) await countSource(context, range, source, startMs, stopWords, found, leaves);
  return putChunk(context, range, startMs, found, [...leaves.values()]);
}

/** The versions are read before what counts at present: whoever comes late with older counts is then refused. */
async function findChunk(
  context: Context,
  rebuilds: Rebuilds,
  range: TermsRange,
  sources: readonly Source[],
  startMs: number,
): Promise<Found> {
  const { store } = context;
  const minutes = childrenOf({ level: chunkLevel, startMs });
  const finer = [...minutes.flatMap(childrenOf), ...minutes];
  const buckets = [...finer, { level: chunkLevel, startMs } as const];
  const versions = await versionsOf(context, generationScope(range), buckets);
  const counted = await countedTickets(context, sources);
  const present = await store.getSummaries(
    finer.flatMap((bucket) => summaryKeys(store.traits, scopeIn(rebuilds, range.scope, bucket), bucket)),
  );
  return { versions, counted, present: new Map(present.map((record) => [partOf(record), record])) };
}

async function countSource(
  context: Context,
  range: TermsRange,
  { ref, topic }: Source,
  startMs: number,
  stopWords: TopicStopWords,
  { present, counted }: Found,
  leaves: Map<string, Leaf>,
): Promise<void> {
  const { store, clock } = context;
  const source = shardKey(ref);
  const nowMs = clock.nowMs();
  const counters = new Map<Leaf, MessageCounter>();
  for await (const entry of entriesOf(context, ref, startMs, startMs + chunkMs)) {
    const bucket = bucketOf(0, entry.publishedAtMs);
    const key = leafKey(store.traits, generationScope(range), source, bucket.startMs);
    const stored = present.get(partOf(key));
    const mayHaveExpired = keptUntilMs(bucket, 0) - clockBackMs <= nowMs;
    const before = stored ? stored.included[source] : mayHaveExpired ? counted.get(source) : undefined;
    if (entry.ticket >= (before ?? 0)) continue;
    let leaf = leaves.get(partOf(key));
    if (!leaf) {
      leaf = { key, parts: [], included: { ...stored?.included } };
      leaves.set(partOf(key), leaf);
    }
    const counter = counters.get(leaf) ?? new MessageCounter({ stopWords: stopWords.of(topic) });
    counters.set(leaf, counter);
    countEntry(entry, counter);
    if (!stored) leaf.included[source] = entry.ticket + 1;
  }
  for (const [{ parts }, counter] of counters) parts.push(counter.encode());
}

/** Puts the leaves, their minutes and the 10 minutes in one step, without the finer ones that are past their time. */
async function putChunk(
  { store, clock }: Context,
  range: TermsRange,
  startMs: number,
  { versions, present }: Found,
  leaves: readonly Leaf[],
): Promise<number | undefined> {
  const nowMs = clock.nowMs();
  const scope = generationScope(range);
  const capacity = (level: Level): number => capacityOf(store.traits.caps, level, kindOf(range.scope));
  const puts: Put[] = [];
  const put = (key: SummaryKey & Bucket, bytes: Uint8Array, included: Record<string, number>): void => {
    if (key.level !== chunkLevel && keptUntilMs(key, 0) <= nowMs && !present.has(partOf(key))) return;
    const version = (versions.get(partOf(key)) ?? 0) + 1;
    puts.push({ ...key, version, included, bytes, expiresAtMs: keptUntilMs(key, nowMs) });
  };
  const inMinutes = new Map<number, Uint8Array[]>();
  for (const { key, parts, included } of leaves) {
    const bytes = mergeEncoded(parts, capacity(0));
    const minuteMs = bucketOf(1, key.startMs).startMs;
    inMinutes.set(minuteMs, [...(inMinutes.get(minuteMs) ?? []), bytes]);
    put({ ...key, level: 0 }, bytes, included);
  }
  const minutes: Uint8Array[] = [];
  for (const [minuteMs, leavesOfMinute] of inMinutes) {
    const bytes = mergeEncoded(leavesOfMinute, capacity(1));
    minutes.push(bytes);
    put({ scope, level: 1, startMs: minuteMs }, bytes, {});
  }
  if (minutes.length === 0) return 0;
  const bytes = mergeEncoded(minutes, capacity(chunkLevel));
  put({ scope, level: chunkLevel, startMs }, bytes, {});
  const saved = await store.saveTerms({ puts, setMarks: [], clearMarks: [], cursors: [] });
  return saved ? openSummary(bytes).messages : undefined;
}

/** Merges the recounted 10 minutes of an hour. undefined when somebody else wrote it meanwhile; else its messages. */
export async function recountHour(context: Context, range: TermsRange, startMs: number): Promise<number | undefined> {
  const { store, clock } = context;
  const scope = generationScope(range);
  const hour = { level: hourLevel, startMs } as const;
  const versions = await versionsOf(context, scope, [hour]);
  const chunks = await store.getSummaries(childrenOf(hour).map((chunk) => ({ scope, ...chunk })));
  if (chunks.length === 0) return 0;
  const capacity = capacityOf(store.traits.caps, hourLevel, kindOf(range.scope));
  const bytes = mergeEncoded(
    chunks.map((chunk) => chunk.bytes),
    capacity,
  );
  const put = {
    scope,
    ...hour,
    version: (versions.get(partOf({ scope, ...hour })) ?? 0) + 1,
    included: {},
    bytes,
    expiresAtMs: keptUntilMs(hour, clock.nowMs()),
  };
  const saved = await store.saveTerms({ puts: [put], setMarks: [], clearMarks: [], cursors: [] });
  return saved ? openSummary(bytes).messages : undefined;
}

/** The shard's entries published in [fromMs, toMs). Between long reads other work goes on. */
async function* entriesOf({ store }: Context, ref: ShardRef, fromMs: number, toMs: number): AsyncGenerator<Entry> {
  const first = await store.findEntry(ref, { publishedAtMs: fromMs - disorderMs });
  for (let ticket = first?.ticket; ticket !== undefined; ) {
    const entries = await store.readEntries(ref, ticket, messagesPerRead, bytesPerRead);
    for (const entry of entries) if (entry.publishedAtMs >= fromMs && entry.publishedAtMs < toMs) yield entry;
    const last = entries.at(-1);
    if (!last || last.publishedAtMs >= toMs + disorderMs) return;
    ticket = last.ticket + 1;
    if (entries.length >= entriesAtOnce) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Per source, the ticket before which everything is counted. The ends are read first: they may be passed meanwhile. */
async function countedTickets({ store }: Context, sources: readonly Source[]): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  for (const { ref } of sources) counted.set(shardKey(ref), (await store.getShard(ref))?.tickets ?? 0);
  for (const { ref, ticket } of await store.listUncounted(10_000))
    if (counted.has(shardKey(ref))) counted.set(shardKey(ref), ticket);
  return counted;
}

async function versionsOf({ store }: Context, scope: string, buckets: readonly Bucket[]): Promise<Map<string, number>> {
  const keys = buckets.flatMap((bucket) => summaryKeys(store.traits, scope, bucket));
  return new Map((await store.getSummaries(keys)).map((record) => [partOf(record), record.version]));
}

/** What tells a summary from others of its scope, whatever its generation: level, part (behind the slash) and start. */
export function partOf({ scope, level, startMs }: SummaryKey): string {
  return `${level} ${startMs} ${scope.split("/")[1] ?? ""}`;
}
