import * as z from "zod/mini";
import { limits } from "./limits.ts";
import type { OperationName } from "./operations.ts";
import { cursor, id, integer, listOf, termsSettings, text, time, topicName } from "./schema-parts.ts";

/**
 * What an operation takes: what comes in is validated against it, and OpenAPI drawn from it. `body` is undefined where none
 * is taken; `publish` reads its own (`core/messages.ts`).
 */
export interface RequestSchema {
  readonly params: z.ZodMiniType<Record<string, string>>;
  readonly query: z.ZodMiniType<Record<string, unknown>>;
  readonly body?: z.ZodMiniType;
}

const none = z.strictObject({});
const topics = made(() => listOf(topicName, limits.topicsPerRegistrationMax, 1));
const topicParams = z.strictObject({ topic: topicName });
const publisherParams = z.strictObject({ publisherId: id });
const subscriberParams = z.strictObject({ subscriberId: id });
const functionParams = z.strictObject({ function: text(64, 1) });
const listFields = made(() => ({ after: z.optional(text(128, 1)), limit: z.optional(numberText(1, limits.listMax)) }));
const list = made(() => z.strictObject(listFields));
const registrations = made(() =>
  z.strictObject({
    ...listFields,
    topic: z.optional(topicName),
    search: z.optional(text(limits.nameCharactersMax, 1)),
  }),
);

export const registerPublisherRequest: RequestSchema = made(() => ({
  params: none,
  query: none,
  body: z.strictObject({ name: text(limits.nameCharactersMax, 1), topics }),
}));
export const listPublishersRequest: RequestSchema = made(() => ({ params: none, query: registrations }));
export const getPublisherRequest: RequestSchema = made(() => ({ params: publisherParams, query: none }));
export const putPublisherTopicsRequest: RequestSchema = made(() => ({
  params: publisherParams,
  query: none,
  body: z.strictObject({ topics }),
}));
export const deletePublisherRequest: RequestSchema = made(() => ({ params: publisherParams, query: none }));
export const registerSubscriberRequest: RequestSchema = made(() => ({
  params: none,
  query: none,
  body: z.strictObject({ name: z.optional(text(limits.nameCharactersMax, 1)), topics, from: z.optional(cursor) }),
}));
export const listSubscribersRequest: RequestSchema = made(() => ({ params: none, query: registrations }));
export const getSubscriberRequest: RequestSchema = made(() => ({ params: subscriberParams, query: none }));
export const deleteSubscriberRequest: RequestSchema = made(() => ({ params: subscriberParams, query: none }));
export const subscribeRequest: RequestSchema = made(() => ({
  params: subscriberParams,
  query: z.strictObject({
    limit: z.optional(numberText(1, limits.pageMessagesMax)),
    after: z.optional(cursor),
    wait: z.optional(numberText(0, limits.waitSecondsMax)),
    commit: z.optional(booleanText()),
    streamToken: z.optional(text(200, 1)),
    lastEventId: z.optional(cursor),
  }),
}));
export const commitCursorRequest: RequestSchema = made(() => ({
  params: subscriberParams,
  query: none,
  body: z.strictObject({ cursor }),
}));
export const seekSubscriberRequest: RequestSchema = made(() => ({
  params: subscriberParams,
  query: none,
  body: z.strictObject({ from: cursor }),
}));
export const createStreamTokenRequest: RequestSchema = made(() => ({ params: subscriberParams, query: none }));
export const listTopicsRequest: RequestSchema = made(() => ({
  params: none,
  query: z.strictObject({ ...listFields, prefix: z.optional(topicName) }),
}));
export const putTopicRequest: RequestSchema = made(() => ({
  params: topicParams,
  query: none,
  body: z.strictObject({
    shards: z.optional(integer(1, limits.shardsMax)),
    retentionSeconds: z.optional(retentionSeconds()),
    terms: z.optional(z.partial(z.strictObject(termsSettings))),
  }),
}));
export const getTopicRequest: RequestSchema = made(() => ({ params: topicParams, query: none }));
export const deleteTopicRequest: RequestSchema = made(() => ({ params: topicParams, query: none }));
export const publishRequest: RequestSchema = made(() => ({ params: topicParams, query: none }));
export const browseMessagesRequest: RequestSchema = made(() => ({
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
}));
export const getMessageRequest: RequestSchema = made(() => ({
  params: z.strictObject({ topic: topicName, messageId: text(40, 1) }),
  query: none,
}));
export const getPopularTermsRequest: RequestSchema = made(() => ({
  params: none,
  query: z.strictObject({
    topic: z.optional(topicName),
    window: z.optional(z.enum(["1m", "10m", "1h", "1d", "all"])),
    limit: z.optional(numberText(1, limits.termsMax)),
    sort: z.optional(z.enum(["popular", "rising"])),
    at: z.optional(text(64, 1)),
    streamToken: z.optional(text(200, 1)),
  }),
}));
export const rebuildTermsRequest: RequestSchema = made(() => ({
  params: none,
  query: none,
  body: z.strictObject({ topic: z.optional(topicName), from: time, to: time, continue: z.optional(text(64, 1)) }),
}));

export const getTopicActivityRequest: RequestSchema = made(() => ({
  params: topicParams,
  query: z.strictObject({
    from: z.optional(text(64, 1)),
    to: z.optional(text(64, 1)),
    buckets: z.optional(numberText(1, limits.activityBucketsMax)),
  }),
}));
export const getOverviewRequest: RequestSchema = made(() => ({ params: none, query: none }));
export const listFunctionsRequest: RequestSchema = made(() => ({ params: none, query: list }));
export const listFunctionEventsRequest: RequestSchema = made(() => ({ params: functionParams, query: none }));
export const invokeFunctionRequest: RequestSchema = made(() => ({
  params: functionParams,
  query: none,
  body: z.strictObject({ event: z.json() }),
}));
export const listTablesRequest: RequestSchema = made(() => ({ params: none, query: list }));
export const listTableItemsRequest: RequestSchema = made(() => ({
  params: z.strictObject({ table: text(128, 1) }),
  query: z.strictObject({
    after: z.optional(text(limits.cursorBytesMax, 1)),
    limit: z.optional(numberText(1, limits.tableItemsMax)),
  }),
}));

/** Every operation's request. A bundle that names single ones carries only what those need. */
export const requestSchemas: Readonly<Record<OperationName, RequestSchema>> = {
  registerPublisher: registerPublisherRequest,
  listPublishers: listPublishersRequest,
  getPublisher: getPublisherRequest,
  putPublisherTopics: putPublisherTopicsRequest,
  deletePublisher: deletePublisherRequest,
  registerSubscriber: registerSubscriberRequest,
  listSubscribers: listSubscribersRequest,
  getSubscriber: getSubscriberRequest,
  deleteSubscriber: deleteSubscriberRequest,
  subscribe: subscribeRequest,
  commitCursor: commitCursorRequest,
  seekSubscriber: seekSubscriberRequest,
  createStreamToken: createStreamTokenRequest,
  listTopics: listTopicsRequest,
  putTopic: putTopicRequest,
  getTopic: getTopicRequest,
  deleteTopic: deleteTopicRequest,
  publish: publishRequest,
  browseMessages: browseMessagesRequest,
  getMessage: getMessageRequest,
  getPopularTerms: getPopularTermsRequest,
  rebuildTerms: rebuildTermsRequest,
  getTopicActivity: getTopicActivityRequest,
  getOverview: getOverviewRequest,
  listFunctions: listFunctionsRequest,
  listFunctionEvents: listFunctionEventsRequest,
  invokeFunction: invokeFunctionRequest,
  listTables: listTablesRequest,
  listTableItems: listTableItemsRequest,
};

/** What `make` makes, at once. Marked so that a bundle leaves out what it does not name: reading `limits` counts as an effect. */
// @__NO_SIDE_EFFECTS__
function made<T>(make: () => T): T {
  return make();
}

/** Numbers and booleans of a query come as texts. */
// @__NO_SIDE_EFFECTS__
function numberText(min: number, max: number): z.ZodMiniType<number, unknown> {
  return z.pipe(
    z.transform((value) => (typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value)),
    integer(min, max),
  ) as never;
}

// @__NO_SIDE_EFFECTS__
function booleanText(): z.ZodMiniType<boolean, unknown> {
  return z.pipe(
    z.transform((value) => (value === "true" ? true : value === "false" ? false : value)),
    z.boolean(),
  ) as never;
}

// @__NO_SIDE_EFFECTS__
function retentionSeconds(): z.ZodMiniNumber {
  return z.int().check(
    z.minimum(0),
    z.maximum(limits.retentionSecondsMax),
    z.refine(
      (seconds) => seconds === 0 || seconds >= limits.retentionSecondsMin,
      `must be 0 (for ever) or at least ${limits.retentionSecondsMin}`,
    ),
  );
}
