import { memoryOf } from "../compare/quiet.ts";
import { runLoad } from "../generator.ts";
import { median } from "../rounds.ts";
import { type BenchService, makeFolder, settleDisk, startService } from "../servers.ts";
import type { Dimension, Prepared } from "./dimensions.ts";

export interface GrowthOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Sizes above it are left out. */
  readonly sizeMax: number;
  /** The main file of the service. */
  readonly server: string;
}

/** What is measured at each size: CPU of the server in microseconds, memory in MB, start-up in ms. */
export const operations = {
  publish: "publish one message, CPU us",
  read: "read a page of 100, CPU us",
  terms: "ask for popular terms, CPU us",
  memory: "memory, MB",
  start: "start-up again, ms",
} as const;

export type Operation = keyof typeof operations;

export interface Growth {
  readonly dimension: string;
  readonly about: string;
  readonly points: readonly { readonly size: number; readonly costs: Readonly<Record<Operation, number>> }[];
}

/** Measures each size with a service of its own. CPU, and not time, as it says what is ours on a shared machine. */
export async function measureGrowth(dimension: Dimension, options: GrowthOptions): Promise<Growth> {
  const points: Growth["points"][number][] = [];
  for (const size of dimension.sizes.filter((each) => each <= options.sizeMax)) {
    process.stderr.write(`  ${size.toLocaleString("en")}`);
    const costs = await measureSize(dimension, size, options);
    process.stderr.write(
      ` ${JSON.stringify(costs, (_, value) => (typeof value === "number" ? round(value) : value))}\n`,
    );
    points.push({ size, costs });
  }
  return { dimension: dimension.name, about: dimension.about, points };
}

async function measureSize(
  dimension: Dimension,
  size: number,
  options: GrowthOptions,
): Promise<Record<Operation, number>> {
  settleDisk();
  const folder = makeFolder();
  try {
    const service = await startService(options.server, folder.path);
    let costs: Omit<Record<Operation, number>, "start">;
    try {
      const prepared = await dimension.prepare(service, size);
      costs = await measureOperations(service, prepared, options);
      await prepared.release?.();
    } finally {
      await service.stop();
    }
    const again = await startService(options.server, folder.path);
    await again.stop();
    return { ...costs, start: again.readyMs };
  } finally {
    folder.remove();
  }
}

/** Reads before it publishes, so that the size is still what it was prepared to be. */
async function measureOperations(service: BenchService, requests: Prepared, options: GrowthOptions) {
  const read = await cpuPerCall(service, requests.read, options);
  const terms = await cpuPerCall(service, requests.terms, options);
  const memory = memoryOf([service.pid]) / 1e6;
  const publish = await cpuPerCall(service, requests.publish, options);
  return { publish, read, terms, memory };
}

async function cpuPerCall(
  service: BenchService,
  requests: readonly string[],
  { rounds, seconds }: GrowthOptions,
): Promise<number> {
  const costs: number[] = [];
  for (let number = 0; number < rounds; number++) {
    const { serverCpuSeconds, messages } = await runLoad({
      kind: "closed-loop",
      target: { port: service.port, requests, batch: 1 },
      connections: 16,
      warmUpSeconds: seconds / 2,
      seconds,
      serverPid: service.pid,
    });
    costs.push((serverCpuSeconds / messages) * 1e6);
  }
  return median(costs);
}

/** How many times the cost of the smallest size that of the largest is. */
export function growthFactor({ points }: Pick<Growth, "points">, operation: Operation): number {
  return points.at(-1)!.costs[operation] / points[0]!.costs[operation];
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
