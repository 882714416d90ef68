import type { SummaryKey, SummaryRecord, TermsChange, WorkMark } from "#core/store.ts";
import { decodeSummary, encodeSummary } from "#terms/codec.ts";
import { mergeSummaries } from "#terms/summary.ts";
import { tokenizerVersion } from "#terms/tokenize.ts";
import { capacityOf, childrenOf, type Level, levels, parentOf } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { countedUpTo } from "./counted-up-to.ts";
import { overall } from "./scopes.ts";

/** The level of `all`, into which days are folded. */
export const allLevel = 5;

const marksPerPass = 64;
const dayMs = levels[4]!.ms;

/**
 * Rebuilds the buckets that are marked and closed from all of their children, and marks their parents in turn: a pure
 * function of the children, repeated safely. A day is folded into `all` when it has been over for a day. Gives whether
 * there is more to do now.
 */
export async function rollUpTerms(context: Context): Promise<boolean> {
  const nowMs = context.clock.nowMs();
  const marks = await context.store.listWork(undefined, 10_000);
  const closed = marks.filter((mark) => endOf(mark) <= nowMs).slice(0, marksPerPass);
  const folds = closed.some(({ level }) => level === allLevel);
  const countedMs = folds ? await countedUpTo(context, undefined, nowMs) : nowMs;
  let done = 0;
  for (const mark of closed) {
    if (mark.level === allLevel ? await foldDay(context, mark, marks, countedMs) : await rebuild(context, mark, nowMs))
      done += 1;
  }
  return done > 0 && closed.length === marksPerPass;
}

async function rebuild(context: Context, mark: WorkMark, nowMs: number): Promise<boolean> {
  const { store } = context;
  const { scope, startMs } = mark;
  const level = mark.level as Exclude<Level, 0>;
  const bucket = { level, startMs };
  const childKeys = childrenOf(bucket).map((child): SummaryKey => ({ scope, ...child }));
  // An only child is copied up too: it would expire.
  const records = await store.getSummaries([...childKeys, { scope, level, startMs }]);
  const parent = records.find((record) => record.level === level);
  const children = records.filter((record) => record !== parent);
  const parentBucket = parentOf(bucket);
  const next: SummaryKey = parentBucket ? { scope, ...parentBucket } : { scope, level: allLevel, startMs };
  return store.saveTerms({
    puts: [
      put(
        { scope, level, startMs },
        parent,
        children,
        capacityOf(store.traits.caps, level, kindOf(scope)),
        {},
        nowMs + levels[level]!.retainMs,
      ),
    ],
    setMarks: [{ ...next, stamp: context.ids.id() }],
    clearMarks: [mark],
    cursors: [],
  });
}

/** Folds one day into `all`, oldest first, guarded by the day through which it is folded already. */
async function foldDay(
  context: Context,
  mark: WorkMark,
  marks: readonly WorkMark[],
  countedMs: number,
): Promise<boolean> {
  const { store } = context;
  const { scope, startMs } = mark;
  const pending = marks.some(
    (other) =>
      other.scope === scope &&
      other !== mark &&
      other.startMs < startMs + dayMs &&
      (other.level < allLevel || other.startMs < startMs),
  );
  if (pending || countedMs < startMs + dayMs) return false;
  const records = await store.getSummaries([
    { scope, level: 4, startMs },
    { scope, level: allLevel, startMs: 0 },
  ]);
  const all = records.find(({ level }) => level === allLevel);
  const day = records.find(({ level }) => level === 4);
  const through = all?.included.through ?? 0;
  const folds = day && startMs >= through;
  const capacity = capacityOf(store.traits.caps, "all", kindOf(scope));
  return store.saveTerms({
    puts: folds
      ? [
          put(
            { scope, level: allLevel, startMs: 0 },
            all,
            all ? [all, day] : [day],
            capacity,
            { through: startMs + dayMs },
            Number.MAX_SAFE_INTEGER,
          ),
        ]
      : [],
    setMarks: [],
    clearMarks: [mark],
    cursors: [],
  });
}

function put(
  key: SummaryKey,
  stored: SummaryRecord | undefined,
  parts: readonly SummaryRecord[],
  capacity: number,
  included: Record<string, number>,
  expiresAtMs: number,
): TermsChange["puts"][number] {
  const summary = mergeSummaries(
    parts.map(({ bytes }) => decodeSummary(bytes).summary),
    capacity,
  );
  return {
    ...key,
    version: (stored?.version ?? 0) + 1,
    included,
    bytes: encodeSummary(summary, tokenizerVersion),
    expiresAtMs,
  };
}

function endOf({ level, startMs }: WorkMark): number {
  return level === allLevel ? startMs + 2 * dayMs : startMs + levels[level]!.ms;
}

function kindOf(scope: string): "overall" | "topic" {
  return scope === overall ? "overall" : "topic";
}
