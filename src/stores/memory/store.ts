import { BellwetherError } from "#contract/errors.ts";
import type { Page, Table, TableItem } from "#contract/types.ts";
import { type Cursor, mergeCursors } from "#core/cursor.ts";
import type { Entry } from "#core/entry.ts";
import { type ShardRef, shardKey, shardsOf } from "#core/shard.ts";
import type {
  AppendRequest,
  AppendResult,
  PublisherRecord,
  ShardState,
  Store,
  StoreTraits,
  StreamTokenRecord,
  SubscriberRecord,
  SummaryKey,
  SummaryRecord,
  TermsChange,
  TopicRecord,
  WorkMark,
} from "#core/store.ts";
import { mayForgetSummaries } from "#core/summary-expiry.ts";
import { roomyCaps } from "#terms/windows.ts";
import { ShardLog } from "./shard-log.ts";
import { describeMemoryTable, type MemoryTable, pageOfMemoryTable } from "./tables.ts";

/**
 * Creates an empty store that lives in this process and ends with it. It is the reference that other stores are compared
 * with: each verb runs to its end before the next begins, so that all are atomic without any locks.
 */
export function createMemoryStore(): Store {
  return new MemoryStore();
}

/** What one step of `expire` drops of entries at most, as in the stores where that takes time. */
const entriesPerStep = 64;

type StoredSummary = TermsChange["puts"][number];
type IdempotencyRecord = Omit<AppendResult, "replayed"> & { fingerprint: string; expiresAtMs: number };

/** Records are copied on their way in and out, so that no caller holds a part of the store. */
class MemoryStore implements Store {
  readonly traits: StoreTraits = Object.freeze({
    name: "memory",
    durable: false,
    transactions: true,
    expiresAtOnce: true,
    appendsUnseenMs: 0,
    overallLeaves: 1,
    caps: roomyCaps,
  });
  readonly #topics = new Map<string, TopicRecord>();
  readonly #reservedUntilMs = new Map<string, number>();
  readonly #publishers = new Map<string, PublisherRecord>();
  readonly #subscribers = new Map<string, SubscriberRecord>();
  readonly #streamTokens = new Map<string, StreamTokenRecord>();
  readonly #logs = new Map<string, ShardLog>();
  readonly #idempotency = new Map<string, IdempotencyRecord>();
  readonly #summaries = new Map<string, StoredSummary>();
  readonly #marks = new Map<string, WorkMark>();

  async createTopic(record: TopicRecord, topicsMax: number): Promise<TopicRecord> {
    const existing = this.#topics.get(record.topic);
    if (existing) return structuredClone(existing);
    const reservedMs = (this.#reservedUntilMs.get(record.topic) ?? 0) - record.incarnation;
    if (reservedMs > 0) throw topicReserved(record.topic, Math.ceil(reservedMs / 1000));
    refuseOver("topics", this.#topics.size, topicsMax);
    this.#topics.set(record.topic, structuredClone(record));
    for (const ref of shardsOf(record)) this.#logs.set(shardKey(ref), new ShardLog(ref));
    return structuredClone(record);
  }

  async updateTopic(
    topic: string,
    { retentionSeconds, terms }: Pick<TopicRecord, "retentionSeconds" | "terms">,
  ): Promise<TopicRecord | undefined> {
    return change(this.#topics, topic, { retentionSeconds, terms });
  }

  async getTopic(topic: string): Promise<TopicRecord | undefined> {
    return structuredClone(this.#topics.get(topic));
  }

  async listTopics(after: string | undefined, limit: number): Promise<TopicRecord[]> {
    return page(this.#topics, after, limit);
  }

  async deleteTopic(topic: string, reservedUntilMs: number): Promise<boolean> {
    const record = this.#topics.get(topic);
    if (!record) return false;
    this.#topics.delete(topic);
    this.#reservedUntilMs.set(topic, reservedUntilMs);
    const scope = `topic:${topic}#${record.incarnation}`;
    deleteWhere(this.#summaries, (summary) => summary.scope === scope || summary.scope.startsWith(`${scope}@`));
    deleteWhere(this.#marks, (mark) => mark.scope === scope);
    for (const ref of shardsOf(record)) {
      const log = this.#logs.get(shardKey(ref))!;
      this.#logs.delete(shardKey(ref));
      log.gone = true;
      log.notify();
    }
    return true;
  }

  async createPublisher(record: PublisherRecord, publishersMax: number): Promise<void> {
    refuseOver("publishers", this.#publishers.size, publishersMax);
    this.#publishers.set(record.publisherId, structuredClone(record));
  }

  async getPublisher(publisherId: string): Promise<PublisherRecord | undefined> {
    return structuredClone(this.#publishers.get(publisherId));
  }

  async listPublishers(after: string | undefined, limit: number): Promise<PublisherRecord[]> {
    return page(this.#publishers, after, limit);
  }

  async putPublisherTopics(publisherId: string, topics: readonly string[]): Promise<PublisherRecord | undefined> {
    return change(this.#publishers, publisherId, { topics });
  }

  async deletePublisher(publisherId: string): Promise<boolean> {
    return this.#publishers.delete(publisherId);
  }

  async createSubscriber(record: SubscriberRecord, subscribersMax: number): Promise<void> {
    refuseOver("subscribers", this.#subscribers.size, subscribersMax);
    this.#subscribers.set(record.subscriberId, structuredClone(record));
  }

  async getSubscriber(subscriberId: string): Promise<SubscriberRecord | undefined> {
    return structuredClone(this.#subscribers.get(subscriberId));
  }

  async listSubscribers(after: string | undefined, limit: number, topic?: string): Promise<SubscriberRecord[]> {
    return page(this.#subscribers, after, limit, ({ topics }) => topic === undefined || topics.includes(topic));
  }

  async deleteSubscriber(subscriberId: string): Promise<boolean> {
    return this.#subscribers.delete(subscriberId);
  }

  async commitCursor(subscriberId: string, cursor: Cursor, nowMs: number): Promise<Cursor | undefined> {
    const stored = this.#subscribers.get(subscriberId)?.cursor;
    if (stored && stored.generation !== cursor.generation) throw cursorSuperseded();
    return (
      stored &&
      change(this.#subscribers, subscriberId, { cursor: mergeCursors(stored, cursor), lastActiveAtMs: nowMs })?.cursor
    );
  }

  async seekSubscriber(subscriberId: string, topics: Cursor["topics"]): Promise<Cursor | undefined> {
    const generation = this.#subscribers.get(subscriberId)?.cursor.generation ?? 0;
    return change(this.#subscribers, subscriberId, { cursor: { generation: generation + 1, topics } })?.cursor;
  }

  async touchSubscriber(subscriberId: string, nowMs: number): Promise<void> {
    change(this.#subscribers, subscriberId, { lastActiveAtMs: nowMs });
  }

  async putStreamToken(record: StreamTokenRecord): Promise<void> {
    this.#streamTokens.set(record.id, structuredClone(record));
  }

  async getStreamToken(id: string): Promise<StreamTokenRecord | undefined> {
    return structuredClone(this.#streamTokens.get(id));
  }

  async append({ topic, incarnation, parts, nowMs, idempotency }: AppendRequest): Promise<AppendResult> {
    if (this.#topics.get(topic)?.incarnation !== incarnation) throw topicNotFound(topic);
    const earlier = idempotency && this.#idempotency.get(idempotency.recordKey);
    if (earlier && earlier.expiresAtMs > nowMs) {
      if (earlier.fingerprint !== idempotency.fingerprint) throw keyReused();
      return { publishedAtMs: earlier.publishedAtMs, firstSequences: [...earlier.firstSequences], replayed: true };
    }
    const logs = parts.map(({ shard }) => this.#logs.get(shardKey({ topic, incarnation, shard }))!);
    const publishedAtMs = Math.max(nowMs, ...logs.map((log) => log.state.lastAtMs));
    const firstSequences = parts.map(({ count, payload }, i) => logs[i]!.append(count, payload, publishedAtMs));
    if (idempotency) {
      const { recordKey, fingerprint, expiresAtMs } = idempotency;
      this.#idempotency.set(recordKey, {
        publishedAtMs,
        firstSequences: [...firstSequences],
        fingerprint,
        expiresAtMs,
      });
    }
    for (const log of logs) log.notify();
    return { publishedAtMs, firstSequences, replayed: false };
  }

  async readEntries(ref: ShardRef, fromTicket: number, messagesMax: number, bytesMax: number): Promise<Entry[]> {
    return this.#logs.get(shardKey(ref))?.read(fromTicket, messagesMax, bytesMax) ?? [];
  }

  async getShard(ref: ShardRef): Promise<ShardState | undefined> {
    return this.#logs.get(shardKey(ref))?.state;
  }

  async findEntry(
    ref: ShardRef,
    at: { readonly sequence: number } | { readonly publishedAtMs: number },
  ): Promise<Entry | undefined> {
    const isReached = (entry: Entry): boolean =>
      "sequence" in at ? entry.firstSequence + entry.count > at.sequence : entry.publishedAtMs >= at.publishedAtMs;
    return this.#logs.get(shardKey(ref))?.find(isReached);
  }

  async waitForNews(
    watches: readonly { readonly ref: ShardRef; readonly ticket: number }[],
    signal: AbortSignal,
  ): Promise<void> {
    const watched = watches.map(({ ref, ticket }) => ({ log: this.#logs.get(shardKey(ref)), ticket }));
    const isOver = (): boolean =>
      signal.aborted || watched.some(({ log, ticket }) => !log || log.gone || log.state.tickets > ticket);
    if (isOver()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = (): void => {
      if (isOver()) resolve();
    };
    for (const { log } of watched) log?.listeners.add(listener);
    signal.addEventListener("abort", listener);
    await promise;
    signal.removeEventListener("abort", listener);
    for (const { log } of watched) log?.listeners.delete(listener);
  }

  async listUncounted(limit: number): Promise<{ ref: ShardRef; ticket: number }[]> {
    return [...this.#logs.values()]
      .filter((log) => log.counted < log.state.tickets)
      .slice(0, limit)
      .map((log) => ({ ref: { ...log.ref }, ticket: log.counted }));
  }

  async getSummaries(keys: readonly SummaryKey[]): Promise<SummaryRecord[]> {
    return keys.flatMap((key) => {
      const stored = this.#summaries.get(summaryKey(key));
      if (!stored) return [];
      const { expiresAtMs, ...summary } = stored;
      return [structuredClone(summary)];
    });
  }

  async listWork(scope: string | undefined, limit: number): Promise<WorkMark[]> {
    return [...this.#marks.values()]
      .filter((mark) => scope === undefined || mark.scope === scope)
      .sort((a, b) => a.level - b.level || a.startMs - b.startMs || (a.scope < b.scope ? -1 : 1))
      .slice(0, limit)
      .map((mark) => structuredClone(mark));
  }

  async saveTerms({ puts, setMarks, clearMarks, cursors }: TermsChange): Promise<boolean> {
    const holds =
      puts.every((put) => (this.#summaries.get(summaryKey(put))?.version ?? 0) === put.version - 1) &&
      cursors.every(({ ref, fromTicket }) => this.#logs.get(shardKey(ref))?.counted === fromTicket);
    if (!holds) return false;
    for (const put of puts) this.#summaries.set(summaryKey(put), structuredClone(put));
    for (const mark of setMarks) this.#marks.set(summaryKey(mark), structuredClone(mark));
    for (const mark of clearMarks) {
      if (this.#marks.get(summaryKey(mark))?.stamp === mark.stamp) this.#marks.delete(summaryKey(mark));
    }
    for (const { ref, toTicket } of cursors) this.#logs.get(shardKey(ref))!.counted = toTicket;
    return true;
  }

  async expire(nowMs: number): Promise<boolean> {
    deleteWhere(this.#reservedUntilMs, (untilMs) => untilMs <= nowMs);
    deleteWhere(this.#streamTokens, (token) => token.usableUntilMs <= nowMs);
    deleteWhere(this.#idempotency, (record) => record.expiresAtMs <= nowMs);
    if (mayForgetSummaries({ uncountedAtMs: this.#uncountedAtMs(), marks: this.#marks.values() }, nowMs))
      deleteWhere(this.#summaries, (summary) => summary.expiresAtMs <= nowMs);
    let left = entriesPerStep;
    for (const log of this.#logs.values()) {
      const { retentionSeconds } = this.#topics.get(log.ref.topic)!;
      if (retentionSeconds > 0) left -= log.trim(nowMs - retentionSeconds * 1000, left);
    }
    return left === 0;
  }

  async listTables(): Promise<Table[]> {
    return Object.entries(this.#tables()).map(([name, table]) => describeMemoryTable(name, table));
  }

  async listTableItems(table: string, after: string | undefined, limit: number): Promise<Page<TableItem> | undefined> {
    const tables = this.#tables();
    return Object.hasOwn(tables, table) ? pageOfMemoryTable(tables[table]!, after, limit) : undefined;
  }

  async close(): Promise<void> {}

  #tables(): Record<string, MemoryTable> {
    const byText = (name: string, description: string, records: ReadonlyMap<string, object>): MemoryTable => ({
      description,
      keys: [{ name, type: "text", role: "partition" }],
      items: () => [...records].map(([key, record]) => [[key], { [name]: key, ...record }] as const),
    });
    const logs = this.#logs;
    return {
      topics: byText("topic", "Topics with their settings.", this.#topics),
      reservedTopics: byText(
        "topic",
        "Names of deleted topics that are not free yet.",
        new Map([...this.#reservedUntilMs].map(([topic, untilMs]) => [topic, { topic, untilMs }])),
      ),
      entries: {
        description: "The log: what each append wrote to a shard.",
        keys: [
          { name: "shard", type: "text", role: "partition" },
          { name: "ticket", type: "number", role: "sort" },
        ],
        *items() {
          for (const [shard, log] of logs)
            for (const entry of log.read(0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY))
              yield [[shard, entry.ticket], { shard, ...entry }];
        },
        trigger: "countTerms",
      },
      publishers: byText("publisherId", "Publishers.", this.#publishers),
      subscribers: byText("subscriberId", "Subscribers with their cursors.", this.#subscribers),
      streamTokens: byText("id", "Tokens for the URL of an event stream.", this.#streamTokens),
      idempotency: byText("recordKey", "Answers to calls with an Idempotency-Key.", this.#idempotency),
      summaries: byText("key", "Counted terms by scope and stretch of time.", this.#summaries),
      work: byText("key", "Stretches of time that are to be rolled up.", this.#marks),
    };
  }

  #uncountedAtMs(): number | undefined {
    const firsts = [...this.#logs.values()].flatMap((log) => log.read(log.counted, 1, 1));
    return firsts.length === 0 ? undefined : Math.min(...firsts.map(({ publishedAtMs }) => publishedAtMs));
  }
}

function summaryKey({ scope, level, startMs }: SummaryKey): string {
  return `${level}/${startMs}/${scope}`;
}

/** The records whose keys follow `after`, in byte order, as keys are ASCII. */
function page<R>(
  records: ReadonlyMap<string, R>,
  after: string | undefined,
  limit: number,
  isWanted: (record: R) => boolean = () => true,
): R[] {
  return [...records]
    .filter(([key, record]) => (after === undefined || key > after) && isWanted(record))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([, record]) => structuredClone(record));
}

/** Replaces some fields of a record, if it is there, and gives a copy of what it is now. */
function change<R extends object>(records: Map<string, R>, key: string, changes: Partial<R>): R | undefined {
  const record = records.get(key);
  if (!record) return undefined;
  records.set(key, structuredClone({ ...record, ...changes }));
  return structuredClone(records.get(key));
}

function deleteWhere<R>(records: Map<string, R>, isOver: (record: R) => boolean): void {
  for (const [key, record] of records) if (isOver(record)) records.delete(key);
}

function refuseOver(what: string, count: number, max: number): void {
  if (count < max) return;
  const message = `There are ${count} ${what}, and the service is set to hold at most ${max}. Delete some, or raise the setting.`;
  throw new BellwetherError("limit_reached", message);
}

function topicReserved(topic: string, retryAfterSeconds: number): BellwetherError {
  const message = `The topic "${topic}" was deleted a short while ago. Create it again in ${retryAfterSeconds} s, or use another name.`;
  return new BellwetherError("topic_reserved", message, { retryAfterSeconds });
}

function topicNotFound(topic: string): BellwetherError {
  return new BellwetherError("topic_not_found", `The topic "${topic}" is not there any more. Create it with putTopic.`);
}

function keyReused(): BellwetherError {
  const message = "The Idempotency-Key was used for another payload. Use a new key for a new payload.";
  return new BellwetherError("idempotency_key_reused", message);
}

function cursorSuperseded(): BellwetherError {
  const message = "The subscriber was moved by a seek after this cursor was given. Read again from its present cursor.";
  return new BellwetherError("cursor_superseded", message);
}
