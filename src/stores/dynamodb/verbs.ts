import type { Clock } from "#core/clock.ts";
import type { ShardState, Store } from "#core/store.ts";
import { Appends } from "./appends.ts";
import type { Counter } from "./counter.ts";
import { LogReader } from "./log-reader.ts";
import { findEntry as findEntryBy } from "./log-search.ts";
import { NewsPoller } from "./news-poller.ts";
import type { Parts } from "./parts.ts";
import * as publishers from "./publishers.ts";
import type { Requests } from "./requests.ts";
import * as subscribers from "./subscribers.ts";
import * as summaries from "./summaries.ts";
import { sweepStep } from "./sweeps.ts";
import * as tableViews from "./table-views.ts";
import * as terms from "./terms.ts";
import * as topics from "./topics.ts";
import { trimOf } from "./trim.ts";
import type { VerbName } from "./verb-needs.ts";
import { fallAsleep, readAwake } from "./wakefulness.ts";
import * as work from "./work.ts";

/** What makes a verb of the parts that all share. */
export type MakeVerb<V extends VerbName> = (parts: Parts) => Store[V];

export const createTopic: MakeVerb<"createTopic"> = verb("createTopic", topics.createTopic);
export const updateTopic: MakeVerb<"updateTopic"> = verb("updateTopic", topics.updateTopic);
export const getTopic: MakeVerb<"getTopic"> = verb("getTopic", topics.getTopic);
export const listTopics: MakeVerb<"listTopics"> = verb("listTopics", topics.listTopics);
export const deleteTopic: MakeVerb<"deleteTopic"> =
  ({ requests, views, board }) =>
  async (topic, reservedUntilMs) => {
    const isDeleted = await topics.deleteTopic(requests.as("deleteTopic"), topic, reservedUntilMs);
    views.forgetTopic(topic);
    board.tellAll();
    return isDeleted;
  };

export const createPublisher: MakeVerb<"createPublisher"> = verb("createPublisher", publishers.createPublisher);
export const getPublisher: MakeVerb<"getPublisher"> = verb("getPublisher", publishers.getPublisher);
export const listPublishers: MakeVerb<"listPublishers"> = verb("listPublishers", publishers.listPublishers);
export const putPublisherTopics: MakeVerb<"putPublisherTopics"> = verb(
  "putPublisherTopics",
  publishers.putPublisherTopics,
);
export const deletePublisher: MakeVerb<"deletePublisher"> = verb("deletePublisher", publishers.deletePublisher);

export const createSubscriber: MakeVerb<"createSubscriber"> = verb("createSubscriber", subscribers.createSubscriber);
export const getSubscriber: MakeVerb<"getSubscriber"> = verb("getSubscriber", subscribers.getSubscriber);
export const listSubscribers: MakeVerb<"listSubscribers"> = verb("listSubscribers", subscribers.listSubscribers);
export const deleteSubscriber: MakeVerb<"deleteSubscriber"> = verb("deleteSubscriber", subscribers.deleteSubscriber);
export const commitCursor: MakeVerb<"commitCursor"> = verb("commitCursor", subscribers.commitCursor);
export const seekSubscriber: MakeVerb<"seekSubscriber"> = verb("seekSubscriber", subscribers.seekSubscriber);
export const touchSubscriber: MakeVerb<"touchSubscriber"> = verb("touchSubscriber", subscribers.touchSubscriber);
export const putStreamToken: MakeVerb<"putStreamToken"> = verb("putStreamToken", subscribers.putStreamToken);
export const getStreamToken: MakeVerb<"getStreamToken"> = verb("getStreamToken", subscribers.getStreamToken);

export const append: MakeVerb<"append"> = (parts) => {
  const appends = parts.keep(appendsOf);
  return (request) => appends.append(request);
};
export const readEntries: MakeVerb<"readEntries"> = (parts) => {
  const reader = parts.keep(readerOf);
  return (...args) => reader.readEntries(parts.requests.as("readEntries"), ...args);
};
export const getShard: MakeVerb<"getShard"> =
  ({ requests, views, clock }) =>
  async (ref, seenTicket) => {
    const as = requests.as("getShard");
    let counter = await views.read(as, ref, seenTicket === undefined);
    if (seenTicket !== undefined && (!counter || counter.tickets < seenTicket))
      counter = await views.read(as, ref, true);
    return counter && stateOf(counter, clock);
  };
export const findEntry: MakeVerb<"findEntry"> = (parts) => {
  const reader = parts.keep(readerOf);
  const as = parts.requests.as("findEntry");
  return async (ref, wanted) => {
    const counter = await parts.views.read(as, ref, true);
    return counter && findEntryBy(as, reader, counter, parts.clock, wanted);
  };
};
export const waitForNews: MakeVerb<"waitForNews"> = (parts) => {
  const news = parts.keep(newsOf);
  return (watches, signal) => news.waitForNews(watches, signal);
};

export const listUncounted: MakeVerb<"listUncounted"> = verb("listUncounted", terms.listUncounted);
export const getSummaries: MakeVerb<"getSummaries"> = verb("getSummaries", summaries.getSummaries);
export const listWork: MakeVerb<"listWork"> = verb("listWork", work.listWork);
export const saveTerms: MakeVerb<"saveTerms"> = verb("saveTerms", terms.saveTerms);
export const expire: MakeVerb<"expire"> = ({ requests }) => {
  const as = requests.as("expire");
  let asleepFrom: string | undefined;
  return async (nowMs) => {
    if (await sweepStep(as, nowMs)) return true;
    const page = await readAwake(as, asleepFrom, 100);
    for (const shard of page.shards) await fallAsleep(as, shard, nowMs);
    asleepFrom = page.next;
    return page.next !== undefined;
  };
};

export const listTables: MakeVerb<"listTables"> =
  ({ requests, meter }) =>
  () =>
    tableViews.listTables(requests.as("listTables"), meter);
export const listTableItems: MakeVerb<"listTableItems"> = verb("listTableItems", tableViews.listTableItems);

/** One that needs nothing but requests, which are noted under its name. Marked so that bundles leave out those not named. */
// @__NO_SIDE_EFFECTS__
function verb<Args extends readonly unknown[], Result>(
  name: VerbName,
  run: (requests: Requests, ...args: Args) => Promise<Result>,
): (parts: Parts) => (...args: Args) => Promise<Result> {
  return ({ requests }) =>
    (...args) =>
      run(requests.as(name), ...args);
}

const readerOf = ({ views, clock, graceMs }: Parts): LogReader => new LogReader(views, clock, graceMs);

const appendsOf = ({ requests, views, board, clock }: Parts): Appends =>
  new Appends(requests.as("append"), views, board, clock);

function newsOf({ requests, views, board, onClose }: Parts): NewsPoller {
  const news = new NewsPoller(requests.as("waitForNews"), views, board);
  onClose(() => news.close());
  return news;
}

function stateOf(counter: Counter, clock: Clock): ShardState {
  const trim = trimOf(counter, clock.nowMs());
  return {
    tickets: counter.tickets,
    messages: counter.messages,
    firstTicket: trim.tickets,
    firstSequence: trim.messages,
    storedBytes: counter.bytes - trim.bytes,
    lastAtMs: counter.lastAtMs,
  };
}
