import { runLoad } from "../generator.ts";
import type { LoadResult } from "../load/jobs.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { alternate, median, medianRatio } from "../rounds.ts";
import { settleDisk, startEcho, startService } from "../servers.ts";

const connections = 64;

/**
 * Durable single publishes. Expected: an fsync takes 0.2 ms and is shared by all calls in flight, so the CPU of HTTP and
 * JSON decides: about two thirds of what the echo server reaches.
 */
export const singles: Measure = {
  name: "singles",
  about: "durable single publishes at 64 connections, against a bare node:http echo server",
  async run(options) {
    const answerBytes = await sizeOfAnswer(options.server);
    const { ours, echo } = await alternate(options.rounds, {
      ours: () => publishSingles(options),
      echo: () => postToEcho(options, answerBytes),
    });
    const rates = (results: readonly LoadResult[]): number[] => results.map((result) => result.messagesPerSecond);
    return [
      {
        what: `durable single publishes, ${connections} connections`,
        value: median(rates(ours)),
        unit: "publishes/s",
        rounds: rates(ours),
        detail: `p50 ${ms(ours.map(({ p50Ms }) => p50Ms))}, p99 ${ms(ours.map(({ p99Ms }) => p99Ms))} (echo ${ms(echo.map(({ p50Ms }) => p50Ms))}, ${ms(echo.map(({ p99Ms }) => p99Ms))})`,
        anchor: { name: "node:http echo", value: median(rates(echo)), ratio: medianRatio(rates(ours), rates(echo)) },
        goals: [{ of: "ratio", atLeast: 0.5 }],
      },
    ];
  },
};

async function publishSingles({ server, messageBytes, warmUpSeconds, seconds }: BenchOptions): Promise<LoadResult> {
  settleDisk();
  const service = await startService(server);
  try {
    const topic = await service.topic("bench", true);
    const target = { port: service.port, ...topic, messageBytes, batch: 1 };
    return await runLoad({
      kind: "closed-loop",
      target,
      connections,
      warmUpSeconds,
      seconds,
      serverPid: service.pid,
    });
  } finally {
    await service.stop();
  }
}

async function postToEcho(
  { messageBytes, warmUpSeconds, seconds }: BenchOptions,
  answerBytes: number,
): Promise<LoadResult> {
  const echo = await startEcho(answerBytes);
  try {
    // The same bytes as to the service, a token of the same length among them.
    const target = {
      port: echo.port,
      path: "/v1/topics/bench/messages",
      token: "x".repeat(67),
      messageBytes,
      batch: 1,
    };
    return await runLoad({ kind: "closed-loop", target, connections, warmUpSeconds, seconds, serverPid: echo.pid });
  } finally {
    await echo.stop();
  }
}

async function sizeOfAnswer(server: string): Promise<number> {
  const service = await startService(server);
  try {
    const { path, token } = await service.topic("bench", true);
    return JSON.stringify(await service.call("POST", path, { body: "hello" }, token)).length + 1;
  } finally {
    await service.stop();
  }
}

function ms(values: readonly number[]): string {
  return `${median(values).toFixed(1)} ms`;
}
