import type { LadderStep } from "../load/jobs.ts";
import type { CoresBusy } from "../processes.ts";
import { median } from "../rounds.ts";
import { type Comparison, figureOf, ratioOf, type System } from "./comparison.ts";
import { type Metric, metrics } from "./measures.ts";
import { targetOutcomes } from "./targets.ts";

/** What is printed, and written into the docs: Markdown. */
export function renderTables(comparison: Comparison): string {
  return [
    list(comparison),
    ...disturbance(comparison),
    "### Figures",
    "Medians of the rounds. `-`: not measured, for a reason named below.",
    figures(comparison),
    "### Ratios",
    "How many times a system's figure Bellwether's is, the median over the rounds: first over HTTP through the load generator that all HTTP systems share, then through its SDK, as the others are driven by their own clients. Above 1 is better for rates, below 1 for milliseconds and memory.",
    ratios(comparison),
    ...fanOutEnds(comparison),
    "### Targets",
    targets(comparison),
    "### What an acknowledgement means",
    meanings(comparison),
    ...leftOut(comparison),
  ].join("\n\n");
}

const http = "Bellwether over HTTP";
const sdk = "Bellwether, SDK";

function list({ run }: Comparison): string {
  return Object.entries(run)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join("\n");
}

function figures(comparison: Comparison): string {
  const columns: [string, readonly Metric[]][] = [
    ["singles/s", ["singlesPerSecond"]],
    ["batched messages/s", ["batchedPerSecond"]],
    ["latency ms, p50 / p99 / p99.9", ["p50Ms", "p99Ms", "p999Ms"]],
    ["fan-out deliveries/s", ["deliveriesPerSecond"]],
    ["memory MB, idle / after singles", ["idleMegabytes", "loadedMegabytes"]],
    ["start-up ms", ["startMs"]],
  ];
  const rows = comparison.systems.map((system) => [
    system.name,
    system.acknowledged,
    ...columns.map(([, keys]) => joined(keys.map((key) => format(figureOf(comparison, system.name, key))))),
  ]);
  return table(["system", "acknowledged", ...columns.map(([title]) => title)], rows);
}

function ratios(comparison: Comparison): string {
  const keys: readonly Metric[] = [
    "singlesPerSecond",
    "batchedPerSecond",
    "p50Ms",
    "p99Ms",
    "p999Ms",
    "deliveriesPerSecond",
    "loadedMegabytes",
  ];
  const others = comparison.systems.filter(({ name }) => !name.startsWith("Bellwether"));
  const rows = others.map((system) => [
    system.name,
    ...keys.map((key) => {
      // An HTTP system is driven by the shared generator: against the SDK it would be another comparison.
      const sides = system.http ? [http] : [http, sdk];
      return joined(sides.map((ours) => format(ratioOf(comparison, ours, system.name, key))));
    }),
  ]);
  return table(["Bellwether is, times", ...keys.map((key) => metrics[key].title)], rows);
}

/** Where each system's fan-out ended, and on which core. */
function fanOutEnds({ systems, rounds }: Comparison): string[] {
  const rows = systems.flatMap(({ name }) => {
    const ends = rounds.filter(({ system }) => system === name).flatMap(({ steps }) => endOf(steps ?? []) ?? []);
    if (ends.length === 0) return [];
    const middle = (pick: (step: LadderStep) => number): string => format(median(ends.map(pick)));
    const busy = (side: keyof CoresBusy): string =>
      ends.some(({ cores }) => cores === undefined) ? "-" : middle(({ cores }) => Math.round(cores![side] * 100));
    return [
      [
        name,
        middle(({ offered }) => offered),
        middle(({ delivered }) => delivered),
        middle(({ p99Ms }) => p99Ms),
        middle(({ missing }) => missing),
        busy("server"),
        busy("generator"),
      ],
    ];
  });
  if (rows.length === 0) return [];
  const titles = ["system", "offered/s", "delivered/s", "p99 ms", "missing", "server's core %", "generator's core %"];
  return [
    "### Where the fan-out ended",
    "The first rate after the last good one, medians of the rounds. It failed on the core that was full: where that is the generator's, the figure is the generator's and not the system's.",
    table(titles, rows),
  ];
}

/** The step after the last good one; undefined where all were good. */
function endOf(steps: readonly LadderStep[]): LadderStep | undefined {
  return steps[steps.findLastIndex(({ good }) => good) + 1];
}

function targets(comparison: Comparison): string {
  const rows = targetOutcomes(comparison).map(({ text, against, ratio, bound, met }) => [
    text,
    against,
    format(ratio),
    bound,
    met === undefined ? "not measured" : met ? "met" : "**missed**",
  ]);
  return table(["target", "held against", "ratio", "wanted", ""], rows);
}

function meanings({ systems }: Comparison): string {
  const rows = systems.map(({ name, version, acknowledged, settings, client }: System) => [
    name,
    version,
    acknowledged,
    settings,
    client,
  ]);
  const legend =
    "`fsynced`: it survives a crash of the machine. `written`: only of the process. `memory`: of neither. `nothing`: it was not stored.";
  return `${legend}\n\n${table(["system", "version", "acknowledged", "settings", "driven by"], rows)}`;
}

function disturbance({ rounds, systems }: Comparison): string[] {
  const disturbed = rounds.filter((round) => round.disturbed);
  if (disturbed.length === 0) return [];
  const names = systems.map(({ name }) => name).filter((name) => disturbed.some(({ system }) => system === name));
  return [
    `**Disturbed: do not trust these figures.** In ${disturbed.length} of ${rounds.length} rounds something else used more than 5 % of a core, also after repeats (${names.join("; ")}).`,
  ];
}

function leftOut({ left }: Comparison): string[] {
  if (left.length === 0) return [];
  const lines = left.map(({ system, measure, why }) => `- ${system}${measure ? `, ${measure}` : ""}: ${why}.`);
  return ["### Not measured", lines.join("\n")];
}

/** A table of Markdown. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");
}

function joined(parts: readonly string[]): string {
  return parts.every((part) => part === "-") ? "-" : parts.join(" / ");
}

/** A number with three digits that count, thousands set apart. */
export function format(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  return value >= 1000 ? Number(value.toPrecision(3)).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
