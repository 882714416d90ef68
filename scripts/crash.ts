import { parseArgs } from "node:util";
import { runCrashRounds } from "../test/crash/rounds.ts";

/** `npm run crash`: kills the server again and again under load and checks what it promised. Exit code 1 on a violation. */
const usage = `Usage: npm run crash -- [--rounds 30] [--seed N] [--load-ms 2500]

Starts the real server over a folder of its own, loads it with publishers and subscribers, kills it with SIGKILL at a
random instant up to --load-ms later, starts it again over the same folder, and checks that

  - every acknowledged message is there, under its id, in its publisher's order; once where it had an Idempotency-Key
  - a batch is there whole or not at all, and no sequence repeats
  - committed cursors have not moved back, and all behind them can be read; subscribers saw each message once, in order
  - the counts of terms are those of a recount of what is stored

The server's clock runs 60 times as fast and jumps by hours between rounds, so that counts are rolled up meanwhile.
--seed repeats the choices of a run, not its timing. Exit code: 0, or 1 when anything was violated.
`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    "load-ms": { type: "string", default: "2500" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = await main(Number(values.rounds), Number(values.seed), Number(values["load-ms"]));

async function main(rounds: number, seed: number, loadMsMax: number): Promise<number> {
  if (![rounds, seed, loadMsMax].every((value) => Number.isInteger(value) && value >= 0)) {
    process.stderr.write(usage);
    return 2;
  }
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const startedAt = performance.now();
  say(`crash: ${rounds} rounds, seed ${seed}`);
  const result = await runCrashRounds({ rounds, seed, loadMsMax, onRound: say });
  say(
    `${result.kills} kills in ${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${result.acknowledged} messages acknowledged, ${result.unacknowledged} more stored whose answer was cut off, ${result.retried} calls sent again, ${result.delivered} deliveries, ${result.commits} commits, ${result.daysOnTheClock.toFixed(1)} days on the server's clock`,
  );
  for (const violation of result.violations) say(`VIOLATION: ${violation}`);
  say(
    result.violations.length === 0 ? "nothing was violated" : `${result.violations.length} violations (seed ${seed})`,
  );
  return result.violations.length === 0 ? 0 : 1;
}
