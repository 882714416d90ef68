import { parseArgs } from "node:util";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";
import { writeBetween } from "../compare/page.ts";
import { describeMachine } from "../report.ts";
import { readBenchText } from "../text.ts";
import { measureCalls } from "./calls.ts";
import type { Measured } from "./months.ts";
import { renderCosts } from "./page.ts";
import { measureSweep, measureTerms, wordsPerMessage } from "./terms.ts";

/** `npm run bench:cost`: what each call consumes of DynamoDB, and what that costs. Units, not time: they do not depend on the machine. */
const usage = `Usage: npm run bench:cost -- [options]

  --json   the units as JSON
  --write  also writes docs/guides/cost.md
`;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await main();

async function main(): Promise<void> {
  const engine = await startEngine();
  if (engine.missing) throw new Error(engine.missing);
  try {
    const measured: Measured = {
      calls: await measureCalls(engine),
      terms: await measureTerms(engine),
      sweep: await measureSweep(engine),
      wordsPerMessage: wordsPerMessage(),
    };
    const { node } = describeMachine();
    const run = {
      command: "npm run bench:cost",
      engine:
        process.env.AWS_ENDPOINT_URL_DYNAMODB === undefined
          ? "dynoxide"
          : "the one that AWS_ENDPOINT_URL_DYNAMODB names",
      node: node!,
      payload: `messages of 200 bytes of JSON where nothing else is said, of ${readBenchText(200).source}`,
    };
    const text = renderCosts(run, measured);
    if (values.write) writeBetween("bench:cost", text, "guides/cost.md");
    process.stdout.write(values.json ? `${JSON.stringify({ run, measured }, null, 2)}\n` : `${text}\n`);
  } finally {
    await engine.close();
  }
}
