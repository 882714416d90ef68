import { parseArgs } from "node:util";

/** A way to run something under injected faults, as a command. */
export interface FaultRuns {
  /** The npm script. */
  readonly command: string;
  readonly usage: string;
  readonly runs: number;
  /** A line after so many runs. */
  readonly tellEvery: number;
  /** One run, decided by its seed: each thing that went wrong, and beside it numbers of what happened, to be summed. */
  run(seed: number): Promise<{ readonly wrong: readonly string[] }>;
}

/** Runs it for `--runs` seeds from `--seed` on, and sets the exit code: 0, 1 when anything was wrong, 2 for nonsense. */
export async function tellFaultRuns({ command, usage, tellEvery, run, ...defaults }: FaultRuns): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: String(defaults.runs) },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      help: { type: "boolean", default: false },
    },
  });
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  if (values.help) return void say(usage);
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  if (![runs, seed].every((value) => Number.isInteger(value) && value >= 0)) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  say(`${command}: ${runs} runs, seeds from ${seed}`);
  const startedAt = performance.now();
  const sums: Record<string, number> = {};
  let failed = 0;
  for (let i = 0; i < runs; i++) {
    const { wrong, ...rest } = await run(seed + i);
    for (const [name, value] of Object.entries(rest))
      if (typeof value === "number") sums[name] = (sums[name] ?? 0) + value;
    if (wrong.length > 0) failed += 1;
    if (wrong.length > 0 && failed <= 10)
      for (const line of wrong.slice(0, 5)) say(`WRONG (seed ${seed + i}): ${line}`);
    if ((i + 1) % tellEvery === 0) say(`${i + 1} runs, ${failed} of them wrong`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const happened = Object.entries(sums).map(([name, sum]) => `${sum} ${name}`);
  say(`${runs} runs in ${seconds} s: ${happened.join(", ")}; ${failed} of them wrong`);
  if (failed > 0) process.exitCode = 1;
}
