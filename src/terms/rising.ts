import type { Totals } from "./totals.ts";
import { compareUtf8 } from "./utf8.ts";

/** A term that is in more messages than the time before lets expect. */
export interface Rise {
  readonly term: string;
  /** The messages of the window that hold it: a lower bound. */
  readonly count: number;
  /** How many the baseline lets expect: an upper bound. */
  readonly expected: number;
  /** How far `count` lies above `expected`, in about standard deviations. At least `scoreMin`. */
  readonly score: number;
  /** (count + 1) / (expected + 1). */
  readonly lift: number;
}

/** Below this score a rise may be chance. */
export const scoreMin = 4;
/** A term in fewer messages of the window is not reported, however new it is. */
export const countMin = 5;
/** A window of fewer messages says nothing about rises. */
export const messagesMin = 20;

/**
 * The score of a term that is in `count` messages where `expected` were to be. Rises with `count` and falls with
 * `expected`. The 5 keeps rare terms down; 1 % of `expected` squared is the swing that frequent ones have anyway.
 */
export function scoreOf(count: number, expected: number): number {
  return (count - expected) / Math.sqrt(expected + 5 + 0.01 * expected * expected);
}

/**
 * Whether the baseline carries a judgement: the window has `messagesMin` messages, and the baseline as many as the window.
 * (Its length is for the caller to check, who knows the times.) With fewer messages than the window a baseline misses
 * ordinary terms by chance, and each would look like a rise.
 */
export function hasEnoughMessages(window: Pick<Totals, "messages">, baseline: Pick<Totals, "messages">): boolean {
  return window.messages >= messagesMin && baseline.messages >= window.messages;
}

/**
 * The k terms that rise most, highest score first, ties in UTF-8 byte order of the term; without those hidden. Window and
 * baseline are of one lexicon.
 *
 * Expected is the baseline's upper bound of the term (its floor, for a term it does not hold) x the window's messages /
 * the baseline's messages; messages, as it is messages that counts count. Against the window's lower bound, so that an
 * error of the summaries can only hide a rise, never make one: no score is above that of exact counts.
 */
export function risingTerms(window: Totals, baseline: Totals, k: number, hidden: ReadonlySet<number>): Rise[] {
  if (baseline.messages === 0) return [];
  const scale = window.messages / baseline.messages;
  const rises: Rise[] = [];
  for (let id = 0; id < window.counts.length; id++) {
    const count = window.counts[id]!;
    if (count < countMin || hidden.has(id)) continue;
    const expected = ((baseline.counts[id] ?? 0) + baseline.errorOf(id)) * scale;
    const score = scoreOf(count, expected);
    if (score < scoreMin) continue;
    const term = window.lexicon.termOf(id);
    rises.push({ term, count, expected, score, lift: (count + 1) / (expected + 1) });
  }
  return rises.sort((a, b) => b.score - a.score || compareUtf8(a.term, b.term)).slice(0, k);
}
