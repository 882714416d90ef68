import { parseArgs } from "node:util";
import { findBursts } from "../test/popular-terms/bursts.ts";
import { Random } from "../test/random.ts";

/** `npm run check:rising`: plants bursts in streams of words and says how many are found. Exit code 1 when it is too few. */
const usage = `Usage: npm run check:rising -- [--seed N] [--per-minute 60] [--windows 40] [--only 1m,10m,1h]

For each window: a stream whose words follow Zipf's law, in which ten rare words burst in every other window. It must find
them with a precision@10 of at least 0.95, and report at most 0.1 other terms a window.
`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    "per-minute": { type: "string", default: "60" },
    windows: { type: "string", default: "40" },
    only: { type: "string", default: "1m,10m,1h" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = await main(Number(values.seed), Number(values["per-minute"]), Number(values.windows));

async function main(seed: number, messagesPerMinute: number, windows: number): Promise<number> {
  if (![seed, messagesPerMinute / 6, windows].every(Number.isInteger)) {
    process.stderr.write(usage);
    return 2;
  }
  process.stdout.write(`rising: ${messagesPerMinute} messages a minute, ${windows} windows, seed ${seed}\n`);
  let isGood = true;
  for (const window of values.only.split(",") as ("1m" | "10m" | "1h")[]) {
    const startedAt = performance.now();
    const onWindow = (done: number): void => {
      if (done % 10 === 0) process.stderr.write(`  ${window}: ${done} of ${windows} windows\n`);
    };
    const found = await findBursts({ random: new Random(seed), window, messagesPerMinute, windows, onWindow });
    const isEnough = found.precisionAt10 >= 0.95 && found.falseAlarms <= 0.1;
    isGood &&= isEnough;
    process.stdout.write(
      `${window.padEnd(4)} precision@10 ${found.precisionAt10.toFixed(3)}, recall ${found.recall.toFixed(3)}, false alarms a window ${found.falseAlarms.toFixed(3)} (${((performance.now() - startedAt) / 1_000).toFixed(0)} s)${isEnough ? "" : "  TOO LITTLE"}\n`,
    );
  }
  return isGood ? 0 : 1;
}
