import type { Store, SummaryKey, SummaryRecord, TermsChange, WorkMark } from "#core/store.ts";
import { type Bucket, bucketOf, levels } from "#terms/windows.ts";
import { allLevel, dayLevel } from "./levels.ts";

/**
 * Which generation of a scope's summaries counts, by time: `rebuildTerms` writes a new one beside the old, and one put of
 * this record switches from one to the other, for answers, counting and rolling up at once.
 *
 * Counting reads it after the count cursors, rolling up after the marks, and answers before the marks. Why that is enough:
 * `docs/decisions/0012-rebuilding-terms.md`.
 */
export interface Rebuilds {
  readonly version: number;
  /** Later ones win where they overlap. */
  readonly done: readonly Rebuilt[];
  /** The range that is about to be switched: whoever counts into it raises the version of this record. */
  readonly switching?: TermsRange;
}

/** Whole hours of one scope, and the generation that counts them. */
export interface TermsRange {
  readonly scope: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly generation: string;
}

export interface Rebuilt extends TermsRange {
  /** The days that it reaches into are marked, to be rebuilt from their hours. Until then they are not to be read. */
  readonly daysMarked: boolean;
}

const key: SummaryKey = { scope: "rebuilds", level: allLevel, startMs: 0 };

export async function readRebuilds(store: Store): Promise<Rebuilds> {
  const [record] = await store.getSummaries([key]);
  return rebuildsOf(record);
}

export function rebuildsOf(record: SummaryRecord | undefined): Rebuilds {
  if (!record) return { version: 0, done: [] };
  return { ...JSON.parse(new TextDecoder().decode(record.bytes)), version: record.version };
}

/** Puts what comes after `rebuilds`, if nobody else has put anything since it was read, and then moves the cursors. */
export function saveRebuilds(
  store: Store,
  rebuilds: Rebuilds,
  changes: { readonly done?: readonly Rebuilt[]; readonly switching?: TermsRange | undefined },
  cursors: TermsChange["cursors"] = [],
): Promise<boolean> {
  const { version, ...next } = { ...rebuilds, ...changes };
  const bytes = new TextEncoder().encode(JSON.stringify(next));
  const put = { ...key, version: version + 1, included: {}, bytes, expiresAtMs: Number.MAX_SAFE_INTEGER };
  return store.saveTerms({ puts: [put], setMarks: [], clearMarks: [], cursors });
}

/** The scope under which the summaries of a bucket stand: with the generation of the last rebuild that reaches into it. */
export function scopeIn(rebuilds: Rebuilds, scope: string, bucket: Bucket): string {
  const rebuilt = rebuilds.done.findLast((range) => reaches(range, scope, bucket));
  return rebuilt ? generationScope(rebuilt) : scope;
}

export function generationScope({ scope, generation }: Pick<TermsRange, "scope" | "generation">): string {
  return `${scope}@${generation}`;
}

/** The bucket is a day into which a rebuild reaches, and which may not hold that yet: its hours do. */
export function isStale(rebuilds: Rebuilds, scope: string, bucket: Bucket): boolean {
  return bucket.level === dayLevel && rebuilds.done.some((each) => !each.daysMarked && reaches(each, scope, bucket));
}

/** What is counted into this bucket must raise the record's version before the cursor passes it. */
export function isSwitching({ switching }: Rebuilds, scope: string, bucket: Bucket): boolean {
  return switching !== undefined && reaches(switching, scope, bucket);
}

/** Marks the days of rebuilds that were cut off before they did. true when there were any. */
export async function markDays(store: Store, rebuilds: Rebuilds, stamp: () => string): Promise<boolean> {
  const unmarked = rebuilds.done.filter(({ daysMarked }) => !daysMarked);
  if (unmarked.length === 0) return false;
  const setMarks = unmarked.flatMap(({ scope, fromMs, toMs }) => {
    const first = bucketOf(dayLevel, fromMs).startMs;
    const days = Math.ceil((toMs - first) / dayMs);
    const markOf = (i: number): WorkMark => ({ scope, level: dayLevel, startMs: first + i * dayMs, stamp: stamp() });
    return Array.from({ length: days }, (_, i) => markOf(i));
  });
  await store.saveTerms({ puts: [], setMarks, clearMarks: [], cursors: [] });
  await saveRebuilds(store, rebuilds, { done: rebuilds.done.map((each) => ({ ...each, daysMarked: true })) });
  return true;
}

const dayMs = levels[dayLevel]!.ms;

function reaches(range: TermsRange, scope: string, { level, startMs }: Bucket): boolean {
  return range.scope === scope && range.fromMs < startMs + levels[level]!.ms && range.toMs > startMs;
}
