import type { Clock } from "#core/clock.ts";
import { NewsBoard } from "#core/news.ts";
import type { Store, StoreTraits } from "#core/store.ts";
import { compactCaps } from "#terms/windows.ts";
import * as verbs from "./all-verbs.ts";
import { type ClientOptions, createClient, type DynamoClient } from "./client.ts";
import { Consumption } from "./consumption.ts";
import { createTables } from "./create-tables.ts";
import type { Parts } from "./parts.ts";
import { type LogEvents, Requests } from "./requests.ts";
import { ShardViews } from "./shard-views.ts";
import type { TableMeter } from "./table-meter.ts";
import { heldMaxMs } from "./ticket-use.ts";
import { systemTiming, type Timing } from "./timing.ts";
import type { VerbName } from "./verb-needs.ts";

const traits: StoreTraits = Object.freeze({
  name: "dynamodb",
  durable: true,
  transactions: false,
  expiresAtOnce: false,
  appendsUnseenMs: heldMaxMs,
  overallLeaves: 4,
  caps: compactCaps,
});

/** How to open the store. Complete by itself in AWS: region and credentials come from the environment. */
export interface DynamoDbOptions extends ClientOptions {
  /** What the names of the tables begin with. */
  readonly tablePrefix?: string;
  /** Makes tables that are not there; for engines on this machine. */
  readonly createTables?: boolean;
  /** How long a writer may be silent between its ticket and its entry before readers close the ticket. */
  readonly graceMs?: number;
  /** Told of what befalls logs, for metrics. */
  readonly events?: LogEvents;
  /** Sums up what each table gave, for `listTables`. */
  readonly meter?: TableMeter;
  /** For tests: the client instead of one of the SDK, the time of day, and the passing of time. */
  readonly client?: DynamoClient;
  readonly clock?: Clock;
  readonly timing?: Timing;
}

/** The store over DynamoDB, with what its requests took. */
export interface DynamoDbStore extends Store {
  readonly consumption: Consumption;
}

export const defaultTablePrefix = "bellwether-";
const defaultGraceMs = 2_000;

/** Opens the store. Rejects when tables are to be made and cannot be; whether they are there is seen at the first request. */
export async function openDynamoDbStore(options: DynamoDbOptions = {}): Promise<DynamoDbStore> {
  const client = options.client ?? createClient(options);
  if (options.createTables) await createTables(client, options.tablePrefix ?? defaultTablePrefix);
  return createDynamoDbStore({ ...options, client });
}

/** The same without waiting for anything, where the tables are there already. */
export function createDynamoDbStore(options: DynamoDbOptions = {}): DynamoDbStore {
  const { tablePrefix = defaultTablePrefix, graceMs = defaultGraceMs, timing = systemTiming } = options;
  const clock = options.clock ?? { nowMs: () => Date.now() };
  const client = options.client ?? createClient(options);
  const consumption = new Consumption(options.meter);
  const kept = new Map<unknown, unknown>();
  const ends: (() => Promise<void>)[] = [];
  const parts: Parts = {
    requests: new Requests(client, tablePrefix, consumption, timing, options.events),
    meter: options.meter,
    clock,
    graceMs,
    views: new ShardViews(),
    board: new NewsBoard(),
    keep(make) {
      if (!kept.has(make)) kept.set(make, make(parts));
      return kept.get(make) as ReturnType<typeof make>;
    },
    onClose: (end) => ends.push(end),
  };
  const makes: { readonly [V in VerbName]: verbs.MakeVerb<V> } = verbs;
  const made = Object.entries(makes).map(([name, make]) => [name, make(parts)]);
  return {
    ...(Object.fromEntries(made) as Pick<Store, VerbName>),
    traits,
    consumption,
    async close() {
      await Promise.all(ends.map((end) => end()));
      client.destroy();
    },
  };
}
