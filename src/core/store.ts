import type { Page, Table, TableItem, TopicTerms } from "#contract/types.ts";
import type { Caps, Level } from "#terms/windows.ts";
import type { Cursor } from "./cursor.ts";
import type { Entry } from "./entry.ts";
import type { ShardRef } from "./shard.ts";

export interface TopicRecord {
  readonly topic: string;
  /** The time of creation in ms: a later topic of the same name has a larger one, as a deleted name stays reserved. */
  readonly incarnation: number;
  readonly shards: number;
  /** 0 = for ever. */
  readonly retentionSeconds: number;
  readonly terms: TopicTerms;
}

export interface PublisherRecord {
  readonly publisherId: string;
  readonly name: string;
  readonly topics: readonly string[];
  readonly secretHash: string;
  readonly createdAtMs: number;
}

export interface SubscriberRecord {
  readonly subscriberId: string;
  readonly name?: string;
  readonly topics: readonly string[];
  readonly secretHash: string;
  readonly createdAtMs: number;
  readonly cursor: Cursor;
  readonly lastActiveAtMs?: number;
}

/** A stream token, found by the id in it. */
export interface StreamTokenRecord {
  readonly id: string;
  readonly secretHash: string;
  readonly subscriberId: string;
  readonly createdAtMs: number;
  /** It opens streams until then. */
  readonly usableUntilMs: number;
}

/** The messages of one call for the shards of one topic. */
export interface AppendRequest {
  readonly topic: string;
  readonly incarnation: number;
  readonly parts: readonly { readonly shard: number; readonly count: number; readonly payload: Uint8Array }[];
  readonly nowMs: number;
  /** Set when the caller named this call: a call with the same key is answered as the first was, if the fingerprint is the same. */
  readonly idempotency?: { readonly recordKey: string; readonly fingerprint: string; readonly expiresAtMs: number };
}

export interface AppendResult {
  readonly publishedAtMs: number;
  /** In the order of the request's parts. */
  readonly firstSequences: readonly number[];
  /** The answer of an earlier call with the same idempotency key; nothing was written now. */
  readonly replayed: boolean;
}

/** What a shard holds. */
export interface ShardState {
  /** The next ticket and sequence: the end of the log. */
  readonly tickets: number;
  readonly messages: number;
  /** The first entry still there, or the end when there is none. */
  readonly firstTicket: number;
  readonly firstSequence: number;
  readonly storedBytes: number;
  readonly lastAtMs: number;
}

/**
 * A stretch of time of one scope. Level 5 is `all`, whose start is 0. Scopes are texts that a store keeps apart and does not
 * read, but for those of a topic, `topic:<name>#<incarnation>` alone or with `@<generation>` behind: they go with the topic.
 */
export interface SummaryKey {
  readonly scope: string;
  readonly level: Level | 5;
  readonly startMs: number;
}

export interface SummaryRecord extends SummaryKey {
  /** Raised by one with every put. */
  readonly version: number;
  readonly bytes: Uint8Array;
  /** Leaves: per source (a shard's key) the ticket before which its entries are included. `all`: `through`, in ms. */
  readonly included: Readonly<Record<string, number>>;
}

/** A bucket that must be rebuilt from its children. `stamp` tells a mark from a later one. */
export interface WorkMark extends SummaryKey {
  readonly stamp: string;
}

/** One conditional step of counting; `saveTerms` says in what order a store does it that cannot do it at once. */
export interface TermsChange {
  /** Each is put if the stored version is `version - 1` (0: none stored). */
  readonly puts: readonly (SummaryRecord & { readonly expiresAtMs: number })[];
  readonly setMarks: readonly WorkMark[];
  /** Each is deleted if its stamp is still this. */
  readonly clearMarks: readonly WorkMark[];
  /** Each count cursor moves from its ticket to its ticket, if it still stands there. */
  readonly cursors: readonly { readonly ref: ShardRef; readonly fromTicket: number; readonly toTicket: number }[];
}

/** What differs between stores, as data that the functions and the tests read. */
export interface StoreTraits {
  readonly name: "memory" | "embedded" | "dynamodb";
  /** What is written survives a restart. */
  readonly durable: boolean;
  /** `saveTerms` happens at once or not at all, and `getSummaries` sees one moment. */
  readonly transactions: boolean;
  /**
   * How long, in ms, a message that another process appends can have its publish time before anyone else can know of it;
   * 0 where one process has the store.
   */
  readonly appendsUnseenMs: number;
  /** Over how many leaves a bucket of `overall` is spread by source, so that several counters seldom meet at one. */
  readonly overallLeaves: number;
  /**
   * `expire` trims logs and forgets tokens, reserved names and summaries to the moment. Where it does not, a log is trimmed
   * by whole days and the rest goes later by itself.
   */
  readonly expiresAtOnce: boolean;
  /** How many terms a summary may hold here. */
  readonly caps: Caps;
}

/**
 * How Bellwether remembers: verbs of the domain, each atomic and, once its promise resolves, durable. Above it everything
 * has been validated; below it nothing is interpreted. Throws BellwetherError with the codes named, `unavailable` when
 * nothing was written, and anything else for a fault. One suite, `stores/conformance/`, holds every store to this.
 */
export interface Store {
  readonly traits: StoreTraits;

  /** Creates a topic, or gives the one that is there. Throws `topic_reserved`, `limit_reached` (over `topicsMax`). */
  createTopic(record: TopicRecord, topicsMax: number): Promise<TopicRecord>;
  /** Replaces retention and terms. undefined when there is no such topic. */
  updateTopic(
    topic: string,
    changes: Pick<TopicRecord, "retentionSeconds" | "terms">,
  ): Promise<TopicRecord | undefined>;
  getTopic(topic: string): Promise<TopicRecord | undefined>;
  /** In order of name, after `after`. */
  listTopics(after: string | undefined, limit: number): Promise<TopicRecord[]>;
  /** Deletes the topic and reserves its name until `reservedUntilMs`; its messages and terms go in later `expire` steps. */
  deleteTopic(topic: string, reservedUntilMs: number): Promise<boolean>;

  /** Throws `limit_reached` over `publishersMax`. */
  createPublisher(record: PublisherRecord, publishersMax: number): Promise<void>;
  getPublisher(publisherId: string): Promise<PublisherRecord | undefined>;
  listPublishers(after: string | undefined, limit: number): Promise<PublisherRecord[]>;
  putPublisherTopics(publisherId: string, topics: readonly string[]): Promise<PublisherRecord | undefined>;
  deletePublisher(publisherId: string): Promise<boolean>;

  /** Throws `limit_reached` over `subscribersMax`. */
  createSubscriber(record: SubscriberRecord, subscribersMax: number): Promise<void>;
  getSubscriber(subscriberId: string): Promise<SubscriberRecord | undefined>;
  /** In order of id, after `after`; those that read `topic` when it is given. */
  listSubscribers(after: string | undefined, limit: number, topic?: string): Promise<SubscriberRecord[]>;
  deleteSubscriber(subscriberId: string): Promise<boolean>;
  /**
   * Moves the cursor to the part-wise maximum of the stored one and this. Throws `cursor_superseded` when the generation
   * is not the stored one. undefined when there is no such subscriber.
   */
  commitCursor(subscriberId: string, cursor: Cursor, nowMs: number): Promise<Cursor | undefined>;
  /** Replaces the positions and raises the generation by one. */
  seekSubscriber(subscriberId: string, topics: Cursor["topics"]): Promise<Cursor | undefined>;
  /** Notes that the subscriber read something. */
  touchSubscriber(subscriberId: string, nowMs: number): Promise<void>;

  putStreamToken(record: StreamTokenRecord): Promise<void>;
  getStreamToken(id: string): Promise<StreamTokenRecord | undefined>;

  /**
   * Appends all parts or none, in one entry a shard (shared with other calls that arrive meanwhile). Throws
   * `topic_not_found` when that incarnation is gone, `idempotency_key_reused`, `unavailable` (with `accepted`, the indexes
   * of parts, where some shards hold theirs).
   */
  append(request: AppendRequest): Promise<AppendResult>;
  /**
   * Entries from `fromTicket` on, in order, until there are `messagesMax` messages or `bytesMax` bytes; at least one if
   * there is one: an entry that has its place already and is still being written is waited for when it would be the first.
   */
  readEntries(ref: ShardRef, fromTicket: number, messagesMax: number, bytesMax: number): Promise<Entry[]>;
  /**
   * undefined for a shard that is not there. With `seenTicket` the state may be a little old, but reaches at least that
   * far if the log does: cheaper where reads may lag.
   */
  getShard(ref: ShardRef, seenTicket?: number): Promise<ShardState | undefined>;
  /** The first entry that ends behind this sequence, or whose `publishedAtMs` is at least this time. */
  findEntry(
    ref: ShardRef,
    at: { readonly sequence: number } | { readonly publishedAtMs: number },
  ): Promise<Entry | undefined>;
  /** Resolves when any of the shards reaches beyond its ticket, or the signal aborts. Never rejects. */
  waitForNews(
    watches: readonly { readonly ref: ShardRef; readonly ticket: number }[],
    signal: AbortSignal,
  ): Promise<void>;

  /** Shards whose count cursor is not at their end, at most `limit`. */
  listUncounted(limit: number): Promise<{ readonly ref: ShardRef; readonly ticket: number }[]>;
  /**
   * The summaries of these keys that are there, each with all that was saved before the call. As of one moment, but for a
   * store without transactions: there each may be as of another moment of the call.
   */
  getSummaries(keys: readonly SummaryKey[]): Promise<SummaryRecord[]>;
  /**
   * All marks of a scope (of every scope when it is undefined), at most `limit`, the finest level and oldest first, with
   * all that was set before the call. A store that reads in several steps reads in this order: then a mark that moves up
   * meanwhile is not missed. Where a write may come twice or late, the stamp given here must be one that the mark never had
   * before it was last set: an old one that comes back would be cleared by whoever saw it the first time.
   */
  listWork(scope: string | undefined, limit: number): Promise<WorkMark[]>;
  /**
   * true when all of it was done, false when a condition failed. With transactions, false means that nothing changed.
   * A store without them must keep this order, each step durable before the next, and end after a step of which anything
   * failed: 1. the puts, each on its own condition; 2. `setMarks`; 3. the cursors, each on its own condition, and
   * `clearMarks`. Whatever it was cut off at, and whatever comes late, the functions then count every message once: an
   * entry is left behind only when it is in all its leaves and their minutes are marked, and a mark only when its parent
   * is written and marked on. A mark set *before* the leaf would not do: a roll-up in between takes it away and misses
   * the leaf. `docs/decisions/0011-counting-without-transactions.md`.
   */
  saveTerms(change: TermsChange): Promise<boolean>;

  /**
   * One small step of forgetting: entries past their topic's retention that are counted, what deleted topics left, tokens
   * and idempotency records, and summaries past their time while `mayForgetSummaries`. true when there is more to do.
   */
  expire(nowMs: number): Promise<boolean>;

  /** What it keeps its records in, for people to look at. Counting and measuring cost a bounded time: see `Amount`. */
  listTables(): Promise<Table[]>;
  /**
   * Items of a table in the order of its key, behind the one whose key `after` is, without secrets (`shownItem`); a page of
   * about `limits.tablePageBytesMax` at most. undefined when there is no such table. Throws `invalid_request` for an
   * `after` that is no `next` of this table.
   */
  listTableItems(table: string, after: string | undefined, limit: number): Promise<Page<TableItem> | undefined>;
  close(): Promise<void>;
}
