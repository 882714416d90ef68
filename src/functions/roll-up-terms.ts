import type { SummaryKey, SummaryRecord, TermsChange, WorkMark } from "#core/store.ts";
import { openSummary } from "#terms/layout.ts";
import { mergeEncoded } from "#terms/merge-encoded.ts";
import { capacityOf, childrenOf, keptUntilMs, type Level, levels, parentOf } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { countedUpTo, disorderMs } from "./counted-up-to.ts";
import { allLevel, dayLevel } from "./levels.ts";
import { markDays, type Rebuilds, readRebuilds, scopeIn } from "./rebuilds.ts";
import { kindOf, summaryKeys } from "./scopes.ts";

const marksMax = 10_000;
const marksPerPass = 64;
const dayMs = levels[dayLevel]!.ms;

/**
 * Rebuilds the buckets that are marked and closed from all of their children, and marks their parents in turn: a pure
 * function of the children, repeated safely. A day is folded into `all` when it has been over for a day. Gives whether
 * there is more to do now.
 */
export async function rollUpTerms(context: Context): Promise<boolean> {
  const nowMs = context.clock.nowMs();
  const listed = await context.store.listWork(undefined, marksMax);
  const folds = closedOf(listed, nowMs).some(({ level }) => level === allLevel);
  const countedMs = folds ? await countedUpTo(context, undefined, nowMs) : nowMs;
  // Marks read after that: what is counted by then has its mark among them, or one further up.
  const marks = folds ? await context.store.listWork(undefined, marksMax) : listed;
  const closed = closedOf(marks, nowMs);
  // After the marks: what was counted into a new generation has its mark among those that are read later.
  const rebuilds = await readRebuilds(context.store);
  if (await markDays(context.store, rebuilds, () => context.ids.id())) return true;
  let done = 0;
  for (const mark of closed) {
    const step =
      mark.level === allLevel
        ? foldDay(context, rebuilds, mark, marks, countedMs)
        : rebuild(context, rebuilds, mark, nowMs);
    if (await step) done += 1;
  }
  return done > 0 && closed.length === marksPerPass;
}

/**
 * Rebuilds one bucket. It is read before its children, so that whoever changes it from newer children meanwhile makes its
 * version another. A bucket only grows: where less is left of the children than it holds, some are past their time (the
 * mark came days late), and it stays as it is. An only child is copied up too: it would expire.
 */
async function rebuild(context: Context, rebuilds: Rebuilds, mark: WorkMark, nowMs: number): Promise<boolean> {
  const { store, ids } = context;
  const { scope, startMs } = mark;
  const bucket = { level: mark.level as Exclude<Level, 0>, startMs };
  const key: SummaryKey = { scope: scopeIn(rebuilds, scope, bucket), ...bucket };
  const [parent] = await store.getSummaries([key]);
  const children = await store.getSummaries(
    childrenOf(bucket).flatMap((child) => summaryKeys(store.traits, scopeIn(rebuilds, scope, child), child)),
  );
  const rebuilt = mergeOf(children, capacityOf(store.traits.caps, bucket.level, kindOf(scope)));
  const isGrown = openSummary(rebuilt).messages >= (parent ? openSummary(parent.bytes).messages : 1);
  const above: Omit<SummaryKey, "scope"> = parentOf(bucket) ?? { level: allLevel, startMs };
  return store.saveTerms({
    puts: isGrown ? [put(key, parent, rebuilt, {}, keptUntilMs(bucket, nowMs))] : [],
    setMarks: parent || isGrown ? [{ scope, ...above, stamp: ids.id() }] : [],
    clearMarks: [mark],
    cursors: [],
  });
}

/** Folds one day into `all`, oldest first, guarded by the day through which it is folded already. */
async function foldDay(
  context: Context,
  rebuilds: Rebuilds,
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
  if (pending || countedMs < startMs + dayMs + disorderMs) return false;
  const [all] = await store.getSummaries([{ scope, level: allLevel, startMs: 0 }]);
  const dayBucket = { level: dayLevel, startMs } as const;
  const [day] = await store.getSummaries([{ scope: scopeIn(rebuilds, scope, dayBucket), ...dayBucket }]);
  const through = all?.included.through ?? 0;
  const folds = day && startMs >= through;
  return store.saveTerms({
    puts: folds
      ? [
          put(
            { scope, level: allLevel, startMs: 0 },
            all,
            mergeOf(all ? [all, day] : [day], capacityOf(store.traits.caps, "all", kindOf(scope))),
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
  bytes: Uint8Array,
  included: Record<string, number>,
  expiresAtMs: number,
): TermsChange["puts"][number] {
  return { ...key, version: (stored?.version ?? 0) + 1, included, bytes, expiresAtMs };
}

function mergeOf(records: readonly SummaryRecord[], capacity: number): Uint8Array {
  return mergeEncoded(
    records.map(({ bytes }) => bytes),
    capacity,
  );
}

function closedOf(marks: readonly WorkMark[], nowMs: number): WorkMark[] {
  return marks.filter((mark) => endOf(mark) <= nowMs).slice(0, marksPerPass);
}

function endOf({ level, startMs }: WorkMark): number {
  return level === allLevel ? startMs + 2 * dayMs : startMs + levels[level]!.ms;
}
