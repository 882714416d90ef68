import { runLoad } from "../generator.ts";
import type { LoadResult } from "../load/jobs.ts";
import type { BenchOptions, Figure, Measure } from "../measure.ts";
import { alternate, median, medianRatio } from "../rounds.ts";
import { type BenchService, runSqlite, settleDisk, startService } from "../servers.ts";

const connections = 8;
const batch = 100;
const countingMsMax = 180_000;

interface BatchRound {
  readonly load?: LoadResult;
  /** Messages per second acknowledged. */
  readonly rate: number;
  /** The same until the last one was counted. */
  readonly countedRate: number;
}

/**
 * Batches of 100. Expected: 30 KB a call; parsing and checking JSON costs about 3 us a message, the writer's share of the
 * core less, so 150,000-250,000 messages/s; counting words (60 MB/s and merging) halves that while it runs.
 */
export const batches: Measure = {
  name: "batches",
  about: "batches of 100 over 8 connections: terms off, on, and until counted; against bare SQLite",
  async run(options) {
    const { off, on, sqlite } = await alternate<"off" | "on" | "sqlite", BatchRound>(options.rounds, {
      off: () => publishBatches(options, false),
      sqlite: async () => {
        settleDisk();
        return { rate: await runSqlite({ ...options, batch }), countedRate: Number.NaN };
      },
      on: () => publishBatches(options, true),
    });
    const anchors = sqlite.map(({ rate }) => rate);
    const figure = (what: string, values: readonly number[], rest: Partial<Figure> = {}): Figure => ({
      what,
      value: median(values),
      unit: "messages/s",
      rounds: values,
      anchor: { name: "bare SQLite", value: median(anchors), ratio: medianRatio(values, anchors) },
      ...rest,
    });
    return [
      figure(
        `batches of ${batch}, ${connections} connections, terms off`,
        off.map(({ rate }) => rate),
        {
          detail: latency(off),
          goals: [
            { of: "ratio", atLeast: 0.6 },
            { of: "value", atLeast: 150_000 },
          ],
        },
      ),
      figure(
        "the same, terms on: acknowledged",
        on.map(({ rate }) => rate),
        { detail: latency(on) },
      ),
      figure(
        "the same, terms on: acknowledged and counted",
        on.map(({ countedRate }) => countedRate),
      ),
    ];
  },
};

async function publishBatches(
  { server, messageBytes, warmUpSeconds, seconds }: BenchOptions,
  terms: boolean,
): Promise<BatchRound> {
  settleDisk();
  const service = await startService(server);
  try {
    const target = { port: service.port, ...(await service.topic("bench", terms)), messageBytes, batch };
    const load = await runLoad({
      kind: "closed-loop",
      target,
      connections,
      warmUpSeconds,
      seconds,
      serverPid: service.pid,
    });
    if (!terms) return { load, rate: load.messagesPerSecond, countedRate: Number.NaN };
    const countedAtMs = await counted(service, load.messagesTotal);
    return {
      load,
      rate: load.messagesPerSecond,
      countedRate: load.messagesTotal / ((countedAtMs - load.startedAtMs) / 1000),
    };
  } finally {
    await service.stop();
  }
}

/** When the topic's popular terms held every message, to a tenth of a second. */
async function counted(service: BenchService, messages: number): Promise<number> {
  const publishedAtMs = Date.now();
  for (let i = 0; Date.now() < publishedAtMs + countingMsMax; i++) {
    // Never the same limit twice in a while: the answer to the same question is kept for a second.
    const answer = await service.call("GET", `/v1/popular-terms?topic=bench&window=1h&limit=${1 + (i % 100)}`);
    if (answer.messages === messages && Date.parse(String(answer.asOf)) >= publishedAtMs) return Date.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Counting did not reach ${messages} messages in ${countingMsMax} ms.`);
}

function latency(rounds: readonly BatchRound[]): string {
  const of = (pick: (load: LoadResult) => number): string =>
    `${median(rounds.map(({ load }) => pick(load!))).toFixed(1)} ms`;
  return `p50 ${of(({ p50Ms }) => p50Ms)}, p99 ${of(({ p99Ms }) => p99Ms)} a call`;
}
