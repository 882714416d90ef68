import type { OperationName } from "./operations.ts";
import type { Json } from "./types.ts";

/** Names that are there, to make an example of something real. */
export interface KnownNames {
  readonly topic?: string;
  readonly publisherId?: string;
  readonly subscriberId?: string;
  /** That subscriber's. */
  readonly cursor?: string;
  /** An RFC 3339 time. */
  readonly now: string;
}

/** What a call of an operation can look like. */
export interface ExampleCall {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
}

/** An example of a call; a test holds each to the operation's schemas. */
export function exampleCall(name: OperationName, known: KnownNames): ExampleCall {
  const topic = known.topic ?? "news";
  const publisher = { publisherId: known.publisherId ?? "1a2b3c4d5e6f7g8h" };
  const subscriber = { subscriberId: known.subscriberId ?? "8h7g6f5e4d3c2b1a" };
  const hour = Math.floor(Date.parse(known.now) / 3_600_000) * 3_600_000;
  const at = (ms: number): string => new Date(ms).toISOString();
  const calls: Readonly<Record<OperationName, ExampleCall>> = {
    registerPublisher: { body: { name: "newsroom", topics: [topic] } },
    listPublishers: { query: { limit: "10" } },
    getPublisher: { params: publisher },
    putPublisherTopics: { params: publisher, body: { topics: [topic] } },
    deletePublisher: { params: publisher },
    registerSubscriber: { body: { name: "reader", topics: [topic], from: "earliest" } },
    listSubscribers: { query: { limit: "10" } },
    getSubscriber: { params: subscriber },
    deleteSubscriber: { params: subscriber },
    subscribe: { params: subscriber, query: { limit: "10" } },
    commitCursor: { params: subscriber, body: { cursor: known.cursor ?? "c1.AAAc30Qh" } },
    seekSubscriber: { params: subscriber, body: { from: "earliest" } },
    createStreamToken: { params: subscriber },
    listTopics: { query: { limit: "10" } },
    putTopic: { params: { topic }, body: { retentionSeconds: 604_800 } },
    getTopic: { params: { topic } },
    deleteTopic: { params: { topic } },
    publish: {
      params: { topic },
      body: {
        title: "Whale seen",
        body: "A white whale was seen off Nantucket.",
        key: "sea",
        attributes: { lang: "en" },
      },
    },
    browseMessages: { params: { topic }, query: { before: "latest", limit: "10" } },
    getMessage: { params: { topic, messageId: "0-0" } },
    getTopicActivity: { params: { topic }, query: { buckets: "60" } },
    getPopularTerms: { query: { topic, window: "1h", limit: "10" } },
    rebuildTerms: { body: { topic, from: at(hour - 7_200_000), to: at(hour - 3_600_000) } },
    getOverview: {},
    listFunctions: { query: { limit: "10" } },
    listFunctionEvents: { params: { function: "publish" } },
    invokeFunction: { params: { function: "rollUpTerms" }, body: { event: {} } },
    listTables: { query: { limit: "10" } },
    listTableItems: { params: { table: "topics" }, query: { limit: "10" } },
  };
  return calls[name];
}
