import type { SummaryKey } from "./store.ts";

const hourMs = 3_600_000;

/** What a store knows of the counting that is still to be done. */
export interface Backlog {
  /** When the oldest entry that is not counted was published; undefined when all are counted. */
  readonly uncountedAtMs: number | undefined;
  /** The work marks, or at least the oldest of each level. */
  readonly marks: Iterable<Pick<SummaryKey, "level" | "startMs">>;
}

/**
 * Whether summaries past their time may be forgotten. Not while counting or rolling up lies more than a day behind, as
 * after the service was off for a weekend: a bucket that is rebuilt then needs children whose two days are over. What is
 * less behind finds all its children, as buckets of up to 1 min are kept for 48 h and those above for 8 days and more.
 */
export function mayForgetSummaries({ uncountedAtMs, marks }: Backlog, nowMs: number): boolean {
  if (uncountedAtMs !== undefined && uncountedAtMs <= nowMs - 30 * hourMs) return false;
  // A day is due when it is over, and folded into `all` a day later; anything finer is due within the hour.
  for (const { level, startMs } of marks) if (startMs <= nowMs - (level < 4 ? 30 : 96) * hourMs) return false;
  return true;
}
