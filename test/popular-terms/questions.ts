import type { Random } from "../random.ts";
import type { Asked } from "./truth.ts";

/** A question at random about topics, of now or of a moment since `startMs`. */
export function randomQuestion(random: Random, topics: readonly string[], startMs: number, nowMs: number): Asked {
  const sort = random.chance(0.3) ? "rising" : "popular";
  const isPast = random.chance(0.4);
  const window = random.pick([
    "1m",
    "10m",
    "1h",
    "1d",
    ...(sort === "popular" && !isPast ? (["all"] as const) : []),
  ] as const);
  const topic = random.pick([undefined, ...topics]);
  return {
    ...(topic !== undefined && { topic }),
    window,
    sort,
    limit: random.pick([1, 10, 100, 1_000]),
    ...(isPast && { at: new Date(random.integer(startMs, nowMs)).toISOString() }),
  };
}
