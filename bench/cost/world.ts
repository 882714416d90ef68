import { setTimeout as delay } from "node:timers/promises";
import { defaultServiceSettings } from "#core/settings.ts";
import type { Context } from "#functions/context.ts";
import { allAnswers } from "#hosts/answers.ts";
import { createHttpHandler } from "#hosts/http.ts";
import { createInProcessHost } from "#hosts/in-process/host.ts";
import { createContext } from "#hosts/node-context.ts";
import type { Engine } from "#stores/dynamodb/fake-engine.ts";
import { type DynamoDbStore, openDynamoDbStore } from "#stores/dynamodb/store.ts";

/** Units of DynamoDB. */
export interface Units {
  readonly write: number;
  readonly read: number;
}

export interface CallOptions {
  readonly token?: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The functions as Lambda runs them, over fresh tables and a clock that stands until it is moved. */
export interface CostWorld {
  readonly context: Context;
  /** Makes a call, which must succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: each caller knows what is answered
  call(method: string, path: string, options?: CallOptions): Promise<any>;
  /** The same calls by an environment that has just been started, and knows nobody yet. */
  startEnvironment(): Promise<CostWorld>;
  pass(ms: number): void;
  /** What is asked of DynamoDB while something runs. */
  unitsOf(run: () => Promise<unknown>): Promise<Units>;
  close(): Promise<void>;
}

/** By then is written what a call leaves to be written behind it, as a subscriber's last activity. */
const behindMs = 50;

let worlds = 0;

export async function openWorld(engine: Engine): Promise<CostWorld> {
  const tablePrefix = `cost-${process.pid}-${worlds++}-`;
  const clock = { now: Date.UTC(2026, 0, 5, 12), nowMs: () => clock.now };
  const environments: DynamoDbStore[] = [];

  async function startEnvironment(): Promise<CostWorld> {
    const store = await openDynamoDbStore({
      client: engine.client(),
      tablePrefix,
      createTables: environments.length === 0,
      clock,
    });
    environments.push(store);
    const settings = { ...defaultServiceSettings, openRegistration: true, publicRead: true, finiteStreams: true };
    const context = createContext(store, settings, clock);
    const host = createInProcessHost(createHttpHandler(context, allAnswers));
    return {
      context,
      async call(method, path, { token, json, headers } = {}) {
        const response = await host.fetch(`http://in-process/v1${path}`, {
          method,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(json !== undefined && { "content-type": "application/json" }),
            ...headers,
          },
          ...(json !== undefined && { body: JSON.stringify(json) }),
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
        return text === "" ? undefined : JSON.parse(text);
      },
      startEnvironment,
      pass(ms) {
        clock.now += ms;
      },
      async unitsOf(run) {
        await delay(behindMs);
        store.consumption.reset();
        await run();
        await delay(behindMs);
        const { writeUnits: write, readUnits: read } = store.consumption.total;
        // A refused write reports nothing and is paid for as what it would have written: at least one unit.
        return { write: write + store.consumption.refusedWrites, read };
      },
      async close() {
        for (const each of environments.splice(0)) await each.close();
      },
    };
  }
  return startEnvironment();
}
