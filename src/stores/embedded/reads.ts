import type { Entry } from "#core/entry.ts";
import type { ShardRef } from "#core/shard.ts";
import type {
  PublisherRecord,
  ShardState,
  StreamTokenRecord,
  SubscriberRecord,
  SummaryKey,
  SummaryRecord,
  TopicRecord,
  WorkMark,
} from "#core/store.ts";
import type { Row, Statements } from "./database.ts";
import { entryFromRow, publisherFromRow, subscriberFromRow, summaryFromRow, topicFromRow } from "./rows.ts";

/** Tickets of one shard. 2^34 entries a shard and 2^19 shards stay below 2^53. */
export const ticketsPerShard: number = 2 ** 34;

/** Shards that there can be: a position is exact up to 2^53. */
export const shardIdMax: number = 2 ** 19 - 1;

/** Where an entry lies in the one B-tree of entries. */
export function positionOf(shardId: number, ticket: number): number {
  return shardId * ticketsPerShard + ticket;
}

const ofShard = "FROM shards WHERE topic = ? AND incarnation = ? AND shard = ? AND deleted = 0";

const shardState = `SELECT tickets, messages, first_ticket, first_sequence, stored_bytes, last_at_ms ${ofShard}`;

/** From a ticket on, or from the first that is still there. Without an entry one row says so: then there may have to be one. */
const entriesFrom = `
  WITH shard AS (SELECT id * ${ticketsPerShard} AS base, max(first_ticket, ?) AS first, tickets ${ofShard})
  SELECT first, tickets, position - base AS ticket, first_sequence, count, published_at_ms, payload
  FROM shard LEFT JOIN entries ON position >= base + first AND position < base + tickets ORDER BY position`;

/** The verbs that read, as plain functions over one connection. */
export const reads = {
  getTopic(db: Statements, topic: string): TopicRecord | undefined {
    const row = db.get("SELECT * FROM topics WHERE topic = ?", topic);
    return row && topicFromRow(row);
  },

  listTopics(db: Statements, after: string | undefined, limit: number): TopicRecord[] {
    return db.all("SELECT * FROM topics WHERE topic > ? ORDER BY topic LIMIT ?", after ?? "", limit).map(topicFromRow);
  },

  getPublisher(db: Statements, publisherId: string): PublisherRecord | undefined {
    const row = db.get("SELECT record FROM publishers WHERE id = ?", publisherId);
    return row && publisherFromRow(row);
  },

  listPublishers(db: Statements, after: string | undefined, limit: number): PublisherRecord[] {
    return db
      .all("SELECT record FROM publishers WHERE id > ? ORDER BY id LIMIT ?", after ?? "", limit)
      .map(publisherFromRow);
  },

  getSubscriber(db: Statements, subscriberId: string): SubscriberRecord | undefined {
    const row = db.get("SELECT * FROM subscribers WHERE id = ?", subscriberId);
    return row && subscriberFromRow(row);
  },

  listSubscribers(db: Statements, after: string | undefined, limit: number, topic?: string): SubscriberRecord[] {
    const rows =
      topic === undefined
        ? db.all("SELECT * FROM subscribers WHERE id > ? ORDER BY id LIMIT ?", after ?? "", limit)
        : db.all(
            "SELECT * FROM subscribers WHERE id > ? AND EXISTS (SELECT 1 FROM json_each(record, '$.topics') WHERE value = ?) ORDER BY id LIMIT ?",
            after ?? "",
            topic,
            limit,
          );
    return rows.map(subscriberFromRow);
  },

  getStreamToken(db: Statements, id: string): StreamTokenRecord | undefined {
    const row = db.get("SELECT record FROM stream_tokens WHERE id = ?", id);
    return row && (JSON.parse(String(row.record)) as StreamTokenRecord);
  },

  readEntries(db: Statements, ref: ShardRef, fromTicket: number, messagesMax: number, bytesMax: number): Entry[] {
    const entries: Entry[] = [];
    let messages = 0;
    let bytes = 0;
    let ticket: number | undefined;
    for (const row of db.iterate(entriesFrom, fromTicket, ref.topic, ref.incarnation, ref.shard)) {
      ticket ??= Number(row.first);
      if (row.ticket !== ticket && ticket < Number(row.tickets))
        throw new Error(`The entry ${ticket} of ${ref.topic}/${ref.shard} is missing from the store.`);
      if (row.ticket === null) break;
      const entry = entryFromRow(row, ticket);
      entries.push(entry);
      messages += entry.count;
      bytes += entry.payload.length;
      ticket += 1;
      if (messages >= messagesMax || bytes >= bytesMax) break;
    }
    return entries;
  },

  getShard(db: Statements, ref: ShardRef): ShardState | undefined {
    const row = db.get(shardState, ref.topic, ref.incarnation, ref.shard);
    return (
      row && {
        tickets: Number(row.tickets),
        messages: Number(row.messages),
        firstTicket: Number(row.first_ticket),
        firstSequence: Number(row.first_sequence),
        storedBytes: Number(row.stored_bytes),
        lastAtMs: Number(row.last_at_ms),
      }
    );
  },

  /** Sequences and times rise with tickets, and tickets have no holes: a binary search needs no index. */
  findEntry(
    db: Statements,
    ref: ShardRef,
    at: { readonly sequence: number } | { readonly publishedAtMs: number },
  ): Entry | undefined {
    const shard = db.get(`SELECT id, first_ticket, tickets ${ofShard}`, ref.topic, ref.incarnation, ref.shard);
    if (!shard) return undefined;
    const reached = (row: Row): boolean =>
      "sequence" in at
        ? Number(row.first_sequence) + Number(row.count) > at.sequence
        : Number(row.published_at_ms) >= at.publishedAtMs;
    let low = Number(shard.first_ticket);
    let high = Number(shard.tickets);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = db.get(
        "SELECT first_sequence, count, published_at_ms FROM entries WHERE position = ?",
        positionOf(Number(shard.id), middle),
      );
      if (row && reached(row)) high = middle;
      else low = middle + 1;
    }
    return entryAt(db, shard, low);
  },

  listUncounted(db: Statements, limit: number): { ref: ShardRef; ticket: number }[] {
    return db
      .all(
        "SELECT topic, incarnation, shard, counted FROM shards WHERE counted < tickets AND deleted = 0 ORDER BY id LIMIT ?",
        limit,
      )
      .map((row) => ({
        ref: { topic: String(row.topic), incarnation: Number(row.incarnation), shard: Number(row.shard) },
        ticket: Number(row.counted),
      }));
  },

  getSummaries(db: Statements, keys: readonly SummaryKey[]): SummaryRecord[] {
    return keys.flatMap(({ scope, level, startMs }) => {
      const row = db.get(
        "SELECT * FROM summaries WHERE scope = ? AND level = ? AND start_ms = ?",
        scope,
        level,
        startMs,
      );
      return row ? [summaryFromRow(row)] : [];
    });
  },

  listWork(db: Statements, scope: string | undefined, limit: number): WorkMark[] {
    const rows =
      scope === undefined
        ? db.all("SELECT * FROM work ORDER BY level, start_ms LIMIT ?", limit)
        : db.all("SELECT * FROM work WHERE scope = ? ORDER BY level, start_ms LIMIT ?", scope, limit);
    return rows.map((row) => ({
      scope: String(row.scope),
      level: Number(row.level) as WorkMark["level"],
      startMs: Number(row.start_ms),
      stamp: String(row.stamp),
    }));
  },
};

/** The verbs that any connection answers by name. */
export type ReadName = keyof typeof reads;

/** Those of several statements that must see one moment. */
export const severalStatements: ReadonlySet<ReadName> = new Set(["findEntry", "getSummaries"]);

function entryAt(db: Statements, shard: Row, ticket: number): Entry | undefined {
  const row = db.get("SELECT * FROM entries WHERE position = ?", positionOf(Number(shard.id), ticket));
  return row && entryFromRow(row, ticket);
}
