import * as z from "zod/mini";
import { errorCodes } from "./errors.ts";
import { limits } from "./limits.ts";
import type { OperationName } from "./operations.ts";
import { cursor, id, integer, termsSettings, text, time, topicName } from "./schema-parts.ts";

/** The schemas of what goes out, and of what `publish` takes: OpenAPI is drawn from them, and tests hold answers to them. */
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

const page = (items: z.ZodMiniType): z.ZodMiniType => z.object({ items: z.array(items), next: z.optional(z.string()) });

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
  code: z.nullable(z.object({ bytes: count, modifiedAt: z.nullable(time), what: z.enum(["bundle", "module"]) })),
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
/** What operations answer; those that are not named answer without a body. */
export const answerSchemas: Readonly<Partial<Record<OperationName, z.ZodMiniType>>> = {
  registerPublisher: z.extend(publisher, { token: z.string() }),
  listPublishers: page(publisher),
  getPublisher: publisher,
  putPublisherTopics: publisher,
  registerSubscriber: z.extend(subscriber, { token: z.string() }),
  listSubscribers: page(subscriber),
  getSubscriber: subscriber,
  subscribe: messagePage,
  commitCursor: z.object({ cursor }),
  seekSubscriber: z.object({ cursor }),
  createStreamToken: z.object({ streamToken: z.string(), expiresAt: time }),
  listTopics: page(topicState),
  putTopic: topic,
  getTopic: topicState,
  publish: z.object({
    topic: topicName,
    publishedAt: time,
    messages: z.array(z.object({ id: z.string(), sequence: count })),
  }),
  browseMessages: messagePage,
  getMessage: message,
  getPopularTerms: termsAnswer,
  rebuildTerms: z.object({
    scope: z.string(),
    from: time,
    to: time,
    state: z.enum(["counting", "recounting", "switching", "done"]),
    through: time,
    messages: count,
    continue: z.optional(z.string()),
    pollAfterMs: count,
  }),
  getTopicActivity: z.object({
    topic: topicName,
    from: time,
    to: time,
    bucketMs: integer(1, Number.MAX_SAFE_INTEGER),
    messages: z.array(count),
  }),
  getOverview: overview,
  listFunctions: page(deployedFunction),
  listFunctionEvents: page(z.object({ name: z.string(), event: json })),
  invokeFunction: z.object({
    status: z.enum(["succeeded", "failed"]),
    result: json,
    logs: z.array(z.string()).check(z.maxLength(limits.invocationLogsMax)),
    durationMs: z.number(),
    error: z.optional(z.object({ name: z.string(), message: z.string() })),
  }),
  listTables: page(table),
  listTableItems: page(z.record(z.string(), json)),
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
