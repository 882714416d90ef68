import { parseArgs } from "node:util";
import type { BenchOptions, Figure, Measure } from "./measure.ts";
import { batches } from "./measures/batches.ts";
import { idleStreams } from "./measures/idle-streams.ts";
import { pull } from "./measures/pull.ts";
import { questions } from "./measures/questions.ts";
import { singles } from "./measures/singles.ts";
import { startUp } from "./measures/startup.ts";
import { fanOut, latencyEndToEnd } from "./measures/streams.ts";
import { words } from "./measures/words.ts";
import { describeRun, renderTable } from "./report.ts";
import { builtService } from "./servers.ts";
import { readBenchText } from "./text.ts";

/** `npm run bench`: the canonical workload, each rate with the ratio to its anchor. Progress on stderr, the table on stdout. */
const measures: readonly Measure[] = [
  singles,
  batches,
  pull,
  fanOut,
  latencyEndToEnd,
  idleStreams,
  questions,
  startUp,
  words,
];

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    bytes: { type: "string", default: "300" },
    server: { type: "string" },
  },
});

if (values.help) {
  process.stdout.write(usage());
} else {
  const chosen = choose(values.only);
  const options: BenchOptions = {
    quick: values.quick,
    rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : 3)),
    warmUpSeconds: values.quick ? 0.5 : 3,
    messageBytes: Number(values.bytes),
    server: values.server ?? builtService(),
  };
  const run = describeRun(options, readBenchText(options.messageBytes));
  const figures: Figure[] = [];
  for (const measure of chosen) {
    process.stderr.write(`${measure.name}: ${measure.about}\n`);
    try {
      figures.push(...(await measure.run(options)));
    } catch (error) {
      // What the others have found is still worth printing.
      process.exitCode = 1;
      process.stderr.write(`${measure.name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  process.stdout.write(values.json ? `${JSON.stringify({ run, figures }, null, 2)}\n` : renderTable(run, figures));
}

function choose(only: string | undefined): readonly Measure[] {
  if (only === undefined) return measures;
  return only.split(",").map((name) => {
    const measure = measures.find((each) => each.name === name);
    if (!measure) throw new Error(`There is no measure "${name}"; there are ${measures.map((each) => each.name)}.`);
    return measure;
  });
}

function usage(): string {
  const list = measures.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join("\n");
  return `Usage: npm run bench -- [options]

  --only a,b     only these measures, of:
${list}
  --quick        1 round of 1 s and smaller counts: does it work, not how fast it is
  --rounds n     rounds of each variant (3)
  --seconds n    seconds of each round (3)
  --bytes n      bytes of a message's JSON at most (300)
  --server file  the service's main file, of another checkout to compare with (dist/hosts/local/main.js, built anew)
  --json         the figures with every round as JSON
`;
}
