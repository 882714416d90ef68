import { setTimeout as delay } from "node:timers/promises";
import { defaultServiceSettings } from "#core/settings.ts";
import { allAnswers } from "#hosts/answers.ts";
import { createHttpHandler } from "#hosts/http.ts";
import { createInProcessHost, type InProcessHost } from "#hosts/in-process/host.ts";
import { createContext } from "#hosts/node-context.ts";
import type { Engine } from "#stores/dynamodb/fake-engine.ts";
import { type DynamoDbStore, openDynamoDbStore } from "#stores/dynamodb/store.ts";
import { type PartitionLimits, Partitions } from "./partitions.ts";

/** Who publishes. An environment of Lambda runs one call at a time; a node of the one-machine host many. */
export interface Publishers {
  readonly name: string;
  readonly processes: number;
  readonly callsAtOnce: number;
}

export interface Rate {
  readonly messagesPerSecond: number;
  /** Of all calls, those that were answered 503. */
  readonly unavailable: number;
}

/** How many single messages of a topic are acknowledged a second, when each publisher sends the next once the last is answered. */
export async function measureRate(
  engine: Engine,
  limits: PartitionLimits,
  shards: number,
  { processes, callsAtOnce }: Publishers,
  seconds: number,
): Promise<Rate> {
  const partitions = new Partitions(limits);
  const tablePrefix = `scaling-${process.pid}-${Date.now()}-`;
  const settings = { ...defaultServiceSettings, openRegistration: true, finiteStreams: true };
  const stores: DynamoDbStore[] = [];
  const hosts: InProcessHost[] = [];
  for (let i = 0; i < processes; i++) {
    const client = partitions.clientOver(engine.client());
    const store = await openDynamoDbStore({ client, tablePrefix, createTables: i === 0 });
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
    await delay(1_000);
    const [before, failedBefore, startedMs] = [answered, unavailable, performance.now()];
    await delay(seconds * 1_000);
    const messages = answered - before;
    const failed = unavailable - failedBefore;
    const rate = messages / ((performance.now() - startedMs) / 1_000);
    running = false;
    await Promise.all(loops);
    return { messagesPerSecond: rate, unavailable: failed / Math.max(1, messages + failed) };
  } finally {
    for (const host of hosts) await host.close();
    for (const store of stores) await store.close();
  }
}
