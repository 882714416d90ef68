import { parseArgs } from "node:util";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";
import { writeBetween } from "../compare/page.ts";
import { table } from "../compare/tables.ts";
import { describeMachine } from "../report.ts";
import { measureRate, type Publishers, partition, type Rate, slowness } from "./measure.ts";

/**
 * `npm run bench:scaling`: how the publish rate of one topic grows with its shards and with the processes that publish, over
 * a DynamoDB on this machine that is given AWS's distance and limits, all of it slowed down so that it is these and not the
 * machine that are met. Ratios, not rates, are the outcome.
 */
const usage = `Usage: npm run bench:scaling -- [options]

  --seconds n   seconds of each measurement (8)
  --write       also writes docs/guides/scaling.md
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const shardCounts = [1, 2, 4];
const publishers: readonly Publishers[] = [
  ...[1, 5, 10, 20, 40].map((processes) => ({
    name: processes === 1 ? "1 environment" : `${processes} environments`,
    processes,
    callsAtOnce: 1,
  })),
  { name: "1 node, 64 calls at once", processes: 1, callsAtOnce: 64 },
  { name: "2 nodes, 32 calls at once each", processes: 2, callsAtOnce: 32 },
];

if (values.help) process.stdout.write(usage);
else await main();

async function main(): Promise<void> {
  const engine = await startEngine();
  if (engine.missing) throw new Error(engine.missing);
  try {
    const rows: { name: string; rates: Rate[] }[] = [];
    for (const each of publishers) {
      const rates: Rate[] = [];
      for (const shards of shardCounts) rates.push(await measureRate(engine, shards, each, Number(values.seconds)));
      process.stderr.write(
        `${each.name}: ${rates.map(({ messagesPerSecond }) => messagesPerSecond.toFixed(0)).join(", ")}\n`,
      );
      rows.push({ name: each.name, rates });
    }
    const { machine, node } = describeMachine();
    const run = {
      command: `npm run bench:scaling -- --seconds ${values.seconds}`,
      machine: `${machine}, shared with other work`,
      node,
      engine: `dynoxide, with ${partition.requestMs} ms more for each request and ${partition.writesPerSecond.toLocaleString("en")} writes a second for each partition; all of it ${slowness} times slower`,
    };
    const text = render(run, rows);
    if (values.write) writeBetween("bench:scaling", text, "guides/scaling.md");
    process.stdout.write(`${text}\n`);
  } finally {
    await engine.close();
  }
}

/** Rates as parts of what one partition takes. */
function render(
  run: Readonly<Record<string, string | undefined>>,
  rows: readonly { readonly name: string; readonly rates: readonly Rate[] }[],
): string {
  const titles = ["publishers", ...shardCounts.map((shards) => (shards === 1 ? "1 shard" : `${shards} shards`))];
  const cells = ({ messagesPerSecond, unavailable }: Rate): string => {
    const refused = unavailable > 0 ? ` (${Math.ceil(unavailable * 100)} % were answered 503)` : "";
    return `${(messagesPerSecond / partition.writesPerSecond).toFixed(2)}${refused}`;
  };
  return [
    Object.entries(run)
      .map(([name, value]) => `- ${name}: ${value}`)
      .join("\n"),
    table(
      titles,
      rows.map(({ name, rates }) => [name, ...rates.map(cells)]),
    ),
  ].join("\n\n");
}
