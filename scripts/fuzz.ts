import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { ServerProcess } from "../test/crash/server-process.ts";
import type { DecodeResult } from "../test/fuzz/decode-run.ts";
import { decoders } from "../test/fuzz/decoders.ts";
import { type FuzzOptions, type FuzzResult, fuzz } from "../test/fuzz/run.ts";

/** `npm run fuzz`: requests made from /openapi.json against the real server, and bytes for decoders. Exit code 1 for a finding. */
const usage = `Usage: npm run fuzz -- [--requests 100000] [--decodes 1000000] [--seed N] [--callers 16]

Starts the server in a process of its own: with an admin key, open, then under low limits, and calls it with requests that are made
from its /openapi.json: valid, almost valid and hostile ones, with the tokens, ids and cursors that earlier answers gave.
Each answer is held to the description: status, content type, schema, no fault, none missing. At the end it prints how
often each operation gave each status, and which described statuses and codes were not met.

Then it gives decoders (cursor, entry, summary, event stream, message, packed appends and results) valid bytes, bytes made
of them by a few changes, and random ones. Each is refused as documented, or read as what encodes to the same.

The same seed makes the same plans and bytes; ids and timing differ. Exit code: 0, 1 for a finding, 2 for wrong usage.
`;

const adminKey = "an-admin-key-for-fuzzing";

/** Small limits, so that they are met. */
const limits = { "topics-max": 1_000, "publishers-max": 1_000, "subscribers-max": 1_000, "streams-max": 3 };
const lowLimits = { "publisher-rate": 10, "address-rate": 6_000, "in-flight-calls-max": 2, "connections-max": 14 };

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    decodes: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 30) },
    callers: { type: "string", default: "16" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else
  process.exitCode = await main(
    Number(values.requests),
    Number(values.decodes),
    Number(values.seed),
    Number(values.callers),
  );

async function main(requests: number, decodes: number, seed: number, callers: number): Promise<number> {
  if (
    ![requests, decodes, seed, callers].every((value) => Number.isSafeInteger(value) && value >= 0) ||
    callers === 0
  ) {
    process.stderr.write(usage);
    return 2;
  }
  say(`fuzz: ${requests} requests, ${decodes} decodes, seed ${seed}, ${callers} callers`);
  const tenth = Math.floor(requests / 10);
  const results = [
    await run("closed", { requests: requests - 3 * tenth, seed, callers }, { ...limits, "admin-key": adminKey }),
    await run("open", { requests: 2 * tenth, seed: seed + requests, callers }, limits),
    await run(
      "limited",
      { requests: tenth, seed: seed + 2 * requests, callers, mayBeFull: true },
      { ...limits, ...lowLimits },
    ),
  ];
  const notMet = (kind: "statuses" | "codes"): string =>
    results[0]!.missing[kind].filter((each) => results.every(({ missing }) => missing[kind].includes(each))).join(", ");
  say(`described, not met: ${notMet("statuses") || "none"}`);
  say(`codes not met: ${notMet("codes") || "none"}`);
  const decoded = await decode(decodes, seed);
  return decoded && results.every(({ isClean }) => isClean) ? 0 : 1;
}

/** A run against a server of its own. */
async function run(
  what: string,
  options: Omit<FuzzOptions, "findingsMax" | "progress">,
  settings: Readonly<Record<string, string | number>>,
): Promise<{ isClean: boolean; missing: FuzzResult["missing"] }> {
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-fuzz-"));
  const server = new ServerProcess(dataDir, {
    flags: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
  });
  try {
    const port = Number(new URL(await server.listening).port);
    const startedAt = performance.now();
    const progress = (done: number, findings: number): void => {
      if (done % 10_000 !== 0 && done !== options.requests) return;
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      say(`${what}: ${done} requests, ${findings} findings, ${seconds} s`);
    };
    const key = settings["admin-key"];
    const result = await fuzz(
      { port, ...(key !== undefined && { adminKey: String(key) }) },
      { ...options, findingsMax: 20, progress },
    );
    return { missing: result.missing, isClean: report(result, server) };
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Prints what a run gave; true when nothing is wrong. */
function report({ coverage, findings }: FuzzResult, { child, errors }: ServerProcess): boolean {
  for (const line of coverage.lines()) say(line);
  for (const { request, why, bytes } of findings) say(`FINDING at request ${request}: ${why}\n  ${bytes}`);
  if (errors !== "") say(`the server logged:\n${errors.slice(0, 10_000)}`);
  if (child.exitCode !== null) say(`the server ended with ${child.exitCode}`);
  return findings.length === 0 && child.exitCode === null && errors === "";
}

/** A decoder that is at one case for so long hangs. */
const hungMs = 10_000;

/** Fuzzes the decoders in a thread with little memory; true when nothing is wrong. */
async function decode(cases: number, seed: number): Promise<boolean> {
  const at = new Int32Array(new SharedArrayBuffer(8));
  const startedAt = performance.now();
  const worker = new Worker(new URL("../test/fuzz/decode-thread.ts", import.meta.url), {
    workerData: { cases, seed, at },
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  let [before, sinceMs] = ["", performance.now()];
  const watch = setInterval(() => {
    const now = at.join();
    if (now !== before) [before, sinceMs] = [now, performance.now()];
    else if (performance.now() - sinceMs > hungMs) void worker.terminate();
  }, 1_000);
  try {
    const result = await new Promise<DecodeResult>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", () => reject(new Error(`It hangs at one case for ${hungMs} ms.`)));
    });
    for (const [name, { taken, refused }] of Object.entries(result.counts))
      say(`${name.padEnd(15)} taken: ${taken}  refused: ${refused}`);
    for (const finding of result.findings) say(`FINDING: ${JSON.stringify(finding)}`);
    say(
      `${cases} decodes in ${Math.round((performance.now() - startedAt) / 1000)} s, ${result.findings.length} findings`,
    );
    return result.findings.length === 0;
  } catch (error) {
    say(`FINDING: decoder ${decoders[at[0]!]!.name}, case ${at[1]}: ${(error as Error).message}`);
    return false;
  } finally {
    clearInterval(watch);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
