/** The shapes that cross the wire, as a client sees them. `schemas.ts` validates the same shapes; a test holds the two together. */

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A message to publish. `body` must be there and may be `null`. */
export interface MessageIn {
  readonly title?: string;
  readonly body: Json;
  /** At most 32, each name up to 128 and each value up to 1,024 characters. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Messages with one key keep their order; at most 512 bytes. */
  readonly key?: string;
  /** Seconds after which the message is hidden, 1..31,536,000. */
  readonly ttlSeconds?: number;
}

/** A message as it is read. `id` is unique within its topic; `sequence` strictly increases within its shard. */
export interface Message extends MessageIn {
  readonly id: string;
  readonly topic: string;
  readonly sequence: number;
  /** `admin` where the admin key published it, `open` where whoever was on the machine of an open service did. */
  readonly publisherId: string;
  readonly publishedAt: string;
  readonly expiresAt?: string;
}

/** Messages between a cursor and the next delivered one that are gone, by their sequences, both ends included. */
export interface Discontinuity {
  readonly topic: string;
  readonly shard: number;
  readonly fromSequence: number;
  readonly toSequence: number;
  /** `expired`: by TTL or retention. `topic_recreated`: the cursor belongs to an earlier topic of this name. */
  readonly reason: "expired" | "topic_recreated";
}

/** A page of messages. `cursor` is where to go on; `pollAfterMs` is how long to wait before the next call, 0 if there is more. */
export interface MessagePage {
  readonly messages: readonly Message[];
  readonly cursor: string;
  readonly discontinuities: readonly Discontinuity[];
  readonly pollAfterMs: number;
  /** With a filter: how many messages were looked at. Few found does not mean that there are no more: `pollAfterMs` says. */
  readonly scanned?: number;
}

/**
 * Where to browse from (the beginning without any), and which messages are wanted (all without any). Of `after`, `at` and
 * `before` one can be given; filters can be combined.
 */
export interface BrowseFilters {
  /**
   * Reads backwards: the messages before `latest`, an RFC 3339 time or a cursor. The page is in order of time over all
   * shards, oldest first; its `cursor` is where it begins, to be sent as `before` for the page before it, or as `after`.
   */
  readonly before?: string;
  /** Only messages whose title, body, attributes or key contain this text, in any case. */
  readonly contains?: string;
  /** Only messages that were counted for this term (after the languages' stop words, before hidden terms). */
  readonly term?: string;
  /** Only messages with exactly this key. */
  readonly key?: string;
}

/** How many messages were published in each stretch of time. */
export interface TopicActivity {
  readonly topic: string;
  readonly from: string;
  /** The end of the last stretch, which may lie behind the asked one. */
  readonly to: string;
  readonly bucketMs: number;
  /** Of each stretch from `from` on; an upper bound. Those gone from the log are not counted. */
  readonly messages: readonly number[];
}

export interface ActivityQuery {
  /** An RFC 3339 time; without it: of the first message that is kept. */
  readonly from?: string;
  /** An RFC 3339 time; without it: now. */
  readonly to?: string;
  /** 1..500; 60 by default. Fewer are given for a topic of many shards. */
  readonly buckets?: number;
}

export interface RegisterPublisherRequest {
  readonly name: string;
  readonly topics: readonly string[];
}

export interface Publisher {
  readonly publisherId: string;
  readonly name: string;
  readonly topics: readonly string[];
  readonly createdAt: string;
}

/** `token` is shown this once and never again. */
export interface RegisteredPublisher extends Publisher {
  readonly token: string;
}

export interface RegisterSubscriberRequest {
  readonly name?: string;
  readonly topics: readonly string[];
  /** `latest` (default), `earliest`, an RFC 3339 time, or a cursor. */
  readonly from?: string;
}

/** `lag` is an upper bound of the messages waiting. */
export interface Subscriber {
  readonly subscriberId: string;
  readonly name?: string;
  readonly topics: readonly string[];
  readonly cursor: string;
  readonly createdAt: string;
  readonly lag: number;
  /** The lag by topic; a topic that is not there is left out. */
  readonly lags: Readonly<Record<string, number>>;
  /** When it last read or committed; absent before the first time. Kept to the minute. */
  readonly lastActiveAt?: string;
}

/** `token` is shown this once and never again. */
export interface RegisteredSubscriber extends Subscriber {
  readonly token: string;
}

/** The answer to a publish: one id and sequence for each message, in the order sent. */
export interface Published {
  readonly topic: string;
  readonly publishedAt: string;
  readonly messages: readonly { readonly id: string; readonly sequence: number }[];
}

export interface CommittedCursor {
  readonly cursor: string;
}

/** `streamToken` goes into `?streamToken=`, as EventSource cannot send headers. */
export interface StreamToken {
  readonly streamToken: string;
  readonly expiresAt: string;
}

export interface TopicTerms {
  /** false: the topic's messages are never cut into words (private or encrypted text). */
  readonly enabled: boolean;
  /** ISO 639-1 codes of the languages whose stop words are left out. */
  readonly languages: readonly string[];
  /** Terms that answers leave out. */
  readonly hidden: readonly string[];
}

export interface PutTopicRequest {
  /** 1..16, at creation only. */
  readonly shards?: number;
  /** 0 keeps messages for ever, else 3,600..315,360,000. */
  readonly retentionSeconds?: number;
  readonly terms?: Partial<TopicTerms>;
}

export interface Topic {
  readonly topic: string;
  readonly shards: number;
  readonly retentionSeconds: number;
  readonly terms: TopicTerms;
  readonly createdAt: string;
}

/** A topic with its state. Rates are messages per second over the last minute and hour. */
export interface TopicState extends Topic {
  /** An upper bound of the messages that are kept. */
  readonly messagesKept: number;
  readonly messagesPublished: number;
  /** Bytes of the entries stored. */
  readonly storedBytes: number;
  readonly firstMessageAt?: string;
  readonly lastMessageAt?: string;
  readonly messagesPerSecond: { readonly lastMinute: number; readonly lastHour: number };
  /** Who reads it; only with the admin key, at most 1,000. */
  readonly subscribers?: readonly SubscriberLag[];
}

/** How far a subscriber lies behind. */
export interface SubscriberLag {
  readonly subscriberId: string;
  readonly name?: string;
  readonly lag: number;
  readonly lastActiveAt?: string;
}

/** A page of a list. `next` is there when there is more, to be sent as `?after=`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export type WindowName = "1m" | "10m" | "1h" | "1d" | "all";

/** A term with the number of messages in the window that contain it: count <= truth <= count + error. */
export interface PopularTerm {
  readonly term: string;
  readonly count: number;
  readonly error: number;
  /** The term is provably among the true first `limit`. */
  readonly certain: boolean;
  /** `count` divided by the messages of the window. */
  readonly share: number;
}

/** A term that is in more messages than the time before the window lets expect. */
export interface RisingTerm {
  readonly term: string;
  /** The messages of the window that contain it: never above the truth. */
  readonly count: number;
  /** How many the baseline lets expect, of as many messages: never below the truth. */
  readonly expected: number;
  /** How far `count` lies above `expected`, at least 4: about standard deviations. Errors only lower it. */
  readonly score: number;
  /** (count + 1) / (expected + 1). */
  readonly lift: number;
}

/** What every answer about terms says of its window. Any term not held has a true count of at most `floor`. */
export interface TermsWindow {
  /** `topic:<name>` or `overall`. */
  readonly scope: string;
  readonly window: { readonly name: WindowName; readonly from?: string; readonly to: string };
  /** Every message published up to then is counted. */
  readonly asOf: string;
  readonly messages: number;
  readonly pairs: number;
  readonly floor: number;
  /** Every count is exact, and a term that is absent has count 0. */
  readonly exact: boolean;
  /** The version of the rules that cut text into terms. */
  readonly tokenizer: number;
}

/** Which terms are popular: the largest counts first. */
export interface PopularTerms extends TermsWindow {
  readonly sort: "popular";
  readonly terms: readonly PopularTerm[];
}

/** Which terms rise: the highest scores first. */
export interface RisingTerms extends TermsWindow {
  readonly sort: "rising";
  /** The time before the window that it is held against; absent when nothing of it is kept. */
  readonly baseline?: { readonly from: string; readonly to: string; readonly messages: number };
  /**
   * There are no terms as there is too little to judge by: under 20 messages in the window, a baseline shorter than three
   * windows (counted from its first message on), or one of fewer messages than the window.
   */
  readonly reason?: "too-little-data";
  readonly terms: readonly RisingTerm[];
}

/** A question about terms. */
export interface PopularTermsQuery {
  /** Without one: all topics together. */
  readonly topic?: string;
  /** `10m` by default. `all` is for popular terms of now. */
  readonly window?: WindowName;
  /** 1..1,000; 10 by default. */
  readonly limit?: number;
  /** `popular` by default. */
  readonly sort?: "popular" | "rising";
  /** An RFC 3339 time: the window that ended then, within about the last 400 days. Without it: now. */
  readonly at?: string;
}

/** Which hours are to be counted anew, of a topic or overall. `from` and `to` are RFC 3339 times. */
export interface RebuildTermsRequest {
  readonly topic?: string;
  /** Rounded down to the hour; at most 40 days ago. */
  readonly from: string;
  /** Rounded down to the hour, at most to the last one that is over. */
  readonly to: string;
  /** What the call before gave, to go on with its rebuild. */
  readonly continue?: string;
}

/** How far a rebuild of terms is. Nothing is seen of it before `done`. */
export interface TermsRebuild {
  /** `topic:<name>` or `overall`. */
  readonly scope: string;
  readonly from: string;
  readonly to: string;
  /** `counting`: it waits until the range is counted; `switching`: until counters that are under way have ended. */
  readonly state: "counting" | "recounting" | "switching" | "done";
  /** Recounted up to then. */
  readonly through: string;
  /** How many messages this call recounted. */
  readonly messages: number;
  /** To be sent with the same topic, `from` and `to`, until it is `done`. */
  readonly continue?: string;
  /** How long to wait before that. */
  readonly pollAfterMs: number;
}

export interface Health {
  readonly status: "ok";
  readonly version: string;
}

/** How many there are: exactly, about, or at least, where counting on would cost too much. */
export interface Amount {
  readonly value: number;
  readonly precision: "exact" | "estimate" | "at-least";
}

/** What the service holds and carries. Rates follow from two answers: totals never fall but when a topic is deleted or the process restarts. */
export interface Overview {
  readonly at: string;
  readonly topics: Amount;
  /** Of all topics that were read; a lower bound when `topics` is one. */
  readonly messagesPublished: number;
  readonly messagesKept: number;
  readonly storedBytes: number;
  /** What this process has taken in and given out since it started; null where calls go to many processes. */
  readonly traffic: {
    readonly since: string;
    readonly messagesIn: number;
    readonly messagesOut: number;
  } | null;
  /** With the admin key only. */
  readonly publishers?: Amount;
  /** With the admin key only; `lag` is of all subscribers that were read, `slowest` those that lie behind most. */
  readonly subscribers?: Amount & { readonly lag: number; readonly slowest: readonly SubscriberLag[] };
}

/** A function as it is deployed. null: not known here. */
export interface DeployedFunction {
  /** As the operation, or as what runs behind the calls. */
  readonly function: string;
  readonly kind: "operation" | "background";
  readonly description: string;
  /** The route of an operation, as `GET /v1/topics`. */
  readonly route: string | null;
  /** What wakes a background function. */
  readonly trigger: string | null;
  readonly runtime: { readonly node: string; readonly architecture: string; readonly platform: string };
  /** What is deployed for this function: its bundle, or its module where there are no bundles. */
  readonly code: {
    readonly bytes: number;
    readonly modifiedAt: string | null;
    readonly what: "bundle" | "module";
  } | null;
  /** What it may use, or what its process uses, in bytes; `shared` when it is one process for all functions. */
  readonly memory: { readonly bytes: number; readonly shared: boolean } | null;
  /** Since `since`. Errors are answers of 500 and above, or failed runs. Times are null before the first call. */
  readonly measured: {
    readonly since: string;
    readonly calls: number;
    /** Answers of 400 to 499. */
    readonly refused: number;
    readonly errors: number;
    /** From a histogram: at most the upper edge of its bucket. */
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
    readonly coldStarts: number | null;
  } | null;
}

/** An event to try a function with. */
export interface FunctionEvent {
  /** As `API Gateway, payload 2.0`. */
  readonly name: string;
  /** Where the text `TOKEN` stands, a token or the admin key belongs. */
  readonly event: Json;
}

export interface InvokeFunctionRequest {
  readonly event: Json;
}

/** What became of an invocation. */
export interface Invocation {
  /** `failed`: the function threw, or ran out of time. An answer with an error status is still a result. */
  readonly status: "succeeded" | "failed";
  /** What the function returned; of API Gateway: `{statusCode, headers, body, isBase64Encoded}`. */
  readonly result: Json;
  /** What it logged, oldest first, at most 200 lines. */
  readonly logs: readonly string[];
  readonly durationMs: number;
  readonly error?: { readonly name: string; readonly message: string };
}

/** A table of the store, or what it has in place of one. null: there is none, or it is not known here. */
export interface Table {
  readonly table: string;
  readonly description: string;
  readonly kind: "sqlite" | "dynamodb" | "memory";
  /** The primary key. */
  readonly keys: readonly TableKey[];
  readonly indexes: readonly { readonly name: string; readonly keys: readonly TableKey[]; readonly where?: string }[];
  /** `active`, or what the cloud says. */
  readonly state: string;
  readonly createdAt: string | null;
  readonly items: Amount | null;
  readonly bytes: Amount | null;
  /** What changes of the table bring about: the name of a function. */
  readonly stream: { readonly view: string; readonly trigger: string } | null;
  /** What reading and writing by this process has taken since `since`, in the cloud's units; null where it is not metered. */
  readonly capacity: { readonly since: string; readonly readUnits: number; readonly writeUnits: number } | null;
  readonly alarms: readonly { readonly name: string; readonly state: string; readonly reason?: string }[] | null;
  readonly region: string | null;
  readonly arn: string | null;
}

export interface TableKey {
  readonly name: string;
  readonly type: "text" | "number" | "binary";
  readonly role: "partition" | "sort";
}

/** An item of a table by attribute. A secret's hash is `(hidden)`; a text that was cut ends with `…`; bytes are shown as `{bytes, text}`. */
export type TableItem = Readonly<Record<string, Json>>;
