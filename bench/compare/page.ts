import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bar, type Panel, renderChart } from "./chart.ts";
import { type Comparison, figureOf, type System } from "./comparison.ts";
import { type Metric, metrics } from "./measures.ts";
import { format, renderTables } from "./tables.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
/** Writes the tables between the two marks of docs/performance.md, and chart and figures beside it. */
export function writePage(comparison: Comparison): void {
  const images = join(docs, "images");
  mkdirSync(images, { recursive: true });
  writeFileSync(join(images, "peers.svg"), drawComparison(comparison));
  writeFileSync(join(images, "peers.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  writeBetween("bench:peers", renderTables(comparison));
}

/** Writes what a script has measured between its two marks of a page of docs. */
export function writeBetween(script: string, text: string, name = "performance.md"): void {
  const page = join(docs, name);
  writeFileSync(page, between(script, readFileSync(page, "utf8"), text));
}

/** Puts a text between the two marks of a script. Throws where they are not there. */
export function between(script: string, page: string, text: string): string {
  const begin = `<!-- ${script} begins: written by \`npm run ${script} -- --write\` -->`;
  const end = `<!-- ${script} ends -->`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page needs the lines "${begin}" and "${end}".`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

const panels: readonly (readonly [Metric, string])[] = [
  ["singlesPerSecond", "Single acknowledged publishes per second, 64 clients"],
  ["batchedPerSecond", "Messages per second in batches of 100"],
  ["p99Ms", "Publish to delivery at 1,000 messages/s, p99 in ms (less is better)"],
  ["deliveriesPerSecond", "Deliveries per second to 1,000 subscribers, p99 within 250 ms"],
  ["loadedMegabytes", "Memory after the single publishes, MB (less is better)"],
];

/** The comparison as bars, the best on top. */
export function drawComparison(comparison: Comparison): string {
  const drawn = panels.map(([metric, title]): Panel => {
    const bars = comparison.systems.flatMap((system) => barOf(comparison, system, metric));
    const sign = metrics[metric].better === "more" ? -1 : 1;
    return { title, bars: bars.toSorted((a, b) => sign * (a.value - b.value)) };
  });
  return renderChart(
    "Bellwether and other systems on one machine",
    drawn.filter(({ bars }) => bars.length > 0),
  );
}

function barOf(comparison: Comparison, { name, acknowledged }: System, metric: Metric): Bar[] {
  const value = figureOf(comparison, name, metric);
  if (value === undefined) return [];
  const kind = name.startsWith("Bellwether") ? "ours" : acknowledged === "fsynced" ? "solid" : "hollow";
  return [{ label: name, value, text: format(value), kind }];
}
