import { setTimeout as delay } from "node:timers/promises";
import { defaultServiceSettings } from "#core/settings.ts";
import { allAnswers } from "#hosts/answers.ts";
import { createHttpHandler } from "#hosts/http.ts";
import { createInProcessHost, type InProcessHost } from "#hosts/in-process/host.ts";
import { createContext } from "#hosts/node-context.ts";
import type { Engine } from "#stores/dynamodb/fake-engine.ts";
import { type DynamoDbStore, openDynamoDbStore } from "#stores/dynamodb/store.ts";
import { systemTiming } from "#stores/dynamodb/timing.ts";
import { Partitions } from "./partitions.ts";

/** How many times slower everything goes than on AWS, so that this machine is not what is measured: it has little to do. */
export const slowness = 20;

/** What DynamoDB is taken to be: how long a request takes, and how many units a second it writes of one partition. */
export const partition = { requestMs: 5, writesPerSecond: 1_000 };

/** The waits and limits of the store, as slow as all else. */
const slowTiming = {
  ...systemTiming,
  monotonicMs: () => systemTiming.monotonicMs() / slowness,
  sleep: (ms: number, signal?: AbortSignal) => systemTiming.sleep(ms * slowness, signal),
};

/** Who publishes. An environment of Lambda runs one call at a time; a node of the one-machine host many. */
export interface Publishers {
  readonly name: string;
  readonly processes: number;
  readonly callsAtOnce: number;
}

const warmUpMs = 3_000;

export interface Rate {
  readonly messagesPerSecond: number;
  /** Of all calls, those that were answered 503. */
  readonly unavailable: number;
}

/**
 * How many single messages of a topic are acknowledged a second, when each publisher sends the next once the last is
 * answered. In AWS's seconds, not in those that pass here.
 */
export async function measureRate(
  engine: Engine,
  shards: number,
  { processes, callsAtOnce }: Publishers,
  seconds: number,
): Promise<Rate> {
  const partitions = new Partitions({
    requestMs: partition.requestMs * slowness,
    writesPerSecond: partition.writesPerSecond / slowness,
  });
  const tablePrefix = `scaling-${process.pid}-${Date.now()}-`;
  const settings = { ...defaultServiceSettings, openRegistration: true, finiteStreams: true };
  const stores: DynamoDbStore[] = [];
  const hosts: InProcessHost[] = [];
  for (let i = 0; i < processes; i++) {
    const client = partitions.clientOver(engine.client());
    const store = await openDynamoDbStore({ client, tablePrefix, createTables: i === 0, timing: slowTiming });
    stores.push(store);
    hosts.push(createInProcessHost(createHttpHandler(createContext(store, settings), allAnswers)));
  }
  const call = (host: number, method: string, path: string, json: unknown, token?: string): Promise<Response> =>
    hosts[host]!.fetch(`http://in-process/v1${path}`, {
      method,
      headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(json),
    });
  try {
    await call(0, "PUT", "/topics/news", { shards });
    const registered = await call(0, "POST", "/publishers", { name: "bench", topics: ["news"] });
    const { token } = (await registered.json()) as { token: string };
    let [answered, unavailable, running] = [0, 0, true];
    const loop = async (host: number): Promise<void> => {
      while (running) {
        const { status } = await call(host, "POST", "/topics/news/messages", { body: "a small message" }, token);
        if (status === 201) answered += 1;
        else if (status === 503) unavailable += 1;
        else throw new Error(`A publish was answered ${status}.`);
      }
    };
    const loops = hosts.flatMap((_, host) => Array.from({ length: callsAtOnce }, () => loop(host)));
    await delay(warmUpMs);
    const [before, failedBefore, startedMs] = [answered, unavailable, performance.now()];
    await delay(seconds * 1_000);
    const messages = answered - before;
    const failed = unavailable - failedBefore;
    const rate = (messages / ((performance.now() - startedMs) / 1_000)) * slowness;
    running = false;
    await Promise.all(loops);
    return { messagesPerSecond: rate, unavailable: failed / Math.max(1, messages + failed) };
  } finally {
    for (const host of hosts) await host.close();
    for (const store of stores) await store.close();
  }
}
