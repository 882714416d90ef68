import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ServerProcess } from "../test/crash/server-process.ts";
import { BoundsRun } from "../test/popular-terms/bounds-run.ts";
import { readTexts } from "../test/popular-terms/texts.ts";
import { Random } from "../test/random.ts";

/** `npm run check:terms`: asks about terms while real text is published, and holds each answer to an exact count. */
const usage = `Usage: npm run check:terms -- [--messages 100000] [--seconds 60] [--rate 600] [--seed N] [--text FILE]

Publishes real text to the real server over HTTP, from four publishers into three topics, and asks all the while about
any topic, window and moment, popular and rising. The server's clock runs --rate times as fast, so that buckets close,
roll up and fold; between the parts of the text it is stopped and moved on by days, so that what is finest is forgotten.
Every answer is then held against an exact count of what had been acknowledged, made with the same tokenizer: before,
during and after it must lie inside the bounds it states. --seed repeats the choices of a run, not its timing. --text
names a file with a "text" in each line of JSON.
Exit code: 0, or 1 when an answer was false.
`;

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "100000" },
    seconds: { type: "string", default: "60" },
    rate: { type: "string", default: "600" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    text: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const hourMs = 3_600_000;
/** How much of the text is published before the clock is moved on, and by how much. */
const parts = [
  { share: 0.5, thenMs: 50 * hourMs },
  { share: 0.3, thenMs: 9 * 24 * hourMs },
  { share: 0.2, thenMs: 41 * 24 * hourMs },
  { share: 0, thenMs: 0 },
];

if (values.help) process.stdout.write(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const [messages, seconds, rate, seed] = [values.messages, values.seconds, values.rate, values.seed].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  if (![messages, seconds, rate, seed].every((value) => Number.isInteger(value) && value >= 0)) {
    process.stderr.write(usage);
    return 2;
  }
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-terms-"));
  const { name, texts } = readTexts(values.text);
  say(`terms: ${messages} messages of ${name}, the clock ${rate} times as fast, seed ${seed}`);
  const run = new BoundsRun(new Random(seed), texts, messages / Math.max(1, seconds), say);
  try {
    let startMs = Date.parse("2026-03-01T09:00:00Z");
    for (const { share, thenMs } of parts) {
      const beganMs = Date.now();
      const server = new ServerProcess(join(dataDir, "data"), { clock: { startMs, rate } });
      try {
        await run.part(await server.listening, Math.round(messages * share));
      } finally {
        await server.stop();
      }
      startMs += (Date.now() - beganMs) * rate + thenMs;
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  say(
    `${run.published} messages, ${run.checked} answers held to the truth, ${run.inexact} of them not exact; ${run.falsehoods} false`,
  );
  return run.falsehoods === 0 && run.checked > 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
