import { runLoad } from "../generator.ts";
import type { LadderStep, PeerTarget } from "../load/jobs.ts";
import { makeFolder, settleDisk } from "../servers.ts";
import type { MeasureName, Peer, PeerServer } from "./peer.ts";
import { memoryOf } from "./quiet.ts";

/** How long and how often; from the command line. */
export interface CompareOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly messageBytes: number;
  /** Subscribers of the fan-out. */
  readonly streams: number;
  /** How often a disturbed round is run again. */
  readonly repeatsMax: number;
}

export const metrics = {
  singlesPerSecond: { title: "single publishes", unit: "/s", better: "more" },
  batchedPerSecond: { title: "batched messages", unit: "/s", better: "more" },
  p50Ms: { title: "latency p50", unit: "ms", better: "less" },
  p99Ms: { title: "latency p99", unit: "ms", better: "less" },
  p999Ms: { title: "latency p99.9", unit: "ms", better: "less" },
  deliveriesPerSecond: { title: "fan-out deliveries", unit: "/s", better: "more" },
  idleMegabytes: { title: "memory idle", unit: "MB", better: "less" },
  loadedMegabytes: { title: "memory after singles", unit: "MB", better: "less" },
  startMs: { title: "start-up", unit: "ms", better: "less" },
} as const;

export type Metric = keyof typeof metrics;
export type Values = Partial<Record<Metric, number>>;

export interface CompareMeasure {
  readonly name: MeasureName;
  readonly about: string;
  /** One round with one system, started fresh. */
  run(peer: Peer, options: CompareOptions): Promise<Measured>;
}

export interface Measured {
  readonly values: Values;
  /** Of the fan-out: every rate that was tried. */
  readonly steps?: readonly LadderStep[];
}

const singlesInFlight = 64;
const batch = 100;
const batchesInFlight = 8;
const latencyPerSecond = 1_000;
const fanOutP99MsMax = 250;
/** Messages per second, each a quarter more than the last. */
const fanOutRates = Array.from({ length: 26 }, (_, step) => Math.round(25 * 1.25 ** step));
const idleMs = 1_000;

export const compareMeasures: readonly CompareMeasure[] = [
  {
    name: "singles",
    about: `acknowledged single publishes, ${singlesInFlight} clients with one in flight each; start-up and memory`,
    run: (peer, options) =>
      withServer(peer, async (server) => {
        await new Promise((resolve) => setTimeout(resolve, idleMs));
        const idleMegabytes = memoryOf(server.pids) / 1e6;
        const job = { kind: "closed-loop", connections: singlesInFlight, ...timing(options, server) } as const;
        const load = await runLoad({ ...job, target: targetOf(peer, server, options, 1) });
        const loadedMegabytes = memoryOf(server.pids) / 1e6;
        const singlesPerSecond = load.messagesPerSecond;
        return { values: { singlesPerSecond, idleMegabytes, loadedMegabytes, startMs: server.readyMs } };
      }),
  },
  {
    name: "batches",
    about: `batches of ${batch}, each acknowledged, ${batchesInFlight} in flight`,
    run: (peer, options) =>
      withServer(peer, async (server) => {
        const job = { kind: "closed-loop", connections: batchesInFlight, ...timing(options, server) } as const;
        const load = await runLoad({ ...job, target: targetOf(peer, server, options, batch) });
        return { values: { batchedPerSecond: load.messagesPerSecond } };
      }),
  },
  {
    name: "latency",
    about: `from a message's scheduled time to its delivery to one subscriber, open loop at ${latencyPerSecond} messages/s`,
    run: (peer, options) =>
      withServer(peer, async (server) => {
        const { p50Ms, p99Ms, p999Ms, missing } = await runLoad({
          kind: "open-loop",
          target: targetOf(peer, server, options, 1),
          connections: singlesInFlight,
          messagesPerSecond: latencyPerSecond,
          streams: 1,
          ...timing(options, server),
        });
        if (missing > 0) throw new Error(`${missing} messages were not delivered within 10 s.`);
        return { values: { p50Ms, p99Ms, p999Ms } };
      }),
  },
  {
    name: "fan-out",
    about: `deliveries/s to 1,000 subscribers at the highest rate whose p99 is within ${fanOutP99MsMax} ms, none missing`,
    run: (peer, options) =>
      withServer(peer, async (server) => {
        const { steps } = await runLoad({
          kind: "ladder",
          target: targetOf(peer, server, options, 1),
          connections: 16,
          streams: options.streams,
          rates: fanOutRates,
          seconds: options.seconds / 2,
          p99MsMax: fanOutP99MsMax,
          serverPid: server.pids[0]!,
        });
        return { values: { deliveriesPerSecond: steps.findLast(({ good }) => good)?.delivered ?? 0 }, steps };
      }),
  },
];

async function withServer(peer: Peer, run: (server: PeerServer) => Promise<Measured>): Promise<Measured> {
  settleDisk();
  const folder = makeFolder();
  try {
    const server = await peer.start(folder.path);
    try {
      return await run(server);
    } finally {
      await server.stop();
    }
  } finally {
    folder.remove();
  }
}

function timing({ warmUpSeconds, seconds }: CompareOptions, server: PeerServer) {
  return { warmUpSeconds, seconds, serverPid: server.pids[0]! };
}

function targetOf(peer: Peer, server: PeerServer, { messageBytes }: CompareOptions, size: number): PeerTarget {
  return { peer: peer.name, address: server.address, messageBytes, batch: size };
}
