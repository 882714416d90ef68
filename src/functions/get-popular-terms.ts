import { limits } from "#contract/limits.ts";
import type { PopularTerms, PopularTermsQuery } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import type { SummaryKey, SummaryRecord, WorkMark } from "#core/store.ts";
import { decodeSummary } from "#terms/codec.ts";
import { mergeSummaries, type Summary, topTerms } from "#terms/summary.ts";
import { tokenize, tokenizerVersion } from "#terms/tokenize.ts";
import { type Bucket, bucketOf, type Cover, coverSince, coverWindow, levels, type WindowName } from "#terms/windows.ts";
import { type Caller, requireRead } from "./access.ts";
import type { Context } from "./context.ts";
import { countedUpTo } from "./counted-up-to.ts";
import { knownTopic } from "./known-topics.ts";
import { allLevel } from "./roll-up-terms.ts";
import { overall, topicScope } from "./scopes.ts";

/** Answers which terms are popular in a window, from the fewest summaries that cover it, with its error. */
export async function getPopularTerms(
  context: Context,
  caller: Caller,
  input: PopularTermsQuery,
): Promise<PopularTerms> {
  requireRead(context, caller, input.topic);
  const topic = input.topic === undefined ? undefined : await knownTopic(context, input.topic);
  const scope = topic ? topicScope(topic) : overall;
  const window = input.window ?? "10m";
  const nowMs = context.clock.nowMs();
  // In this order: what is counted or rolled up meanwhile can then only add to the answer.
  const asOfMs = await countedUpTo(context, topic, nowMs);
  const marks = await context.store.listWork(scope, 10_000);
  const { keys, fromMs, toMs } = cover(scope, window, nowMs, marks);
  const records = withoutFolded(await context.store.getSummaries(keys));
  const merged = mergeSummaries(
    records.map(({ bytes }) => decodeSummary(bytes).summary),
    Number.POSITIVE_INFINITY,
  );
  return {
    scope: topic ? `topic:${topic.topic}` : overall,
    window: { name: window, ...(fromMs !== undefined && { from: timeToString(fromMs) }), to: timeToString(toMs) },
    asOf: timeToString(asOfMs),
    messages: merged.messages,
    pairs: merged.pairs,
    floor: merged.floor,
    exact: merged.floor === 0,
    tokenizer: tokenizerVersion,
    terms: topTerms(without(merged, topic?.terms.hidden ?? []), input.limit ?? limits.termsDefault),
  };
}

/** The summaries that cover a window. Of buckets still marked for rebuilding, the children are taken. */
function cover(
  scope: string,
  window: WindowName,
  nowMs: number,
  marks: readonly WorkMark[],
): { keys: SummaryKey[]; fromMs?: number; toMs: number } {
  const isReady = ({ level, startMs }: Bucket): boolean => {
    const endMs = startMs + levels[level]!.ms;
    return !marks.some((mark) => mark.level <= level && mark.startMs >= startMs && mark.startMs < endMs);
  };
  const keysOf = ({ buckets }: Cover): SummaryKey[] => buckets.map((bucket) => ({ scope, ...bucket }));
  if (window !== "all") {
    const found = coverWindow({ window, nowMs, isReady });
    return { keys: keysOf(found), fromMs: found.fromMs, toMs: found.toMs };
  }
  // What is not in `all` yet lies in days that have a mark: theirs, or of a bucket within.
  const oldestMs = Math.min(...marks.map(({ startMs }) => bucketOf(4, startMs).startMs), nowMs);
  const found = coverSince(bucketOf(4, oldestMs).startMs, nowMs, isReady);
  return { keys: [{ scope, level: allLevel, startMs: 0 }, ...keysOf(found)], toMs: found.toMs };
}

/** Without the days that were folded into `all` after the marks were read: they would be counted twice. */
function withoutFolded(records: readonly SummaryRecord[]): SummaryRecord[] {
  const throughMs = records.find(({ level }) => level === allLevel)?.included.through ?? 0;
  return records.filter(({ level, startMs }) => level === allLevel || startMs >= throughMs);
}

/** Hidden terms are left out of answers, not of counts; they may be spelled as people write them. */
function without(summary: Summary, hidden: readonly string[]): Summary {
  if (hidden.length === 0) return summary;
  const terms = new Map(summary.terms);
  for (const text of hidden) for (const term of tokenize(text)) terms.delete(term);
  return { ...summary, terms };
}
