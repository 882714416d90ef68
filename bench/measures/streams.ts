import { runLoad } from "../generator.ts";
import type { LoadResult } from "../load/jobs.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { median } from "../rounds.ts";
import { startService } from "../servers.ts";

const streams = 100;
const messagesPerSecond = 2_000;
const latencyPerSecond = 1_000;
const latencySeconds = 10;

/**
 * Fan-out. Expected: 100 streams x 2,000 messages/s are 200,000 deliveries/s; a prototype that wrote one serialised frame
 * for all streams of a topic, gathered for 5 ms, did 990,000.
 */
export const fanOut: Measure = {
  name: "streams",
  about: "deliveries to 100 event streams of one topic, one publisher at 2,000 messages/s",
  async run(options) {
    const results = await rounds(options.rounds, () =>
      deliver(options, streams, messagesPerSecond, Math.max(2, options.seconds)),
    );
    const rates = results.map((result) => result.messagesPerSecond);
    return [
      {
        what: `stream deliveries, ${streams} streams x ${messagesPerSecond} messages/s offered`,
        value: median(rates),
        unit: "deliveries/s",
        rounds: rates,
        detail: latency(results),
        anchor: {
          name: "offered",
          value: streams * messagesPerSecond,
          ratio: median(rates) / (streams * messagesPerSecond),
        },
      },
    ];
  },
};

/** From a message's scheduled time to its arrival. Expected: an fsync, two thread hops and a write: 1-3 ms, p99 10 ms. */
export const latencyEndToEnd: Measure = {
  name: "latency",
  about: "publish to delivery over an event stream at an open-loop 1,000 messages/s for 10 s",
  async run(options) {
    const seconds = options.quick ? 2 : latencySeconds;
    const results = await rounds(options.rounds, () => deliver(options, 1, latencyPerSecond, seconds));
    const figure = (what: string, values: readonly number[]) => ({
      what: `publish to delivery at ${latencyPerSecond} messages/s, ${what}`,
      value: median(values),
      unit: "ms",
      rounds: values,
    });
    return [
      figure(
        "p50",
        results.map(({ p50Ms }) => p50Ms),
      ),
      figure(
        "p99",
        results.map(({ p99Ms }) => p99Ms),
      ),
    ];
  },
};

async function deliver(
  { server, messageBytes, warmUpSeconds }: BenchOptions,
  streamCount: number,
  perSecond: number,
  seconds: number,
): Promise<LoadResult> {
  const service = await startService(server);
  try {
    const target = { port: service.port, ...(await service.topic("bench", true)), messageBytes, batch: 1 };
    return await runLoad({
      kind: "open-loop",
      target,
      connections: 64,
      messagesPerSecond: perSecond,
      streams: streamCount,
      warmUpSeconds,
      seconds,
      serverPid: service.pid,
    });
  } finally {
    await service.stop();
  }
}

async function rounds(count: number, run: () => Promise<LoadResult>): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  for (let round = 0; round < count; round++) {
    process.stderr.write(`  round ${round + 1}/${count}\n`);
    results.push(await run());
  }
  return results;
}

function latency(results: readonly LoadResult[]): string {
  const of = (pick: (result: LoadResult) => number): number => median(results.map(pick));
  const missing = of((result) => result.missing);
  return `p50 ${of(({ p50Ms }) => p50Ms).toFixed(1)} ms, p99 ${of(({ p99Ms }) => p99Ms).toFixed(1)} ms${missing > 0 ? `; ${missing} not delivered in 10 s` : ""}`;
}
