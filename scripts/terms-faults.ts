import { parseArgs } from "node:util";
import { runWithFaults } from "../test/terms-faults/run.ts";

/** `npm run terms:faults`: counts terms under injected faults and compares with what was published. Exit code 1 on a wrong count. */
const usage = `Usage: npm run terms:faults -- [--runs 10000] [--seed N]

Each run is a short life of counting, decided by a seed: two processes count and roll up at once over a store without
transactions whose writes fail, get lost, are done without an answer, come twice or long after; batches end anywhere,
messages come late, clocks jump, summaries expire, hours are rebuilt meanwhile, processes end. Then every leaf, every parent and \`all\` of every scope
are compared with what was published.

Run i has the seed --seed + i: \`--runs 1 --seed <its seed>\` repeats one. Exit code: 0, or 1 at a wrong count.
`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = await main(Number(values.runs), Number(values.seed));

async function main(runs: number, seed: number): Promise<number> {
  if (![runs, seed].every((value) => Number.isInteger(value) && value >= 0)) {
    process.stderr.write(usage);
    return 2;
  }
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  say(`terms:faults: ${runs} runs, seeds from ${seed}`);
  const startedAt = performance.now();
  let [messages, faults, rebuilds, failed] = [0, 0, 0, 0];
  for (let i = 0; i < runs; i++) {
    const result = await runWithFaults(seed + i);
    messages += result.messages;
    faults += result.faults;
    rebuilds += result.rebuilds;
    if (result.wrong.length > 0) {
      failed += 1;
      if (failed <= 10) for (const line of result.wrong.slice(0, 5)) say(`WRONG (seed ${seed + i}): ${line}`);
    }
    if ((i + 1) % 10_000 === 0) say(`${i + 1} runs, ${failed} with a wrong count`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  say(
    `${runs} runs in ${seconds.toFixed(0)} s: ${messages} messages, ${faults} passes cut off by a fault, ${rebuilds} rebuilds, ${failed} runs with a wrong count`,
  );
  return failed === 0 ? 0 : 1;
}
