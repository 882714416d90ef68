import { BellwetherError } from "#contract/errors.ts";
import type { RebuildTermsRequest, TermsRebuild } from "#contract/types.ts";
import { timeFromString, timeToString } from "#core/clock.ts";
import { shardsOf } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import { bucketOf, levels } from "#terms/windows.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { TopicStopWords } from "./count-entry.ts";
import { countedUpTo, disorderMs } from "./counted-up-to.ts";
import { knownTopic } from "./known-topics.ts";
import { hourLevel } from "./levels.ts";
import { type Rebuilds, readRebuilds, scopeIn } from "./rebuilds.ts";
import { chunkLevel, recountChunk, recountHour, type Source } from "./recount.ts";
import { overall, topicScope } from "./scopes.ts";
import { messagesIn, remembered, switchOver, type Work } from "./switch-rebuild.ts";

/** What one call does at most, but for ten minutes that hold more: about a second of work. */
const messagesPerCall = 20_000;
const chunksPerCall = 144;
/** When the caller should go on, where it must wait for counting or rolling up. */
const pollAfterMs = 1_000;
const topicsPerPage = 1_000;

const hourMs = levels[hourLevel]!.ms;
const chunkMs = levels[chunkLevel]!.ms;

/**
 * Counts the terms of a topic, or of all together, anew from the log for whole hours that are over, as after a change of
 * the topic's languages or of the rules that cut words. Answers show the old counts until the whole range is recounted, and
 * the new ones from then on. Each call does a part of the work and says with `continue` how to go on; one that is not gone
 * on with changes nothing.
 *
 * A recount must hold as many messages as there were counted. Throws `range_not_kept` where it cannot, `topic_not_found`,
 * `invalid_request` for a range that is none, and `limit_reached`.
 */
export async function rebuildTerms(
  context: Context,
  caller: Caller,
  input: { body: RebuildTermsRequest },
): Promise<TermsRebuild> {
  requireAdmin(caller);
  const { body } = input;
  const topic = body.topic === undefined ? undefined : await knownTopic(context, body.topic);
  const { fromMs, toMs } = rangeOf(body, context.clock.nowMs());
  const { generation, throughMs } =
    body.continue === undefined
      ? { generation: context.ids.id(), throughMs: fromMs }
      : progressOf(body.continue, fromMs, toMs);
  const range = { scope: topic ? topicScope(topic) : overall, fromMs, toMs, generation };
  const sources = await sourcesOf(context, topic);
  const work: Work = { range, topic, sources, throughMs, messages: 0 };
  if (body.continue === undefined) {
    for (const source of sources) await requireKept(context, source, fromMs);
    remembered(await readRebuilds(context.store), range, context.clock.nowMs());
  }
  if (!(await isCounted(context, work))) return answer(body, work, "counting");
  const rebuilds = await readRebuilds(context.store);
  if (!(await recount(context, rebuilds, work))) return answer(body, work, "recounting");
  return answer(body, work, (await switchOver(context, work)) ? "done" : "switching");
}

/** Recounts from where the work stands; true when the range is through. */
async function recount(context: Context, rebuilds: Rebuilds, work: Work): Promise<boolean> {
  const { range, sources } = work;
  const stopWords = new TopicStopWords();
  for (let chunks = 0; work.throughMs < range.toMs; chunks++) {
    if (chunks >= chunksPerCall || work.messages >= messagesPerCall) return false;
    const messages = await recountChunk(context, rebuilds, range, sources, work.throughMs, stopWords);
    if (messages === undefined) return false;
    const hour = bucketOf(hourLevel, work.throughMs);
    if (
      work.throughMs + chunkMs === hour.startMs + hourMs &&
      !(await finishHour(context, rebuilds, work, hour.startMs))
    ) {
      work.throughMs = hour.startMs;
      return false;
    }
    work.messages += messages;
    work.throughMs += chunkMs;
  }
  return true;
}

/** Puts an hour together, and compares. false when it is to be recounted, as more was counted or somebody else is at it. */
async function finishHour(context: Context, rebuilds: Rebuilds, work: Work, startMs: number): Promise<boolean> {
  const messages = await recountHour(context, work.range, startMs);
  if (messages === undefined) return false;
  const before = await messagesIn(context, scopeIn(rebuilds, work.range.scope, { level: hourLevel, startMs }), startMs);
  if (messages === before) return true;
  if (!(await isCounted(context, work))) return false;
  const hour = timeToString(startMs);
  const kept = messages < before ? "gone from the log" : "left out when they were published, as terms were not enabled";
  const after = timeToString(startMs + hourMs);
  throw new BellwetherError(
    "range_not_kept",
    `In the hour from ${hour} ${before} messages were counted and ${messages} would be now: some are ${kept}. Nothing was changed. Take a range from ${after} on, or one topic alone.`,
  );
}

/** Everything in the range is counted, and rolled up to its hours. */
async function isCounted(context: Context, { range, topic }: Work): Promise<boolean> {
  const { scope, fromMs, toMs } = range;
  if ((await countedUpTo(context, topic, context.clock.nowMs())) < toMs + disorderMs) return false;
  const marks = await context.store.listWork(scope, 10_000);
  return !marks.some(({ level, startMs }) => level <= hourLevel && startMs >= fromMs && startMs < toMs);
}

function rangeOf(body: RebuildTermsRequest, nowMs: number): { fromMs: number; toMs: number } {
  const fromMs = bucketOf(hourLevel, timeOf("from", body.from)).startMs;
  const toMs = bucketOf(hourLevel, Math.min(timeOf("to", body.to), nowMs - disorderMs)).startMs;
  const oldestMs = nowMs - levels[hourLevel]!.retainMs;
  if (fromMs >= toMs)
    throw invalid("to", `there is no whole hour that is over between ${timeToString(fromMs)} and ${body.to}`);
  if (fromMs < oldestMs) throw invalid("from", `must not be before ${timeToString(oldestMs)}: hours are kept 40 days`);
  return { fromMs, toMs };
}

function timeOf(name: "from" | "to", text: string): number {
  const ms = timeFromString(text);
  if (ms === undefined) throw invalid(name, "must be an RFC 3339 time with its offset");
  return ms;
}

function invalid(name: string, rule: string): BellwetherError {
  return new BellwetherError("invalid_request", `body.${name}: ${rule}.`, {
    errors: [{ path: `body.${name}`, message: rule }],
  });
}

/** Refuses a range in which the shard's log may have been trimmed. */
async function requireKept({ store }: Context, { ref, topic }: Source, fromMs: number): Promise<void> {
  const shard = await store.getShard(ref);
  if (!shard || shard.firstTicket === 0 || shard.lastAtMs < fromMs) return;
  const [first] = await store.readEntries(ref, 0, 1, 1);
  if (first && first.publishedAtMs < fromMs) return;
  const from = first ? timeToString(first.publishedAtMs) : "now";
  throw new BellwetherError(
    "range_not_kept",
    `The messages of "${topic.topic}" are kept for ${topic.retentionSeconds} s, and begin at ${from} in shard ${ref.shard}. Take a range that begins after it.`,
  );
}

/** The shards whose terms are counted: of the topic, or of every one. */
async function sourcesOf({ store }: Context, topic: TopicRecord | undefined): Promise<Source[]> {
  const topics: TopicRecord[] = topic ? [topic] : [];
  if (!topic) {
    for (let page = await store.listTopics(undefined, topicsPerPage); page.length > 0; ) {
      topics.push(...page);
      page = await store.listTopics(page.at(-1)!.topic, topicsPerPage);
    }
  }
  return topics
    .filter(({ terms }) => terms.enabled)
    .flatMap((each) => shardsOf(each).map((ref) => ({ ref, topic: each })));
}

function answer(body: RebuildTermsRequest, work: Work, state: TermsRebuild["state"]): TermsRebuild {
  const { range, throughMs, messages } = work;
  return {
    scope: body.topic === undefined ? overall : `topic:${body.topic}`,
    from: timeToString(range.fromMs),
    to: timeToString(range.toMs),
    state,
    through: timeToString(throughMs),
    messages,
    ...(state !== "done" && { continue: `${range.generation}.${throughMs}` }),
    pollAfterMs: state === "counting" || state === "switching" ? pollAfterMs : 0,
  };
}

function progressOf(text: string, fromMs: number, toMs: number): { generation: string; throughMs: number } {
  const match = /^([a-z0-9]{1,32})\.(\d{1,15})$/.exec(text);
  const throughMs = Number(match?.[2]);
  if (match && throughMs % chunkMs === 0 && throughMs >= fromMs && throughMs <= toMs)
    return { generation: match[1]!, throughMs };
  throw invalid("continue", "must be what the call before gave, with the same topic, from and to");
}
