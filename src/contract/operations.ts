/** Who may call an operation; the functions hold the finer rules. */
export type Access = "register" | "publisher" | "subscriber" | "reader" | "admin" | "open";

/** One operation: the same name in every layer (file, route, operationId, client method, CLI command, test, metric). */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** The path with `{parameters}`, below the service's root. */
  readonly path: string;
  /** The status of success. */
  readonly status: 200 | 201 | 204;
  readonly access: Access;
  readonly summary: string;
  /** An event stream is given when `Accept` asks for it. */
  readonly stream?: true;
  /** `Idempotency-Key` makes a repeat safe. */
  readonly idempotent?: true;
}

/** Every function with a route. Routes, OpenAPI, client methods and the reference page are drawn from this table. */
export const operations = {
  registerPublisher: {
    method: "POST",
    path: "/v1/publishers",
    status: 201,
    access: "register",
    summary: "Register a publisher for up to ten topics; its token is shown once.",
  },
  listPublishers: {
    method: "GET",
    path: "/v1/publishers",
    status: 200,
    access: "admin",
    summary: "List the publishers, a page at a time.",
  },
  getPublisher: {
    method: "GET",
    path: "/v1/publishers/{publisherId}",
    status: 200,
    access: "publisher",
    summary: "Read one publisher.",
  },
  putPublisherTopics: {
    method: "PUT",
    path: "/v1/publishers/{publisherId}/topics",
    status: 200,
    access: "admin",
    summary: "Replace the topics that a publisher may publish to.",
  },
  deletePublisher: {
    method: "DELETE",
    path: "/v1/publishers/{publisherId}",
    status: 204,
    access: "admin",
    summary: "Delete a publisher; its token ends, its messages stay.",
  },
  registerSubscriber: {
    method: "POST",
    path: "/v1/subscribers",
    status: 201,
    access: "register",
    summary: "Register a subscriber for up to ten topics, from where it says; its token is shown once.",
  },
  listSubscribers: {
    method: "GET",
    path: "/v1/subscribers",
    status: 200,
    access: "admin",
    summary: "List the subscribers, a page at a time.",
  },
  getSubscriber: {
    method: "GET",
    path: "/v1/subscribers/{subscriberId}",
    status: 200,
    access: "subscriber",
    summary: "Read one subscriber with its cursor, lag and last activity.",
  },
  deleteSubscriber: {
    method: "DELETE",
    path: "/v1/subscribers/{subscriberId}",
    status: 204,
    access: "admin",
    summary: "Delete a subscriber with its cursor; its token ends.",
  },
  subscribe: {
    method: "GET",
    path: "/v1/subscribers/{subscriberId}/messages",
    status: 200,
    access: "subscriber",
    stream: true,
    summary: "Read the next messages in order: at once, by long poll, or as an event stream.",
  },
  commitCursor: {
    method: "PUT",
    path: "/v1/subscribers/{subscriberId}/cursor",
    status: 200,
    access: "subscriber",
    summary: "Acknowledge everything before a cursor.",
  },
  seekSubscriber: {
    method: "POST",
    path: "/v1/subscribers/{subscriberId}/seek",
    status: 200,
    access: "subscriber",
    summary: "Move a subscriber anywhere, forwards or back.",
  },
  createStreamToken: {
    method: "POST",
    path: "/v1/subscribers/{subscriberId}/stream-tokens",
    status: 201,
    access: "subscriber",
    summary: "Make a short-lived token for the URL of an EventSource.",
  },
  listTopics: {
    method: "GET",
    path: "/v1/topics",
    status: 200,
    access: "reader",
    summary: "List the topics, a page at a time.",
  },
  putTopic: {
    method: "PUT",
    path: "/v1/topics/{topic}",
    status: 200,
    access: "register",
    summary: "Create a topic, or change what can be changed of it.",
  },
  getTopic: {
    method: "GET",
    path: "/v1/topics/{topic}",
    status: 200,
    access: "reader",
    summary: "Read a topic's settings and state.",
  },
  deleteTopic: {
    method: "DELETE",
    path: "/v1/topics/{topic}",
    status: 204,
    access: "admin",
    summary: "Delete a topic with its messages and terms.",
  },
  publish: {
    method: "POST",
    path: "/v1/topics/{topic}/messages",
    status: 201,
    access: "publisher",
    idempotent: true,
    summary: "Publish one message or a batch; answered when it is durable.",
  },
  browseMessages: {
    method: "GET",
    path: "/v1/topics/{topic}/messages",
    status: 200,
    access: "reader",
    stream: true,
    summary: "Look at a topic's messages without consuming them; as an event stream, a live tail.",
  },
  getTopicActivity: {
    method: "GET",
    path: "/v1/topics/{topic}/activity",
    status: 200,
    access: "reader",
    summary: "Read how many messages of a topic were published in each of many equal stretches of time.",
  },
  getMessage: {
    method: "GET",
    path: "/v1/topics/{topic}/messages/{messageId}",
    status: 200,
    access: "reader",
    summary: "Read one message.",
  },
  getPopularTerms: {
    method: "GET",
    path: "/v1/popular-terms",
    status: 200,
    access: "reader",
    stream: true,
    summary:
      "Ask which terms are popular or rising in a window, with a stated error; as an event stream, whenever that changes.",
  },
  rebuildTerms: {
    method: "POST",
    path: "/v1/popular-terms/rebuild",
    status: 200,
    access: "admin",
    summary: "Count the terms of past hours anew from the log, a part with each call, and switch to them at the end.",
  },
  getOverview: {
    method: "GET",
    path: "/v1/overview",
    status: 200,
    access: "reader",
    summary: "Read what the service holds and carries in one answer, for a dashboard.",
  },
  listFunctions: {
    method: "GET",
    path: "/v1/functions",
    status: 200,
    access: "admin",
    summary: "List the functions with where they run and how they do.",
  },
  listFunctionEvents: {
    method: "GET",
    path: "/v1/functions/{function}/events",
    status: 200,
    access: "admin",
    summary: "List events to try a function with, filled in for it.",
  },
  invokeFunction: {
    method: "POST",
    path: "/v1/functions/{function}/invocations",
    status: 200,
    access: "admin",
    summary: "Run a function with an event, as the cloud would, and see its result and logs.",
  },
  listTables: {
    method: "GET",
    path: "/v1/tables",
    status: 200,
    access: "admin",
    summary: "List the tables of the store with what is known of them.",
  },
  listTableItems: {
    method: "GET",
    path: "/v1/tables/{table}/items",
    status: 200,
    access: "admin",
    summary: "Look at the items of a table, a page at a time; secrets are left out and long texts cut.",
  },
} as const satisfies Record<string, Operation>;

/** What runs behind the calls, without a route. */
export const backgroundFunctions = {
  countTerms: { summary: "Count the terms of what was published, woken by new messages and by a sweep." },
  rollUpTerms: { summary: "Roll counted buckets up into longer ones." },
  expire: { summary: "Forget what has expired, in small steps." },
} as const;

/** The name of a function: of an operation, or of what runs behind the calls. */
export type FunctionName = OperationName | keyof typeof backgroundFunctions;

/** The name of an operation. */
export type OperationName = keyof typeof operations;

/** The names in the table's order. */
export const operationNames: readonly OperationName[] = Object.keys(operations) as OperationName[];
