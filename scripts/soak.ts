import { parseArgs } from "node:util";
import { type SoakResult, soak } from "../test/soak/soak.ts";
import { loadTroubles } from "../test/soak/trouble.ts";

/** `npm run soak`: troubles the real server in every way for a time, and holds it to its guarantees. Exit code 1 on a violation. */
const troubles = await loadTroubles();
const width = Math.max(...troubles.map(({ name }) => name.length));
const usage = `Usage: npm run soak -- [--seconds 60] [--seed N] [--only trouble,...] [--json]

Runs the real server under load and troubles it, up to three ways at once, in random order:

${troubles.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join("\n")}

Every 6 to 15 seconds all troubles end, and everything that docs/guarantees.md promises of one machine is checked: of the
log, of what was delivered, committed, sought, refused, expired and counted, and of every answer about terms. A failure that
no trouble excuses is a violation, and so is memory that grows (runs of two minutes and more leave out kill in their second
half to see that). On a violation the seed, the last events and the folder of the data are told.

--seed repeats the choices of a run, not its timing. --json prints one JSON object instead of lines.
A disk is made full where this process may mount a tmpfs (as root), else by prlimit. Exit code: 0, or 1 on a violation.
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = await main(Number(values.seconds), Number(values.seed), values.only?.split(","), values.json);

async function main(seconds: number, seed: number, only: string[] | undefined, isJson: boolean): Promise<number> {
  const isKnown = only?.every((name) => troubles.some((trouble) => trouble.name === name)) ?? true;
  if (!isKnown || ![seconds, seed].every((value) => Number.isInteger(value) && value >= 0)) {
    process.stderr.write(usage);
    return 2;
  }
  const say = isJson ? () => {} : (line: string): void => void process.stdout.write(`${line}\n`);
  process.once("SIGINT", () => process.exit(130));
  say(`soak: ${seconds} s, seed ${seed}`);
  const result = await soak({ seconds, seed, say, ...(only && { only }) });
  if (isJson) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  else report(result, say);
  return result.violations.length === 0 ? 0 : 1;
}

function report(result: SoakResult, say: (line: string) => void): void {
  const { memory, excused, notMade, violations, lastEvents, keptIn } = result;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ") || "none";
  for (const [name, reason] of Object.entries(notMade)) say(`${name} was not made: ${reason}`);
  say(`troubles: ${list(result.troubles)}; failures that they excused: ${list(excused)}`);
  say(
    `${result.acknowledged} messages acknowledged, ${result.refused} calls refused and ${result.retried} sent again, ${result.delivered} deliveries, ${result.lost} expired and announced, ${result.commits} commits, ${result.seeks} seeks, ${result.asked} questions about terms (${result.held} held to exact counts), ${result.registrations} registrations made and deleted`,
  );
  say(
    `${result.kills} kills; slowest start ${result.slowestStartMs} ms, slowest /healthz ${result.slowestHealthMs} ms; database ${result.databaseMegabytes} MB, its log ${result.logMegabytes} MB at most at a check`,
  );
  const { floorMegabytes: floor } = memory;
  say(
    `memory: ${memory.peakMegabytes} MB at most; ${floor ? `floors ${floor.first} and ${floor.last} MB in the first and last third of ${floor.seconds} s behind the warm-up` : "no process lived long enough to judge leaks"}`,
  );
  for (const violation of violations) say(`VIOLATION: ${violation}`);
  if (violations.length === 0) {
    say("nothing was violated");
    return;
  }
  say(`${violations.length} violations (seed ${result.seed}); the data is kept in ${keptIn}; what was done last:`);
  for (const event of lastEvents) say(`  ${event}`);
}
