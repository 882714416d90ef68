import { parseArgs } from "node:util";
import { writeBetween } from "../compare/page.ts";
import { format, table } from "../compare/tables.ts";
import { describeBench } from "../report.ts";
import { builtService } from "../servers.ts";
import { readBenchText } from "../text.ts";
import { dimensions } from "./dimensions.ts";
import { type Growth, type GrowthOptions, growthFactor, measureGrowth, type Operation, operations } from "./growth.ts";

/** `npm run bench:growth`: what an operation costs as more is stored, registered or open. Progress on stderr, tables on stdout. */
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    max: { type: "string", default: "1e7" },
    server: { type: "string" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage());
else await main();

async function main(): Promise<void> {
  const server = values.server ?? builtService();
  const options: GrowthOptions = {
    rounds: number("rounds"),
    seconds: number("seconds"),
    sizeMax: number("max"),
    server,
  };
  const chosen = dimensions
    .filter(({ name }) => values.only === undefined || values.only.split(",").includes(name))
    .filter(({ sizes }) => sizes[0]! <= options.sizeMax);
  if (chosen.length === 0) throw new Error("Nothing is left of --only and --max; see --help.");
  const growths: Growth[] = [];
  for (const dimension of chosen) {
    process.stderr.write(`${dimension.name}: ${dimension.about}\n`);
    growths.push(await measureGrowth(dimension, options));
  }
  const run = { command: commandLine(), ...describeBench(readBenchText(300), 300) };
  const text = renderGrowth(run, growths);
  if (values.write) writeBetween("bench:growth", text);
  process.stdout.write(values.json ? `${JSON.stringify({ run, growths }, null, 2)}\n` : `${text}\n`);
}

function renderGrowth(run: Readonly<Record<string, string>>, growths: readonly Growth[]): string {
  const head = Object.entries(run).map(([name, value]) => `- ${name}: ${value}`);
  const tables = growths.map((growth) => {
    const sizes = growth.points.map(({ size }) => size.toLocaleString("en"));
    const rows = (Object.keys(operations) as Operation[]).map((operation) => [
      operations[operation],
      ...growth.points.map(({ costs }) => format(costs[operation])),
      `${format(growthFactor(growth, operation))} x`,
    ]);
    return `By ${growth.about}:\n\n${table([growth.dimension, ...sizes, "last / first"], rows)}`;
  });
  return [head.join("\n"), ...tables].join("\n\n");
}

function commandLine(): string {
  const given = process.argv.slice(2).filter((arg) => arg !== "--write");
  return `npm run bench:growth${given.length > 0 ? ` -- ${given.join(" ")}` : ""}`;
}

function number(name: "rounds" | "seconds" | "max"): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not "${values[name]}".`);
  return value;
}

function usage(): string {
  const list = dimensions.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n");
  return `Usage: npm run bench:growth -- [options]

  --only a,b     only these dimensions, of:
${list}
  --max n        no size above it (1e7)
  --rounds n     measurements at each size, of which the median is taken (3)
  --seconds n    seconds of each (3)
  --server file  the service's main file, of another checkout to compare with (dist/hosts/local/main.js, built anew)
  --json         the costs as JSON
  --write        also writes docs/performance.md
`;
}
