import { BellwetherError } from "#contract/errors.ts";
import { shardKey } from "#core/shard.ts";
import type { SummaryRecord, TopicRecord } from "#core/store.ts";
import { openSummary } from "#terms/layout.ts";
import { childrenOf, levels } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { TermCounting } from "./count-terms.ts";
import { dayLevel, hourLevel } from "./levels.ts";
import {
  generationScope,
  markDays,
  type Rebuilds,
  readRebuilds,
  saveRebuilds,
  scopeIn,
  type TermsRange,
} from "./rebuilds.ts";
import { partOf, type Source } from "./recount.ts";
import { summaryKeys } from "./scopes.ts";

/** How many rebuilds are remembered: each is looked through with every answer. */
const rebuildsMax = 200;
/** How many passes of counting it waits for the count cursors; past it, the caller comes again. */
const settlesMax = 8;

const hourMs = levels[hourLevel]!.ms;

/** A rebuild as one call goes on with it. */
export interface Work {
  readonly range: TermsRange;
  /** undefined for all of them. */
  readonly topic: TopicRecord | undefined;
  readonly sources: readonly Source[];
  /** Recounted up to here. */
  throughMs: number;
  messages: number;
}

/**
 * Switches to the recounted generation, if it holds all that the present one does. Whoever counts into the range from
 * `settle` on raises the version that the last step is conditioned on.
 */
export async function switchOver(context: Context, work: Work): Promise<boolean> {
  const { store, ids } = context;
  const { range } = work;
  const found = await readRebuilds(store);
  if (found.done.some(({ generation }) => generation === range.generation)) return true;
  if (found.switching?.generation !== range.generation) {
    if (!(await saveRebuilds(store, found, { switching: range }))) return false;
  }
  if (!(await settle(context, work))) return false;
  const rebuilds = await readRebuilds(store);
  if (rebuilds.switching?.generation !== range.generation) return false;
  for (let hourStartMs = range.fromMs; hourStartMs < range.toMs; hourStartMs += hourMs) {
    if (await isComplete(context, rebuilds, range, hourStartMs)) continue;
    work.throughMs = hourStartMs;
    return false;
  }
  const done = [...remembered(rebuilds, range, context.clock.nowMs()), { ...range, daysMarked: false }];
  if (!(await saveRebuilds(store, rebuilds, { done, switching: undefined }))) return false;
  await markDays(store, await readRebuilds(store), () => ids.id());
  return true;
}

/**
 * Until every count cursor has moved from where it stood, or had nothing before it: whoever counts on from there read the
 * record of rebuilds after it said that this range is switching.
 */
async function settle(context: Context, { sources }: Work): Promise<boolean> {
  const own = new Set(sources.map(({ ref }) => shardKey(ref)));
  const uncounted = async (): Promise<Map<string, number>> =>
    new Map((await context.store.listUncounted(10_000)).map(({ ref, ticket }) => [shardKey(ref), ticket] as const));
  const stood = [...(await uncounted())].filter(([source]) => own.has(source));
  const counting = new TermCounting(context);
  for (let passes = 0; passes < settlesMax; passes++) {
    const stands = await uncounted();
    if (stood.every(([source, ticket]) => stands.get(source) !== ticket)) return true;
    await counting.countTerms();
  }
  return false;
}

/** Every leaf that is still there includes the same as its recounted one, and the hour has as many messages. */
async function isComplete(context: Context, rebuilds: Rebuilds, range: TermsRange, startMs: number): Promise<boolean> {
  const { store } = context;
  const generation = generationScope(range);
  const hour = { level: hourLevel, startMs } as const;
  const leaves = childrenOf(hour).flatMap(childrenOf).flatMap(childrenOf);
  const present = await store.getSummaries(
    leaves.flatMap((leaf) => summaryKeys(store.traits, scopeIn(rebuilds, range.scope, leaf), leaf)),
  );
  const recounted = new Map(
    (await store.getSummaries(leaves.flatMap((leaf) => summaryKeys(store.traits, generation, leaf)))).map((leaf) => [
      partOf(leaf),
      leaf,
    ]),
  );
  if (!present.every((leaf) => includesSame(leaf, recounted.get(partOf(leaf))))) return false;
  const before = await messagesIn(context, scopeIn(rebuilds, range.scope, hour), startMs);
  return before === (await messagesIn(context, generation, startMs));
}

function includesSame(leaf: SummaryRecord, recounted: SummaryRecord | undefined): boolean {
  if (!recounted) return false;
  const sources = Object.entries(leaf.included);
  return (
    sources.length === Object.keys(recounted.included).length &&
    sources.every(([source, ticket]) => recounted.included[source] === ticket)
  );
}

/** How many messages an hour counts, under its scope with its generation. */
export async function messagesIn({ store }: Context, scope: string, startMs: number): Promise<number> {
  const [hour] = await store.getSummaries([{ scope, level: hourLevel, startMs }]);
  return hour ? openSummary(hour.bytes).messages : 0;
}

/** The rebuilds whose days are still kept and that this one does not replace. Throws `limit_reached` for too many. */
export function remembered({ done }: Rebuilds, range: TermsRange, nowMs: number): Rebuilds["done"] {
  const isReplaced = (each: TermsRange): boolean =>
    each.scope === range.scope && each.fromMs >= range.fromMs && each.toMs <= range.toMs;
  const kept = done.filter((each) => each.toMs + 2 * levels[dayLevel]!.retainMs > nowMs && !isReplaced(each));
  if (kept.length < rebuildsMax) return kept;
  throw new BellwetherError(
    "limit_reached",
    `There are ${kept.length} rebuilt ranges, and no more are remembered. Rebuild a range that holds several of them.`,
  );
}
