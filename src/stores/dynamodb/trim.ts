import { type Counter, counterKey, type DayMark, dayMs, type Extent, markNames } from "./counter.ts";
import type { Requests } from "./requests.ts";

const start: Extent = { tickets: 0, messages: 0, bytes: 0 };

/** For how many days one mark may stand: few enough that some sixteen marks reach as far as the retention. */
export function markDays(retentionSeconds: number): number {
  return retentionSeconds === 0 ? 365 : Math.max(1, Math.ceil(retentionSeconds / 86_400 / 8));
}

/**
 * When an entry may be deleted, in seconds since 1970; undefined for never. Always after `trimOf` has passed it, with a day
 * to spare for clocks that differ: so a reader who misses a ticket at or above the trim knows that it is a gap. With
 * retentions up to eight days that is retention + 48 h.
 */
export function expirySecondsOf(publishedAtMs: number, retentionSeconds: number): number | undefined {
  if (retentionSeconds === 0) return undefined;
  return Math.ceil(publishedAtMs / 1000) + retentionSeconds + (markDays(retentionSeconds) + 1) * 86_400;
}

/** How far the log is trimmed: everything before has expired, whether it was deleted or not. Never goes back. */
export function trimOf(counter: Counter, nowMs: number): Extent {
  let trim = trimBy(counter, counter.retentionSeconds, nowMs);
  for (const past of counter.past) {
    const by = trimBy(counter, past.retentionSeconds, nowMs);
    const within = by.tickets < past.tickets ? by : past;
    if (within.tickets > trim.tickets) trim = within;
  }
  const { tickets, messages, bytes } = trim;
  return { tickets, messages, bytes };
}

/**
 * By one retention: the mark behind the last one whose days are all over. What was taken before the first mark was trimmed
 * before, as only then marks are dropped.
 */
function trimBy(counter: Counter, retentionSeconds: number, nowMs: number): Extent {
  const { marks } = counter;
  let trim: Extent = marks[0] ?? start;
  if (retentionSeconds === 0) return trim;
  const firstDay = Math.floor((nowMs - retentionSeconds * 1000) / dayMs);
  for (const [i, { endDay }] of marks.entries()) if (endDay <= firstDay) trim = marks[i + 1] ?? counter;
  return trim;
}

/** Fewer obsolete attributes than this may stay. */
const obsoleteMin = 6;

/**
 * Keeps the counter's item small: drops the marks that lie below the trim, puts others together, and drops retentions that
 * the first mark says enough about. One write in days, and none when anybody else did so meanwhile.
 */
export async function tidy(requests: Requests, counter: Counter, nowMs: number): Promise<void> {
  const { removed, ends } = tidyingOf(counter, nowMs);
  if (removed.length < obsoleteMin) return;
  const names: Record<string, string> = {};
  const values: Record<string, number> = {};
  const conditions = counter.marks.map(({ day, endDay, tickets }, i) => {
    names[`#t${i}`] = markNames(day)[0];
    names[`#e${i}`] = `E${day.toString(36)}`;
    values[`:t${i}`] = tickets;
    if (endDay !== day + 1) values[`:e${i}`] = endDay;
    return `#t${i} = :t${i} AND ${endDay === day + 1 ? `attribute_not_exists(#e${i})` : `#e${i} = :e${i}`}`;
  });
  const sets = [...ends].map(([mark, endDay]) => {
    const i = counter.marks.indexOf(mark);
    values[`:n${i}`] = endDay;
    return `#e${i} = :n${i}`;
  });
  for (const [i, name] of removed.entries()) names[`#r${i}`] = name;
  const removes = removed.map((_, i) => `#r${i}`).join(", ");
  await requests.update(
    "Topics",
    counterKey(counter.ref),
    { text: `${sets.length > 0 ? `SET ${sets.join(", ")} ` : ""}REMOVE ${removes}`, names, values },
    { text: conditions.join(" AND ") },
  );
}

/** The attributes to be dropped, and the marks that then stand until another day. */
function tidyingOf(counter: Counter, nowMs: number): { removed: string[]; ends: Map<DayMark, number> } {
  const { marks, past } = counter;
  const trim = trimOf(counter, nowMs);
  const removed: string[] = [];
  const ends = new Map<DayMark, number>();
  const drop = ({ day }: DayMark): void => void removed.push(...markNames(day), `E${day.toString(36)}`);
  let kept: DayMark | undefined;
  for (const [i, mark] of marks.entries()) {
    const next = marks[i + 1];
    if (next && next.tickets <= trim.tickets) drop(mark);
    else if (kept && next && canStandFor(counter, kept, mark, next)) {
      drop(mark);
      ends.set(kept, mark.endDay);
    } else kept = mark;
  }
  for (const { index, tickets } of past)
    if (tickets <= (marks[0]?.tickets ?? 0)) removed.push(...["H", "I", "J", "Q"].map((name) => name + index));
  return { removed, ends };
}

/** All from one mark to the end of another was written under one retention, which allows for so many days. */
function canStandFor({ past, retentionSeconds }: Counter, kept: DayMark, mark: DayMark, next: DayMark): boolean {
  if (past.some(({ tickets }) => kept.tickets < tickets && tickets < next.tickets)) return false;
  const under = past.find(({ tickets }) => next.tickets <= tickets)?.retentionSeconds ?? retentionSeconds;
  return mark.endDay - kept.day <= markDays(under);
}
