import { parseArgs } from "node:util";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";
import { writeBetween } from "../compare/page.ts";
import { table } from "../compare/tables.ts";
import { describeMachine } from "../report.ts";
import { measureRate, type Publishers, type Rate } from "./measure.ts";

/**
 * `npm run bench:scaling`: how the publish rate of one topic grows with its shards and with the processes that publish,
 * over a DynamoDB on this machine whose partitions are held to a small part of AWS's limit, so that the limit and not the
 * machine is what is met. Ratios, not rates, are the outcome.
 */
const usage = `Usage: npm run bench:scaling -- [options]

  --seconds n   seconds of each measurement (5)
  --writes n    writes that a partition takes a second (50)
  --write       also writes docs/guides/scaling.md
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    writes: { type: "string", default: "50" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const shardCounts = [1, 2, 4];
const publishers: readonly Publishers[] = [
  ...[1, 2, 4, 8].map((processes) => ({
    name: processes === 1 ? "1 environment" : `${processes} environments`,
    processes,
    callsAtOnce: 1,
  })),
  { name: "1 node, 32 calls at once", processes: 1, callsAtOnce: 32 },
  { name: "2 nodes, 16 calls at once each", processes: 2, callsAtOnce: 16 },
];

if (values.help) process.stdout.write(usage);
else await main();

async function main(): Promise<void> {
  const limits = { requestMs: 5, writesPerSecond: Number(values.writes) };
  const engine = await startEngine();
  if (engine.missing) throw new Error(engine.missing);
  try {
    const rows: { name: string; rates: Rate[] }[] = [];
    for (const each of publishers) {
      const rates: Rate[] = [];
      for (const shards of shardCounts)
        rates.push(await measureRate(engine, limits, shards, each, Number(values.seconds)));
      process.stderr.write(
        `${each.name}: ${rates.map(({ messagesPerSecond }) => messagesPerSecond.toFixed(0)).join(", ")}\n`,
      );
      rows.push({ name: each.name, rates });
    }
    const { commit, machine, node } = describeMachine();
    const run = {
      command: `npm run bench:scaling${values.write ? "" : ` -- --seconds ${values.seconds} --writes ${values.writes}`}`,
      commit,
      machine: `${machine}, shared with other work`,
      node,
      engine: `dynoxide, each request ${limits.requestMs} ms later, each partition ${limits.writesPerSecond} writes a second at most; ${values.seconds} s each after 1 s`,
    };
    const text = render(run, rows, limits.writesPerSecond);
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
  writesPerSecond: number,
): string {
  const titles = ["publishers", ...shardCounts.map((shards) => (shards === 1 ? "1 shard" : `${shards} shards`))];
  const cells = ({ messagesPerSecond, unavailable }: Rate): string => {
    const refused = unavailable > 0 ? ` (${Math.ceil(unavailable * 100)} % were answered 503)` : "";
    return `${(messagesPerSecond / writesPerSecond).toFixed(2)}${refused}`;
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
