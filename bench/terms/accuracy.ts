import { exactSummary, mergeSummaries, topTerms } from "#terms/summary.ts";
import type { Figure, Goal } from "../measure.ts";
import { type Material, redrawn, stretches, zipf } from "./material.ts";
import type { TermsMeasure } from "./measure.ts";

const buckets = 60;

/** How near answers from pruned summaries are to an exact count. The same in every run. */
export const accuracy: TermsMeasure = {
  name: "accuracy",
  about: `the top 100 from ${buckets} merged summaries of 1,024 and of 4,096 terms, beside an exact count`,
  async run({ text, quick }) {
    const messages = quick ? 20_000 : 360_000;
    return [text, redrawn(text, messages), zipf(messages)].flatMap((material) =>
      [1_024, 4_096].flatMap((capacity) => compare(material, capacity)),
    );
  },
};

function compare({ name, terms }: Material, capacity: number): Figure[] {
  const truth = exactSummary(terms).terms;
  const parts = stretches(terms, buckets).map((some) => mergeSummaries([exactSummary(some)], capacity));
  const merged = mergeSummaries(parts, Number.POSITIVE_INFINITY);
  const ranking = [...truth].sort(([, a], [, b]) => b.count - a.count);
  const recall = (k: number): number => {
    const least = ranking[k - 1]![1].count;
    return topTerms(merged, k).filter(({ term }) => truth.get(term)!.count >= least).length / k;
  };
  const errors = ranking
    .slice(0, 100)
    .map(([term, { count }]) => (100 * (count - (merged.terms.get(term)?.count ?? 0))) / count);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const certified = topTerms(merged, 100).filter(({ certain }) => certain).length;
  const distinct = parts.reduce((sum, { terms: held }) => sum + held.size, 0) / parts.length;
  const what = `${name}, m = ${capacity.toLocaleString("en")}`;
  const detail = `recall@10 ${recall(10).toFixed(2)}, largest error ${Math.max(...errors).toFixed(2)} %, ${certified} of 100 certified; ${Math.round(distinct).toLocaleString("en")} terms a part, floor ${merged.floor} of ${merged.pairs.toLocaleString("en")} pairs`;
  return [
    line(`recall@100, ${what}`, recall(100), "", [{ of: "value", atLeast: 0.99 }], detail),
    line(`mean error of the top 100, ${what}`, mean, "%", [{ of: "value", atMost: capacity === 1_024 ? 0.8 : 0.01 }]),
  ];
}

function line(what: string, value: number, unit: string, goals: readonly Goal[], detail = ""): Figure {
  return { what, value, unit, rounds: [value], goals, detail };
}
