import { parseArgs } from "node:util";
import { runWithFaults } from "../test/dynamodb-faults/run.ts";

/** `npm run dynamodb:faults`: runs the DynamoDB store under injected faults. Exit code 1 on a broken promise. */
const usage = `Usage: npm run dynamodb:faults -- [--runs 2000] [--seed N]

Each run is a short life of a topic, decided by a seed: three processes publish, read, commit, count and expire at once over
a model of DynamoDB in which requests and answers are lost, come late or twice, are refused for now, and reads are old;
processes freeze for longer than the grace and are killed between ticket and entry; days pass, items are deleted when their
time is over, segments roll over. Then everything is completed and read to its end, and checked: nothing acknowledged is
lost or told to be gone before its time, nothing is given to a reader twice, all read in one order, every retry with an
Idempotency-Key is answered alike, every message is counted once, and no committed cursor moves back.

Run i has the seed --seed + i: \`--runs 1 --seed <its seed>\` repeats one. Exit code: 0, or 1 when anything was broken.
`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
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
  say(`dynamodb:faults: ${runs} runs, seeds from ${seed}`);
  const startedAt = performance.now();
  const sum = { acknowledged: 0, unanswered: 0, delivered: 0, tombstones: 0 };
  let failed = 0;
  for (let i = 0; i < runs; i++) {
    const result = await runWithFaults(seed + i);
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += result[name];
    if (result.wrong.length > 0) {
      failed += 1;
      if (failed <= 10) for (const line of result.wrong.slice(0, 5)) say(`BROKEN (seed ${seed + i}): ${line}`);
    }
    if ((i + 1) % 1_000 === 0) say(`${i + 1} runs, ${failed} with a broken promise`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  say(
    `${runs} runs in ${seconds.toFixed(0)} s: ${sum.acknowledged} calls acknowledged, ${sum.unanswered} tries that failed, ${sum.delivered} deliveries, ${sum.tombstones} tickets closed; ${failed} runs with a broken promise`,
  );
  return failed === 0 ? 0 : 1;
}
