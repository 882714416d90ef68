import { type Counter, type DayMark, dayMs, type Extent, markNames } from "./counter.ts";

const start: Extent = { tickets: 0, messages: 0, bytes: 0 };

/** For how many days one mark may stand: few enough that some twelve marks reach as far as the retention. */
export function markDays(retentionSeconds: number): number {
  return retentionSeconds === 0 ? 365 : Math.max(1, Math.ceil(retentionSeconds / 86_400 / 12));
}

/**
 * When an entry may be deleted, in seconds since 1970; undefined for never. Always after `trimOf` has passed it, with a day
 * to spare for clocks that differ: so a reader who misses a ticket at or above the trim knows that it is a gap. With
 * retentions up to twelve days that is retention + 48 h.
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
  marks.forEach((mark, i) => {
    if (lastDayAfter(counter, mark) <= firstDay) trim = marks[i + 1] ?? counter;
  });
  return trim;
}

/** The day from which on the next mark stands: this mark's period is over. */
function lastDayAfter(counter: Counter, { day, tickets }: DayMark): number {
  const past = counter.past.find((each) => tickets < each.tickets);
  const days = markDays((past ?? counter).retentionSeconds);
  return (Math.floor(day / days) + 1) * days;
}

/** The attributes that say nothing any more, so that the item stays small; none of `today`. */
export function obsoleteNames(counter: Counter, nowMs: number, today: number): string[] {
  const { marks, past } = counter;
  const trim = trimOf(counter, nowMs);
  const names: string[] = [];
  marks.forEach((mark, i) => {
    const isBehind = marks[i + 1] !== undefined && marks[i + 1]!.tickets <= trim.tickets;
    const before = marks[i - 1];
    const isDouble = before !== undefined && lastDayAfter(counter, before) > mark.day && !startsPast(counter, mark);
    if (mark.day !== today && (isBehind || isDouble)) names.push(...markNames(mark.day));
  });
  for (const { index, tickets } of past)
    if (tickets <= trim.tickets) names.push(...["H", "I", "J", "Q"].map((name) => name + index));
  return names;
}

/** The first mark under another retention than the one before it, which the one before it cannot stand for. */
function startsPast(counter: Counter, mark: DayMark): boolean {
  const before = counter.marks[counter.marks.indexOf(mark) - 1]!;
  return counter.past.some(({ tickets }) => before.tickets < tickets && tickets <= mark.tickets);
}
