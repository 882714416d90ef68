import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { call } from "../test/crash/api.ts";
import { ServerProcess } from "../test/crash/server-process.ts";

/** `npm run check:fsync`: shows by the system calls that a message is on the disk before its 201 is sent. */
const usage = `Usage: npm run check:fsync -- [--messages 20]

Runs the real server under strace, publishes messages one after another, and looks at its system calls: after the write
of a message into the write-ahead log, an fsync or fdatasync of that log must return before the 201 of the message is
sent. Needs Linux and strace. Exit code: 0, 1 when a 201 came without it, 2 when strace is missing.
`;

/** One system call. With several threads one call can lie within another: `began` and `ended` are line numbers. */
interface SystemCall {
  readonly began: number;
  ended: number;
  text: string;
}

const { values } = parseArgs({
  options: { messages: { type: "string", default: "20" }, help: { type: "boolean", default: false } },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = await main(Number(values.messages));

async function main(messages: number): Promise<number> {
  if (spawnSync("strace", ["-V"]).status !== 0) {
    process.stderr.write("check:fsync needs strace, which is not here. On Debian: apt-get install strace\n");
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "bellwether-fsync-"));
  try {
    const tokens = Array.from({ length: messages }, (_, i) => `token-${process.pid}-${i}-end`);
    const calls = parseTrace(await traceOf(folder, tokens));
    const findings = tokens.map((token) => findingOf(calls, token));
    for (const [i, { ok, text }] of findings.entries()) process.stdout.write(`${ok ? "ok  " : "FAIL"} ${i} ${text}\n`);
    const failed = findings.filter(({ ok }) => !ok).length;
    process.stdout.write(
      failed === 0
        ? `${messages} of ${messages} answers of 201 were sent after the log that holds the message was synced\n`
        : `${failed} of ${messages} answers of 201 were sent WITHOUT the log being synced before\n`,
    );
    return failed === 0 && messages > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What strace says of a server that is published to, one message a call, each with its token. */
async function traceOf(folder: string, tokens: readonly string[]): Promise<string> {
  const trace = join(folder, "trace");
  // -D: the server is our own child. -y: paths for descriptors. Long strings: a page of the log is written in one call.
  const calls = "trace=fsync,fdatasync,pwrite64,write,writev,sendto";
  const server = new ServerProcess(join(folder, "data"), {
    wrapper: ["strace", "-D", "-f", "-y", "-s", "40000", "-e", calls, "-e", "signal=none", "-o", trace],
  });
  try {
    const url = await server.listening;
    const { token } = await call<{ token: string }>(url, "POST", "/v1/publishers", {
      body: JSON.stringify({ name: "fsync", topics: ["fsync"] }),
    });
    for (const each of tokens)
      await call(url, "POST", "/v1/topics/fsync/messages", {
        token,
        body: JSON.stringify({ body: each, key: each }),
        headers: { "idempotency-key": each },
      });
  } finally {
    await server.stop();
  }
  // The tracer ends a moment after what it traced.
  const ended = new RegExp(`^${server.child.pid} \\+\\+\\+`, "m");
  for (let i = 0; i < 200; i++) {
    const text = readFileSync(trace, "latin1");
    if (ended.test(text)) return text;
    await delay(50);
  }
  throw new Error("strace did not end within 10 s of the server.");
}

/** Lines of `pid name(args) = result`; a call that others interrupt is on two, "<unfinished ...>" and "resumed". */
function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, SystemCall>();
  trace.split("\n").forEach((line, number) => {
    const [, pid, text] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (pid === undefined || text === undefined) return;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    if (resumed !== undefined) {
      const begun = unfinished.get(pid);
      if (begun) Object.assign(begun, { ended: number, text: begun.text + resumed });
      return;
    }
    const isUnfinished = text.endsWith(" <unfinished ...>");
    const each = { began: number, ended: isUnfinished ? Number.POSITIVE_INFINITY : number, text };
    if (isUnfinished) unfinished.set(pid, each);
    calls.push(each);
  });
  return calls;
}

function findingOf(calls: readonly SystemCall[], token: string): { ok: boolean; text: string } {
  const written = calls.find(({ text }) => /^pwrite64\(\d+<[^>]*-wal>/.test(text) && text.includes(token));
  // The answer names the message by its place; the first 201 that begins after the message was written is its own.
  const answered = calls.find(
    ({ text, began }) => /^(write|writev|sendto)\(.*HTTP\/1\.1 201/.test(text) && began > (written?.began ?? 0),
  );
  const synced =
    written &&
    calls.find(
      ({ text, began, ended }) =>
        /^(fsync|fdatasync)\(\d+<[^>]*-wal>.*= 0$/.test(text) &&
        began > written.ended &&
        ended < (answered?.began ?? 0),
    );
  const where = (each: SystemCall | undefined): string => (each ? `line ${each.began + 1}` : "never");
  return {
    ok: written !== undefined && synced !== undefined && answered !== undefined,
    text: `written to the log: ${where(written)}; ${synced?.text.split("(")[0] ?? "synced"}: ${where(synced)} to ${(synced?.ended ?? 0) + 1}; 201 sent: ${where(answered)}`,
  };
}
