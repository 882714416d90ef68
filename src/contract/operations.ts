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
  },
  listPublishers: {
    method: "GET",
    path: "/v1/publishers",
    status: 200,
    access: "admin",
  },
  getPublisher: {
    method: "GET",
    path: "/v1/publishers/{publisherId}",
    status: 200,
    access: "publisher",
  },
  putPublisherTopics: {
    method: "PUT",
    path: "/v1/publishers/{publisherId}/topics",
    status: 200,
    access: "admin",
  },
  deletePublisher: {
    method: "DELETE",
    path: "/v1/publishers/{publisherId}",
    status: 204,
    access: "admin",
  },
  registerSubscriber: {
    method: "POST",
    path: "/v1/subscribers",
    status: 201,
    access: "register",
  },
  listSubscribers: {
    method: "GET",
    path: "/v1/subscribers",
    status: 200,
    access: "admin",
  },
  getSubscriber: {
    method: "GET",
    path: "/v1/subscribers/{subscriberId}",
    status: 200,
    access: "subscriber",
  },
  deleteSubscriber: {
    method: "DELETE",
    path: "/v1/subscribers/{subscriberId}",
    status: 204,
    access: "admin",
  },
  subscribe: {
    method: "GET",
    path: "/v1/subscribers/{subscriberId}/messages",
    status: 200,
    access: "subscriber",
    stream: true,
  },
  commitCursor: {
    method: "PUT",
    path: "/v1/subscribers/{subscriberId}/cursor",
    status: 200,
    access: "subscriber",
  },
  seekSubscriber: {
    method: "POST",
    path: "/v1/subscribers/{subscriberId}/seek",
    status: 200,
    access: "subscriber",
  },
  createStreamToken: {
    method: "POST",
    path: "/v1/subscribers/{subscriberId}/stream-tokens",
    status: 201,
    access: "subscriber",
  },
  listTopics: {
    method: "GET",
    path: "/v1/topics",
    status: 200,
    access: "reader",
  },
  putTopic: {
    method: "PUT",
    path: "/v1/topics/{topic}",
    status: 200,
    access: "register",
  },
  getTopic: {
    method: "GET",
    path: "/v1/topics/{topic}",
    status: 200,
    access: "reader",
  },
  deleteTopic: {
    method: "DELETE",
    path: "/v1/topics/{topic}",
    status: 204,
    access: "admin",
  },
  publish: {
    method: "POST",
    path: "/v1/topics/{topic}/messages",
    status: 201,
    access: "publisher",
    idempotent: true,
  },
  browseMessages: {
    method: "GET",
    path: "/v1/topics/{topic}/messages",
    status: 200,
    access: "reader",
    stream: true,
  },
  getTopicActivity: {
    method: "GET",
    path: "/v1/topics/{topic}/activity",
    status: 200,
    access: "reader",
  },
  getMessage: {
    method: "GET",
    path: "/v1/topics/{topic}/messages/{messageId}",
    status: 200,
    access: "reader",
  },
  getPopularTerms: {
    method: "GET",
    path: "/v1/popular-terms",
    status: 200,
    access: "reader",
    stream: true,
  },
  rebuildTerms: {
    method: "POST",
    path: "/v1/popular-terms/rebuild",
    status: 200,
    access: "admin",
  },
  getOverview: {
    method: "GET",
    path: "/v1/overview",
    status: 200,
    access: "reader",
  },
  listFunctions: {
    method: "GET",
    path: "/v1/functions",
    status: 200,
    access: "admin",
  },
  listFunctionEvents: {
    method: "GET",
    path: "/v1/functions/{function}/events",
    status: 200,
    access: "admin",
  },
  invokeFunction: {
    method: "POST",
    path: "/v1/functions/{function}/invocations",
    status: 200,
    access: "admin",
  },
  listTables: {
    method: "GET",
    path: "/v1/tables",
    status: 200,
    access: "admin",
  },
  listTableItems: {
    method: "GET",
    path: "/v1/tables/{table}/items",
    status: 200,
    access: "admin",
  },
} as const satisfies Record<string, Operation>;

/** What runs behind the calls, without a route. */
export const backgroundFunctions = ["countTerms", "rollUpTerms", "expire"] as const;

/** The name of one that runs behind the calls. */
export type BackgroundFunctionName = (typeof backgroundFunctions)[number];

/** The name of a function: of an operation, or of what runs behind the calls. */
export type FunctionName = OperationName | BackgroundFunctionName;

/** The name of an operation. */
export type OperationName = keyof typeof operations;

/** The names in the table's order. */
export const operationNames: readonly OperationName[] = Object.keys(operations) as OperationName[];
