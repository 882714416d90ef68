import * as z from "zod/mini";
import { errorCodes } from "./errors.ts";
import { limits } from "./limits.ts";
import type { OperationName } from "./operations.ts";

/** The schemas of what comes in and goes out: they validate requests, and OpenAPI is drawn from them. */
const topicName = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/,
      "must be 1..128 of A-Z a-z 0-9 . _ ~ - and begin with a letter or digit",
    ),
  );
const id = z.string().check(z.regex(/^[a-z0-9]{1,32}$/, "must be an id as Bellwether gave it"));
const text = (max: number, min = 0): z.ZodMiniString => z.string().check(z.minLength(min), z.maxLength(max));
const integer = (min: number, max: number): z.ZodMiniNumber => z.int().check(z.minimum(min), z.maximum(max));
const topics = z.array(topicName).check(z.minLength(1), z.maxLength(limits.topicsPerRegistrationMax));
const cursor = text(limits.cursorBytesMax, 1);
const time = z.iso.datetime({ offset: true });
const count = z.int().check(z.minimum(0));

const json = z.json();
const messageFields = {
  title: z.optional(text(limits.titleCharactersMax)),
  body: json,
  attributes: z.optional(
    z.record(text(limits.attributeNameCharactersMax, 1), text(limits.attributeValueCharactersMax)).check(
      z.refine((attributes) => Object.keys(attributes).length <= limits.attributesMax),
      z.meta({ maxProperties: limits.attributesMax }),
    ),
  ),
  key: z.optional(
    text(limits.keyBytesMax, 1).check(
      z.refine((key) => new TextEncoder().encode(key).length <= limits.keyBytesMax),
      z.meta({ description: `At most ${limits.keyBytesMax} bytes of UTF-8.` }),
    ),
  ),
  ttlSeconds: z.optional(integer(1, limits.ttlSecondsMax)),
};

const messageIn = z.strictObject(messageFields);
const batchIn = z.strictObject({
  messages: z.array(messageIn).check(z.minLength(1), z.maxLength(limits.batchMessagesMax)),
});
const message = z.object({
  id: z.string(),
  topic: topicName,
  sequence: count,
  publisherId: z.string(),
  publishedAt: time,
  expiresAt: z.optional(time),
  ...messageFields,
});
const discontinuity = z.object({
  topic: topicName,
  shard: count,
  fromSequence: count,
  toSequence: count,
  reason: z.enum(["expired", "topic_recreated"]),
});
const messagePage = z.object({
  messages: z.array(message),
  cursor,
  discontinuities: z.array(discontinuity),
  pollAfterMs: count,
  scanned: z.optional(count),
});

const publisher = z.object({ publisherId: id, name: z.string(), topics: z.array(topicName), createdAt: time });
const subscriber = z.object({
  subscriberId: id,
  name: z.optional(z.string()),
  topics: z.array(topicName),
  cursor,
  createdAt: time,
  lag: count,
  lags: z.record(topicName, count),
  lastActiveAt: z.optional(time),
});
const subscriberLag = z.object({
  subscriberId: id,
  name: z.optional(z.string()),
  lag: count,
  lastActiveAt: z.optional(time),
});
const termsSettings = {
  enabled: z.boolean(),
  languages: z.array(text(16, 1)).check(z.maxLength(limits.languagesMax)),
  hidden: z.array(text(64, 1)).check(z.maxLength(limits.hiddenTermsMax)),
};
const topic = z.object({
  topic: topicName,
  shards: integer(1, limits.shardsMax),
  retentionSeconds: count,
  terms: z.object(termsSettings),
  createdAt: time,
});
const topicState = z.extend(topic, {
  messagesKept: count,
  messagesPublished: count,
  storedBytes: count,
  firstMessageAt: z.optional(time),
  lastMessageAt: z.optional(time),
  messagesPerSecond: z.object({ lastMinute: z.number(), lastHour: z.number() }),
  subscribers: z.optional(z.array(subscriberLag)),
});
const retentionSeconds = z.int().check(
  z.minimum(0),
  z.maximum(limits.retentionSecondsMax),
  z.refine(
    (seconds) => seconds === 0 || seconds >= limits.retentionSecondsMin,
    `must be 0 (for ever) or at least ${limits.retentionSecondsMin}`,
  ),
);
const termsWindow = {
  scope: z.string(),
  window: z.object({ name: z.enum(["1m", "10m", "1h", "1d", "all"]), from: z.optional(time), to: time }),
  asOf: time,
  messages: count,
  pairs: count,
  floor: count,
  exact: z.boolean(),
  tokenizer: count,
};
const popularTerms = z.object({
  sort: z.literal("popular"),
  ...termsWindow,
  terms: z.array(z.object({ term: z.string(), count, error: count, certain: z.boolean(), share: z.number() })),
});
const risingTerms = z.object({
  sort: z.literal("rising"),
  ...termsWindow,
  baseline: z.optional(z.object({ from: time, to: time, messages: count })),
  reason: z.optional(z.enum(["too-little-data"])),
  terms: z.array(z.object({ term: z.string(), count, expected: z.number(), score: z.number(), lift: z.number() })),
});
const termsAnswer = z.union([popularTerms, risingTerms]);

/** Numbers and booleans of a query come as texts. */
const numberText = (min: number, max: number): z.ZodMiniType<number, unknown> =>
  z.pipe(
    z.transform((value) => (typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value)),
    integer(min, max),
  ) as never;
const booleanText: z.ZodMiniType<boolean, unknown> = z.pipe(
  z.transform((value) => (value === "true" ? true : value === "false" ? false : value)),
  z.boolean(),
) as never;
const listFields = { after: z.optional(text(128, 1)), limit: z.optional(numberText(1, limits.listMax)) };
const list = z.strictObject(listFields);
const registrations = z.strictObject({
  ...listFields,
  topic: z.optional(topicName),
  search: z.optional(text(limits.nameCharactersMax, 1)),
});
const none = z.strictObject({});
const page = (items: z.ZodMiniType): z.ZodMiniType => z.object({ items: z.array(items), next: z.optional(z.string()) });

/** What an operation takes and gives. `body` is undefined where none is taken; `publish` reads its own (`messageIn`, `batchIn`). */
export interface OperationSchema {
  readonly params: z.ZodMiniType<Record<string, string>>;
  readonly query: z.ZodMiniType<Record<string, unknown>>;
  readonly body?: z.ZodMiniType;
  readonly answer?: z.ZodMiniType;
}

const amount = { value: count, precision: z.enum(["exact", "estimate", "at-least"]) };
const overview = z.object({
  at: time,
  topics: z.object(amount),
  messagesPublished: count,
  messagesKept: count,
  storedBytes: count,
  traffic: z.nullable(z.object({ since: time, messagesIn: count, messagesOut: count })),
  publishers: z.optional(z.object(amount)),
  subscribers: z.optional(z.object({ ...amount, lag: count, slowest: z.array(subscriberLag) })),
});
const deployedFunction = z.object({
  function: z.string(),
  kind: z.enum(["operation", "background"]),
  description: z.string(),
  route: z.nullable(z.string()),
  trigger: z.nullable(z.string()),
  runtime: z.object({ node: z.string(), architecture: z.string(), platform: z.string() }),
  code: z.nullable(z.object({ bytes: count, modifiedAt: time, what: z.enum(["bundle", "module"]) })),
  memory: z.nullable(z.object({ bytes: count, shared: z.boolean() })),
  measured: z.nullable(
    z.object({
      since: time,
      calls: count,
      refused: count,
      errors: count,
      p50Ms: z.nullable(z.number()),
      p99Ms: z.nullable(z.number()),
      coldStarts: z.nullable(count),
    }),
  ),
});
const tableKey = z.object({
  name: z.string(),
  type: z.enum(["text", "number", "binary"]),
  role: z.enum(["partition", "sort"]),
});
const table = z.object({
  table: z.string(),
  description: z.string(),
  kind: z.enum(["sqlite", "dynamodb", "memory"]),
  keys: z.array(tableKey),
  indexes: z.array(z.object({ name: z.string(), keys: z.array(tableKey), where: z.optional(z.string()) })),
  state: z.string(),
  createdAt: z.nullable(time),
  items: z.nullable(z.object(amount)),
  bytes: z.nullable(z.object(amount)),
  stream: z.nullable(z.object({ view: z.string(), trigger: z.string() })),
  capacity: z.nullable(z.object({ since: time, readUnits: z.number(), writeUnits: z.number() })),
  alarms: z.nullable(z.array(z.object({ name: z.string(), state: z.string(), reason: z.optional(z.string()) }))),
  region: z.nullable(z.string()),
  arn: z.nullable(z.string()),
});
const functionParams = z.strictObject({ function: text(64, 1) });

const topicParams = z.strictObject({ topic: topicName });
const publisherParams = z.strictObject({ publisherId: id });
const subscriberParams = z.strictObject({ subscriberId: id });

export const schemas: Record<OperationName, OperationSchema> = {
  registerPublisher: {
    params: none,
    query: none,
    body: z.strictObject({ name: text(limits.nameCharactersMax, 1), topics }),
    answer: z.extend(publisher, { token: z.string() }),
  },
  listPublishers: { params: none, query: registrations, answer: page(publisher) },
  getPublisher: { params: publisherParams, query: none, answer: publisher },
  putPublisherTopics: { params: publisherParams, query: none, body: z.strictObject({ topics }), answer: publisher },
  deletePublisher: { params: publisherParams, query: none },
  registerSubscriber: {
    params: none,
    query: none,
    body: z.strictObject({ name: z.optional(text(limits.nameCharactersMax, 1)), topics, from: z.optional(cursor) }),
    answer: z.extend(subscriber, { token: z.string() }),
  },
  listSubscribers: { params: none, query: registrations, answer: page(subscriber) },
  getSubscriber: { params: subscriberParams, query: none, answer: subscriber },
  deleteSubscriber: { params: subscriberParams, query: none },
  subscribe: {
    params: subscriberParams,
    query: z.strictObject({
      limit: z.optional(numberText(1, limits.pageMessagesMax)),
      after: z.optional(cursor),
      wait: z.optional(numberText(0, limits.waitSecondsMax)),
      commit: z.optional(booleanText),
      streamToken: z.optional(text(200, 1)),
      lastEventId: z.optional(cursor),
    }),
    answer: messagePage,
  },
  commitCursor: {
    params: subscriberParams,
    query: none,
    body: z.strictObject({ cursor }),
    answer: z.object({ cursor }),
  },
  seekSubscriber: {
    params: subscriberParams,
    query: none,
    body: z.strictObject({ from: cursor }),
    answer: z.object({ cursor }),
  },
  createStreamToken: {
    params: subscriberParams,
    query: none,
    answer: z.object({ streamToken: z.string(), expiresAt: time }),
  },
  listTopics: {
    params: none,
    query: z.strictObject({ ...listFields, prefix: z.optional(topicName) }),
    answer: page(topicState),
  },
  putTopic: {
    params: topicParams,
    query: none,
    body: z.strictObject({
      shards: z.optional(integer(1, limits.shardsMax)),
      retentionSeconds: z.optional(retentionSeconds),
      terms: z.optional(z.partial(z.strictObject(termsSettings))),
    }),
    answer: topic,
  },
  getTopic: { params: topicParams, query: none, answer: topicState },
  deleteTopic: { params: topicParams, query: none },
  publish: {
    params: topicParams,
    query: none,
    answer: z.object({
      topic: topicName,
      publishedAt: time,
      messages: z.array(z.object({ id: z.string(), sequence: count })),
    }),
  },
  browseMessages: {
    params: topicParams,
    query: z.strictObject({
      after: z.optional(cursor),
      at: z.optional(text(64, 1)),
      before: z.optional(cursor),
      contains: z.optional(text(limits.filterCharactersMax, 1)),
      term: z.optional(text(limits.filterCharactersMax, 1)),
      key: z.optional(text(limits.keyBytesMax, 1)),
      limit: z.optional(numberText(1, limits.pageMessagesMax)),
      lastEventId: z.optional(cursor),
    }),
    answer: messagePage,
  },
  getTopicActivity: {
    params: topicParams,
    query: z.strictObject({
      from: z.optional(text(64, 1)),
      to: z.optional(text(64, 1)),
      buckets: z.optional(numberText(1, limits.activityBucketsMax)),
    }),
    answer: z.object({
      topic: topicName,
      from: time,
      to: time,
      bucketMs: integer(1, Number.MAX_SAFE_INTEGER),
      messages: z.array(count),
    }),
  },
  getMessage: { params: z.strictObject({ topic: topicName, messageId: text(40, 1) }), query: none, answer: message },
  getPopularTerms: {
    params: none,
    query: z.strictObject({
      topic: z.optional(topicName),
      window: z.optional(z.enum(["1m", "10m", "1h", "1d", "all"])),
      limit: z.optional(numberText(1, limits.termsMax)),
      sort: z.optional(z.enum(["popular", "rising"])),
      at: z.optional(text(64, 1)),
      streamToken: z.optional(text(200, 1)),
    }),
    answer: termsAnswer,
  },
  rebuildTerms: {
    params: none,
    query: none,
    body: z.strictObject({
      topic: z.optional(topicName),
      from: time,
      to: time,
      continue: z.optional(text(64, 1)),
    }),
    answer: z.object({
      scope: z.string(),
      from: time,
      to: time,
      state: z.enum(["counting", "recounting", "switching", "done"]),
      through: time,
      messages: count,
      continue: z.optional(z.string()),
      pollAfterMs: count,
    }),
  },
  getOverview: { params: none, query: none, answer: overview },
  listFunctions: { params: none, query: list, answer: page(deployedFunction) },
  listFunctionEvents: {
    params: functionParams,
    query: none,
    answer: page(z.object({ name: z.string(), event: json })),
  },
  invokeFunction: {
    params: functionParams,
    query: none,
    body: z.strictObject({ event: json }),
    answer: z.object({
      status: z.enum(["succeeded", "failed"]),
      result: json,
      logs: z.array(z.string()).check(z.maxLength(limits.invocationLogsMax)),
      durationMs: z.number(),
      error: z.optional(z.object({ name: z.string(), message: z.string() })),
    }),
  },
  listTables: { params: none, query: list, answer: page(table) },
  listTableItems: {
    params: z.strictObject({ table: text(128, 1) }),
    query: z.strictObject({
      after: z.optional(text(limits.cursorBytesMax, 1)),
      limit: z.optional(numberText(1, limits.tableItemsMax)),
    }),
    answer: page(z.record(z.string(), json)),
  },
};

/** What `publish` takes as JSON. The hot path checks the same by hand (`core/messages.ts`); a test holds the two together. */
export const publishBodies: { readonly message: z.ZodMiniType; readonly batch: z.ZodMiniType } = {
  message: messageIn,
  batch: batchIn,
};

/** Shapes of event stream data. */
export const streamEvents = {
  message,
  discontinuity,
  terms: termsAnswer,
} as const satisfies Record<string, z.ZodMiniType>;

/** Every error answer. */
export const problem: z.ZodMiniType = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(errorCodes)),
  errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
  retryAfterSeconds: z.optional(count),
  limitBytes: z.optional(count),
  actualBytes: z.optional(count),
  allow: z.optional(z.array(z.string())),
  accepted: z.optional(z.array(count)),
});
