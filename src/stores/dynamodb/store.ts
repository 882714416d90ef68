import type { Clock } from "#core/clock.ts";
import type { ShardState, Store, StoreTraits } from "#core/store.ts";
import { compactCaps } from "#terms/windows.ts";
import { Appends } from "./appends.ts";
import { type ClientOptions, createClient, type DynamoClient } from "./client.ts";
import { Consumption } from "./consumption.ts";
import type { Counter } from "./counter.ts";
import { createTables } from "./create-tables.ts";
import { LogReader } from "./log-reader.ts";
import { findEntry } from "./log-search.ts";
import { NewsPoller } from "./news-poller.ts";
import * as publishers from "./publishers.ts";
import { type LogEvents, Requests } from "./requests.ts";
import { ShardViews } from "./shard-views.ts";
import * as subscribers from "./subscribers.ts";
import { getSummaries } from "./summaries.ts";
import { sweepStep } from "./sweeps.ts";
import { listUncounted, saveTerms } from "./terms.ts";
import { heldMaxMs } from "./ticket-use.ts";
import { systemTiming, type Timing } from "./timing.ts";
import * as topics from "./topics.ts";
import { trimOf } from "./trim.ts";
import { fallAsleep, readAwake } from "./wakefulness.ts";
import { listWork } from "./work.ts";

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
  const consumption = new Consumption();
  const requests = new Requests(client, tablePrefix, consumption, timing, options.events);
  const views = new ShardViews();
  const reader = new LogReader(views, clock, graceMs);
  const news = new NewsPoller(requests.as("waitForNews"), views);
  const appends = new Appends(requests.as("append"), views, news.board, clock);
  /** The verb, with what it takes noted under its name. */
  const verb =
    <Args extends readonly unknown[], Result>(
      name: string,
      run: (requests: Requests, ...args: Args) => Promise<Result>,
    ): ((...args: Args) => Promise<Result>) =>
    (...args) =>
      run(requests.as(name), ...args);
  let asleepFrom: string | undefined;

  return {
    traits,
    consumption,
    createTopic: verb("createTopic", topics.createTopic),
    updateTopic: verb("updateTopic", topics.updateTopic),
    getTopic: verb("getTopic", topics.getTopic),
    listTopics: verb("listTopics", topics.listTopics),
    deleteTopic: verb("deleteTopic", async (as, topic: string, reservedUntilMs: number) => {
      const isDeleted = await topics.deleteTopic(as, topic, reservedUntilMs);
      views.forgetTopic(topic);
      news.board.tellAll();
      return isDeleted;
    }),
    createPublisher: verb("createPublisher", publishers.createPublisher),
    getPublisher: verb("getPublisher", publishers.getPublisher),
    listPublishers: verb("listPublishers", publishers.listPublishers),
    putPublisherTopics: verb("putPublisherTopics", publishers.putPublisherTopics),
    deletePublisher: verb("deletePublisher", publishers.deletePublisher),
    createSubscriber: verb("createSubscriber", subscribers.createSubscriber),
    getSubscriber: verb("getSubscriber", subscribers.getSubscriber),
    listSubscribers: verb("listSubscribers", subscribers.listSubscribers),
    deleteSubscriber: verb("deleteSubscriber", subscribers.deleteSubscriber),
    commitCursor: verb("commitCursor", subscribers.commitCursor),
    seekSubscriber: verb("seekSubscriber", subscribers.seekSubscriber),
    touchSubscriber: verb("touchSubscriber", subscribers.touchSubscriber),
    putStreamToken: verb("putStreamToken", subscribers.putStreamToken),
    getStreamToken: verb("getStreamToken", subscribers.getStreamToken),
    append: (request) => appends.append(request),
    readEntries: verb("readEntries", (as, ...args: Parameters<Store["readEntries"]>) =>
      reader.readEntries(as, ...args),
    ),
    getShard: verb("getShard", async (as, ...[ref, seenTicket]: Parameters<Store["getShard"]>) => {
      let counter = await views.read(as, ref, seenTicket === undefined);
      if (seenTicket !== undefined && (!counter || counter.tickets < seenTicket))
        counter = await views.read(as, ref, true);
      return counter && stateOf(counter, clock.nowMs());
    }),
    findEntry: verb("findEntry", async (as, ...[ref, wanted]: Parameters<Store["findEntry"]>) => {
      const counter = await views.read(as, ref, true);
      return counter && findEntry(as, reader, counter, clock, wanted);
    }),
    waitForNews: (watches, signal) => news.waitForNews(watches, signal),
    listUncounted: verb("listUncounted", listUncounted),
    getSummaries: verb("getSummaries", getSummaries),
    listWork: verb("listWork", listWork),
    saveTerms: verb("saveTerms", saveTerms),
    expire: verb("expire", async (as, nowMs: number) => {
      if (await sweepStep(as, nowMs)) return true;
      const page = await readAwake(as, asleepFrom, 100);
      for (const shard of page.shards) await fallAsleep(as, shard, nowMs);
      asleepFrom = page.next;
      return page.next !== undefined;
    }),
    async close() {
      await news.close();
      client.destroy();
    },
  };
}

function stateOf(counter: Counter, nowMs: number): ShardState {
  const trim = trimOf(counter, nowMs);
  return {
    tickets: counter.tickets,
    messages: counter.messages,
    firstTicket: trim.tickets,
    firstSequence: trim.messages,
    storedBytes: counter.bytes - trim.bytes,
    lastAtMs: counter.lastAtMs,
  };
}
