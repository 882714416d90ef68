import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ServerProcess } from "../../test/crash/server-process.ts";
import { runLoad } from "../generator.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { cpuSeconds } from "../processes.ts";
import { alternate, median } from "../rounds.ts";
import { type BenchService, makeFolder, settleDisk, startService } from "../servers.ts";
import { readBenchText } from "../text.ts";

const questionsPerSecond = 50;
const connections = 8;
const batch = 100;
const countingMsMax = 180_000;
/** For what was open when the day was copied to be rolled up. */
const settleMs = 4_000;
const dayMs = 86_400_000;

interface QuestionsRound {
  readonly cpuSeconds: number;
  readonly askedMs: readonly number[];
}

/**
 * What answers cost. Expected: an answer adds up to 50 summaries of up to 17,000 words, decoded before, in 1-4 ms; at 50 a
 * second that is 5-15 % of a core, of which publishing and counting take the rest.
 */
export const questions: Measure = {
  name: "questions",
  about: `${questionsPerSecond} questions about terms a second while publishing at full speed, after a day of messages`,
  async run(options) {
    const day = makeFolder();
    try {
      process.stderr.write("  filling a day\n");
      await fillDay(day.path, options);
      const { asked, silent } = await alternate<"asked" | "silent", QuestionsRound>(options.rounds, {
        asked: () => publishAll(day.path, options, true),
        silent: () => publishAll(day.path, options, false),
      });
      // Of a core that is the server's alone: where others run on it too, the same questions come to less of its time.
      const costs = asked.map((round, i) => (round.cpuSeconds - silent[i]!.cpuSeconds) / round.askedMs.length);
      const shares = costs.map((seconds) => 100 * questionsPerSecond * seconds);
      const latencies = asked.flatMap(({ askedMs }) => askedMs).sort((a, b) => a - b);
      const at = (share: number): string => `${latencies[Math.floor(latencies.length * share)]?.toFixed(1)} ms`;
      return [
        {
          what: `answers about terms, ${questionsPerSecond}/s, of the server's core at full speed`,
          value: median(shares),
          unit: "%",
          rounds: shares,
          detail: `p50 ${at(0.5)}, p99 ${at(0.99)} of ${latencies.length} questions, ${(1_000 * median(costs)).toFixed(2)} ms CPU each; CPU s ${median(asked.map((round) => round.cpuSeconds)).toFixed(1)} with, ${median(silent.map((round) => round.cpuSeconds)).toFixed(1)} without`,
          goals: [{ of: "value", atMost: 10 }],
        },
      ];
    } finally {
      day.remove();
    }
  },
};

/** Publishes the text over a day of the server's clock, which passes in half a minute and ends now. */
async function fillDay(folder: string, { messageBytes, quick }: BenchOptions): Promise<void> {
  const seconds = quick ? 5 : 30;
  const rate = (1.05 * dayMs) / (seconds * 1_000);
  const startMs = Date.now() + seconds * 1_000 - 1.05 * dayMs;
  const server = new ServerProcess(join(folder, "data"), { clock: { startMs, rate } });
  const endsAt = performance.now() + seconds * 1_000;
  try {
    const url = await server.listening;
    const call = async (
      method: string,
      path: string,
      body: string,
      token?: string,
    ): Promise<Record<string, unknown>> => {
      const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
      const response = await fetch(url + path, { method, body, headers });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Record<string, unknown>;
    };
    await call("PUT", "/v1/topics/bench", "{}");
    const { token } = await call("POST", "/v1/publishers", '{"name":"bench","topics":["bench"]}');
    const { messages } = readBenchText(messageBytes);
    for (let at = 0; performance.now() < endsAt - 500; at += 20) {
      const some = Array.from({ length: 20 }, (_, i) => messages[(at + i) % messages.length]!.toString());
      await call("POST", "/v1/topics/bench/messages", `{"messages":[${some.join()}]}`, String(token));
      await sleep(5);
    }
  } finally {
    await server.stop();
  }
  await sleep(Math.max(0, endsAt - performance.now()));
}

/** The CPU that the server takes to publish and count the same messages, asked meanwhile or not. */
async function publishAll(day: string, options: BenchOptions, asks: boolean): Promise<QuestionsRound> {
  const folder = makeFolder();
  cpSync(day, folder.path, { recursive: true });
  settleDisk();
  const service = await startService(options.server, join(folder.path, "data"));
  const stopping = new AbortController();
  try {
    await caughtUp(service, Date.now());
    const { token } = await service.call("POST", "/v1/publishers", { name: "bench", topics: ["bench"] });
    const path = "/v1/topics/bench/messages";
    const target = { port: service.port, path, token: String(token), messageBytes: options.messageBytes, batch };
    // Everything decoded once, on both sides.
    const ask = asker(service);
    for (let i = 0; i < 18; i++) await ask();
    await sleep(settleMs);
    const cpuBefore = cpuSeconds(service.pid);
    const asking = asks ? askSteadily(ask, stopping.signal) : Promise.resolve([]);
    await runLoad({
      kind: "closed-loop",
      target,
      connections,
      warmUpSeconds: 0,
      seconds: 0,
      requestsMax: (options.quick ? 50_000 : 500_000) / batch,
      serverPid: service.pid,
    });
    await caughtUp(service, Date.now());
    const used = cpuSeconds(service.pid) - cpuBefore;
    stopping.abort();
    return { cpuSeconds: used, askedMs: await asking };
  } finally {
    stopping.abort();
    await service.stop();
    folder.remove();
  }
}

/** Asks by turns about every window, popular and rising, of the topic and overall; never twice for as many terms, so that no answer is a kept one. */
function asker(service: BenchService): () => Promise<void> {
  const windows = ["1m", "10m", "1h", "1d", "all"];
  const kinds = ["topic=bench&", ""].flatMap((scope) =>
    ["popular", "rising"].flatMap((sort) =>
      windows
        .filter((window) => sort === "popular" || window !== "all")
        .map((window) => `${scope}sort=${sort}&window=${window}`),
    ),
  );
  let asked = 0;
  return async () => {
    const kind = kinds[asked % kinds.length]!;
    asked += 1;
    await service.call("GET", `/v1/popular-terms?${kind}&limit=${1 + (asked % 200)}`);
  };
}

async function askSteadily(ask: () => Promise<void>, signal: AbortSignal): Promise<number[]> {
  const tookMs: number[] = [];
  const startedAt = performance.now();
  const under: Promise<void>[] = [];
  for (let i = 0; !signal.aborted; i++) {
    const sentAt = performance.now();
    under.push(ask().then(() => void tookMs.push(performance.now() - sentAt)));
    await sleep(Math.max(0, startedAt + ((i + 1) * 1_000) / questionsPerSecond - performance.now()));
  }
  await Promise.all(under);
  return tookMs;
}

/** Until everything published before this time is counted, and what is over is rolled up but for what is under way. */
async function caughtUp(service: BenchService, publishedAtMs: number): Promise<void> {
  const deadline = Date.now() + countingMsMax;
  for (let i = 0; Date.now() < deadline; i++) {
    const answer = await service.call("GET", `/v1/popular-terms?topic=bench&window=1m&limit=${1 + (i % 200)}`);
    if (Date.parse(String(answer.asOf)) >= publishedAtMs) return;
    await sleep(100);
  }
  throw new Error(`Counting did not catch up in ${countingMsMax} ms.`);
}
