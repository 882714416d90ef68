import { BellwetherError } from "#contract/errors.ts";
import { timeToString } from "#core/clock.ts";
import type { SummaryKey, SummaryRecord, TopicRecord, WorkMark } from "#core/store.ts";
import {
  type Bucket,
  bucketOf,
  type Cover,
  childrenOf,
  coverBaseline,
  coverSince,
  coverWindow,
  levels,
  type WindowName,
  windowMs,
} from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { countedUpTo } from "./counted-up-to.ts";
import { allLevel, dayLevel } from "./levels.ts";
import { isStale, type Rebuilds, readRebuilds, scopeIn } from "./rebuilds.ts";
import { keyText, overall, summaryKeys, topicScope } from "./scopes.ts";
import type { SummaryCache } from "./summary-cache.ts";

/** What is asked, apart from how much of the answer is wanted. Without a topic: of all together; without `atMs`: now. */
export interface TermsQuestion {
  readonly topic: TopicRecord | undefined;
  readonly window: WindowName;
  readonly sort: "popular" | "rising";
  readonly atMs: number | undefined;
}

/** The summaries that hold exactly what was published in [fromMs, toMs); of `all`, since ever. */
export interface Stretch {
  readonly fromMs: number | undefined;
  readonly toMs: number;
  readonly records: readonly SummaryRecord[];
}

/** What answers a question. `baseline` is there for rising terms, if anything of it is kept. */
export interface TermsReading {
  readonly window: Stretch;
  readonly baseline: Stretch | undefined;
}

/**
 * A scope as of one moment: what every answer out of it has in common. Summaries are read when first asked for and then
 * stay as they were; a later one can only hold more than the moment asks.
 */
export interface TermsView {
  readonly scope: string;
  readonly nowMs: number;
  /** Everything published up to then is in every summary of the view. */
  readonly asOfMs: number;
  readonly rebuilds: Rebuilds;
  readonly marks: readonly WorkMark[];
  readonly records: Map<string, SummaryRecord | undefined>;
}

/** What reading works with. */
export type ReadingContext = Pick<Context, "store" | "clock" | "appends"> & { readonly summaries: SummaryCache };

/** The scope of a question in the store. */
export function scopeOf({ topic }: Pick<TermsQuestion, "topic">): string {
  return topic ? topicScope(topic) : overall;
}

/** Looks at a scope as it is now. */
export async function openView(context: ReadingContext, topic: TopicRecord | undefined): Promise<TermsView> {
  const nowMs = context.clock.nowMs();
  const scope = scopeOf({ topic });
  // In this order, and summaries last: what is counted or rolled up meanwhile can then only add to an answer.
  const asOfMs = await countedUpTo(context, topic, nowMs);
  const rebuilds = await readRebuilds(context.store);
  const marks = await context.store.listWork(scope, 10_000);
  return { scope, nowMs, asOfMs, rebuilds, marks, records: new Map() };
}

/** Reads the fewest summaries that answer a question. Throws `invalid_request` for a time of which nothing is kept. */
export async function readTerms(
  context: ReadingContext,
  view: TermsView,
  question: TermsQuestion,
): Promise<TermsReading> {
  const isReady = (bucket: Bucket): boolean =>
    !isMarked(bucket, view.marks) && !isStale(view.rebuilds, view.scope, bucket);
  const covers = coversOf(question, view, isReady);
  const { scope } = view;
  const all: SummaryKey[] = question.window === "all" ? [{ scope, level: allLevel, startMs: 0 }] : [];
  const keysOf = (cover: Cover | undefined): SummaryKey[] =>
    (cover?.buckets ?? []).flatMap((bucket) => keysOfBucket(context, view, bucket));
  const records = await readRecords(context, view, [...all, ...keysOf(covers.window), ...keysOf(covers.baseline)]);
  const beginMs = covers.window.fromMs;
  return {
    window: {
      fromMs: question.window === "all" ? undefined : beginMs,
      toMs: covers.window.toMs,
      records: withoutFolded(records.filter(({ level, startMs }) => level === allLevel || startMs >= beginMs)),
    },
    baseline: covers.baseline && {
      ...covers.baseline,
      records: records.filter(({ level, startMs }) => level !== allLevel && startMs < beginMs),
    },
  };
}

/** Where the summaries of a bucket stand, in the generation that counts. */
function keysOfBucket({ store }: ReadingContext, { rebuilds, scope }: TermsView, bucket: Bucket): SummaryKey[] {
  return summaryKeys(store.traits, scopeIn(rebuilds, scope, bucket), bucket);
}

async function readRecords(
  { summaries }: ReadingContext,
  { marks, asOfMs, records }: TermsView,
  keys: readonly SummaryKey[],
): Promise<SummaryRecord[]> {
  const isSettled = ({ level, startMs }: SummaryKey): boolean =>
    level !== allLevel && startMs + levels[level]!.ms <= asOfMs + 1 && !isMarked({ level, startMs }, marks);
  const missing = keys.filter((key) => !records.has(keyText(key)));
  const read = new Map((await summaries.read(missing, isSettled)).map((record) => [keyText(record), record]));
  for (const key of missing) records.set(keyText(key), read.get(keyText(key)));
  return keys.flatMap((key) => records.get(keyText(key)) ?? []);
}

/**
 * Whether the messages of a baseline reach over three windows. It counts from its first message on: before that the topic
 * was not there or was silent, and every word of it would look new. Where that message lies in a bucket that is longer
 * than the difference, its children are looked at.
 */
export async function isLongEnough(
  context: ReadingContext,
  view: TermsView,
  { window }: TermsQuestion,
  { toMs, records }: Stretch,
  messagesOf: (record: SummaryRecord) => number,
): Promise<boolean> {
  if (window === "all") return false;
  const dueMs = toMs - 3 * windowMs(window);
  const firstOf = (some: readonly SummaryRecord[]): SummaryRecord | undefined =>
    some.toSorted((a, b) => a.startMs - b.startMs).find((record) => messagesOf(record) > 0);
  let first = firstOf(records);
  while (first && first.startMs <= dueMs && endOf(first) > dueMs) {
    const children = childrenOf(first as Bucket).flatMap((child) => keysOfBucket(context, view, child));
    const finer = firstOf(await context.store.getSummaries(children));
    if (!finer) break; // Level 0, or the children are not kept any more.
    first = finer;
  }
  return first !== undefined && first.startMs <= dueMs;
}

function coversOf(
  { window, sort, atMs }: TermsQuestion,
  { marks, nowMs }: TermsView,
  isReady: (bucket: Bucket) => boolean,
): { window: Cover; baseline?: Cover | undefined } {
  if (window === "all") {
    // What is not in `all` yet lies in days that have a mark: theirs, or of a bucket within.
    const oldestMs = Math.min(...marks.map(({ startMs }) => bucketOf(dayLevel, startMs).startMs), nowMs);
    return { window: coverSince(bucketOf(dayLevel, oldestMs).startMs, nowMs, isReady) };
  }
  const cover = coverWindow({ window, nowMs, isReady, ...(atMs !== undefined && { atMs }) });
  if (!cover) throw notKept(nowMs);
  if (sort === "popular") return { window: cover };
  return { window: cover, baseline: coverBaseline({ window, beforeMs: cover.fromMs, nowMs, isReady }) };
}

/** A bucket above level 0 is rebuilt while it or one within is marked; one of level 0 was counted into a moment ago while its minute is. */
function isMarked({ level, startMs }: Bucket, marks: readonly WorkMark[]): boolean {
  const { startMs: fromMs } = bucketOf(level === 0 ? 1 : level, startMs);
  const toMs = fromMs + levels[Math.max(level, 1)]!.ms;
  return marks.some((mark) => mark.level <= Math.max(level, 1) && mark.startMs >= fromMs && mark.startMs < toMs);
}

/** Without the days that were folded into `all` after the marks were read: they would be counted twice. */
function withoutFolded(records: readonly SummaryRecord[]): SummaryRecord[] {
  const throughMs = records.find(({ level }) => level === allLevel)?.included.through ?? 0;
  return records.filter(({ level, startMs }) => level === allLevel || startMs >= throughMs);
}

function endOf({ level, startMs }: SummaryKey): number {
  return startMs + (levels[level]?.ms ?? 0);
}

function notKept(nowMs: number): BellwetherError {
  const { retainMs } = levels.at(-1)!;
  const message = `must be later: counts are kept for ${retainMs / 86_400_000} days, so since about ${timeToString(nowMs - retainMs)}`;
  return new BellwetherError("invalid_request", `query.at ${message}.`, { errors: [{ path: "query.at", message }] });
}
