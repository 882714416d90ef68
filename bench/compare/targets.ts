import { type Comparison, figureOf, ratioOf, type System } from "./comparison.ts";
import { type Metric, metrics } from "./measures.ts";

/** What the project wants to reach against others, each a ratio taken in one run. */
export interface TargetOutcome {
  readonly text: string;
  /** Which system it was held against: the best one that the target names. */
  readonly against: string;
  readonly ratio: number | undefined;
  readonly bound: string;
  /** undefined where one of the two was not measured. */
  readonly met: boolean | undefined;
}

interface TargetRule {
  readonly text: string;
  readonly ours: string;
  readonly metric: Metric;
  readonly among: (system: System) => boolean;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const http = "Bellwether over HTTP";
const sdk = "Bellwether, SDK";
const isPeer = ({ name, acknowledged }: System): boolean =>
  !name.startsWith("Bellwether") && acknowledged !== "nothing";
const fsynced = (system: System): boolean => isPeer(system) && system.acknowledged === "fsynced";
const named =
  (name: string) =>
  (system: System): boolean =>
    system.name === name;

const rules: readonly TargetRule[] = [
  rule(
    "singles over HTTP, against the best HTTP peer that fsyncs",
    http,
    "singlesPerSecond",
    (s) => fsynced(s) && s.http,
    {
      atLeast: 1.5,
    },
  ),
  ...[http, sdk].map((ours) =>
    rule(
      `singles, ${way(ours)}, against Redis with appendfsync always`,
      ours,
      "singlesPerSecond",
      named("Redis Streams, always"),
      {
        atLeast: 0.8,
      },
    ),
  ),
  ...[http, sdk].map((ours) =>
    rule(`batches, ${way(ours)}, against the best peer that fsyncs`, ours, "batchedPerSecond", fsynced, { atLeast: 2 }),
  ),
  ...[http, sdk].map((ours) =>
    rule(`latency p99, ${way(ours)}, against the best peer that fsyncs`, ours, "p99Ms", fsynced, { atMost: 1.3 }),
  ),
  rule("fan-out to 1,000 streams, against nchan", http, "deliveriesPerSecond", named("nchan"), { atLeast: 3 }),
  rule("singles over HTTP, against the bare node:http echo", http, "singlesPerSecond", named("bare node:http echo"), {
    atLeast: 0.65,
  }),
];

export function targetOutcomes(comparison: Comparison): TargetOutcome[] {
  return rules.map(({ text, ours, metric, among, atLeast, atMost }) => {
    const best = bestOf(comparison, comparison.systems.filter(among), metric);
    const ratio = best && ratioOf(comparison, ours, best.name, metric);
    return {
      text,
      against: best?.name ?? "none measured",
      ratio,
      bound: atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`,
      met:
        ratio === undefined || Number.isNaN(ratio)
          ? undefined
          : ratio >= (atLeast ?? -Infinity) && ratio <= (atMost ?? Infinity),
    };
  });
}

function bestOf(comparison: Comparison, systems: readonly System[], metric: Metric): System | undefined {
  const measured = systems.flatMap((system) => {
    const figure = figureOf(comparison, system.name, metric);
    return figure === undefined ? [] : [{ system, figure }];
  });
  const sign = metrics[metric].better === "more" ? 1 : -1;
  return measured.toSorted((a, b) => sign * (b.figure - a.figure))[0]?.system;
}

function rule(
  text: string,
  ours: string,
  metric: Metric,
  among: TargetRule["among"],
  bound: { atLeast: number } | { atMost: number },
): TargetRule {
  return { text, ours, metric, among, ...bound };
}

function way(ours: string): string {
  return ours === http ? "over HTTP" : "through the SDK";
}
