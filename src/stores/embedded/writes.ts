import { BellwetherError } from "#contract/errors.ts";
import { type Cursor, decodeCursor, encodeCursor, mergeCursors } from "#core/cursor.ts";
import type { PublisherRecord, StreamTokenRecord, SubscriberRecord, TermsChange, TopicRecord } from "#core/store.ts";
import type { Statements } from "./database.ts";
import { expireStep } from "./expiry.ts";
import { shardIdMax } from "./reads.ts";
import { publisherFromRow, topicFromRow } from "./rows.ts";

/**
 * The verbs that write, as plain functions over one connection. Each runs inside the writer's transaction and checks all
 * its conditions before its first write, so that one that throws leaves nothing behind for its neighbours' commit.
 */
export const writes = {
  createTopic(db: Statements, record: TopicRecord, topicsMax: number): TopicRecord {
    const existing = db.get("SELECT * FROM topics WHERE topic = ?", record.topic);
    if (existing) return topicFromRow(existing);
    const reserved = db.get(
      "SELECT until_ms FROM reserved_topics WHERE topic = ? AND until_ms > ?",
      record.topic,
      record.incarnation,
    );
    if (reserved) throw topicReserved(record, Number(reserved.until_ms));
    refuseOver(db, "topics", topicsMax);
    const lastId = Number(db.get("SELECT coalesce(max(id), 0) AS id FROM shards")!.id);
    if (lastId + record.shards > shardIdMax)
      throw new BellwetherError("limit_reached", `The store holds at most ${shardIdMax} shards.`);
    const { topic, incarnation, shards, retentionSeconds, terms } = record;
    db.run(
      "INSERT INTO topics VALUES (?, ?, ?, ?, ?)",
      topic,
      incarnation,
      shards,
      retentionSeconds,
      JSON.stringify(terms),
    );
    for (let shard = 0; shard < shards; shard++) {
      db.run("INSERT INTO shards (topic, incarnation, shard) VALUES (?, ?, ?)", topic, incarnation, shard);
    }
    return record;
  },

  updateTopic(
    db: Statements,
    topic: string,
    changes: Pick<TopicRecord, "retentionSeconds" | "terms">,
  ): TopicRecord | undefined {
    db.run(
      "UPDATE topics SET retention_seconds = ?, terms = ? WHERE topic = ?",
      changes.retentionSeconds,
      JSON.stringify(changes.terms),
      topic,
    );
    const row = db.get("SELECT * FROM topics WHERE topic = ?", topic);
    return row && topicFromRow(row);
  },

  deleteTopic(db: Statements, topic: string, reservedUntilMs: number): boolean {
    const row = db.get("SELECT incarnation FROM topics WHERE topic = ?", topic);
    if (!row) return false;
    const scope = `topic:${topic}#${row.incarnation}`;
    db.run("UPDATE shards SET deleted = 1 WHERE topic = ? AND incarnation = ?", topic, row.incarnation!);
    db.run("DELETE FROM topics WHERE topic = ?", topic);
    // Also those of its rebuilds, `<scope>@<generation>`; the character after @ is A.
    db.run("DELETE FROM summaries WHERE scope = ? OR (scope >= ? AND scope < ?)", scope, `${scope}@`, `${scope}A`);
    db.run("DELETE FROM work WHERE scope = ?", scope);
    db.run("INSERT OR REPLACE INTO reserved_topics VALUES (?, ?)", topic, reservedUntilMs);
    return true;
  },

  createPublisher(db: Statements, record: PublisherRecord, publishersMax: number): void {
    refuseOver(db, "publishers", publishersMax);
    db.run("INSERT INTO publishers VALUES (?, ?)", record.publisherId, JSON.stringify(record));
  },

  putPublisherTopics(db: Statements, publisherId: string, topics: readonly string[]): PublisherRecord | undefined {
    const row = db.get("SELECT record FROM publishers WHERE id = ?", publisherId);
    if (!row) return undefined;
    const record = { ...publisherFromRow(row), topics };
    db.run("UPDATE publishers SET record = ? WHERE id = ?", JSON.stringify(record), publisherId);
    return record;
  },

  deletePublisher(db: Statements, publisherId: string): boolean {
    return db.run("DELETE FROM publishers WHERE id = ?", publisherId) > 0;
  },

  createSubscriber(db: Statements, record: SubscriberRecord, subscribersMax: number): void {
    refuseOver(db, "subscribers", subscribersMax);
    const { cursor, lastActiveAtMs, ...rest } = record;
    db.run(
      "INSERT INTO subscribers VALUES (?, ?, ?, ?)",
      rest.subscriberId,
      JSON.stringify(rest),
      encodeCursor(cursor),
      lastActiveAtMs ?? null,
    );
  },

  deleteSubscriber(db: Statements, subscriberId: string): boolean {
    return db.run("DELETE FROM subscribers WHERE id = ?", subscriberId) > 0;
  },

  commitCursor(db: Statements, subscriberId: string, cursor: Cursor, nowMs: number): Cursor | undefined {
    const stored = storedCursor(db, subscriberId);
    if (!stored) return undefined;
    if (stored.generation !== cursor.generation)
      throw new BellwetherError(
        "cursor_superseded",
        "The subscriber was moved by a seek after this cursor was given. Read again from its present cursor.",
      );
    const merged = mergeCursors(stored, cursor);
    db.run(
      "UPDATE subscribers SET cursor = ?, last_active_at_ms = ? WHERE id = ?",
      encodeCursor(merged),
      nowMs,
      subscriberId,
    );
    return merged;
  },

  seekSubscriber(db: Statements, subscriberId: string, topics: Cursor["topics"]): Cursor | undefined {
    const stored = storedCursor(db, subscriberId);
    if (!stored) return undefined;
    const cursor = { generation: stored.generation + 1, topics };
    db.run("UPDATE subscribers SET cursor = ? WHERE id = ?", encodeCursor(cursor), subscriberId);
    return cursor;
  },

  touchSubscriber(db: Statements, subscriberId: string, nowMs: number): void {
    db.run("UPDATE subscribers SET last_active_at_ms = ? WHERE id = ?", nowMs, subscriberId);
  },

  putStreamToken(db: Statements, record: StreamTokenRecord): void {
    db.run(
      "INSERT OR REPLACE INTO stream_tokens VALUES (?, ?, ?)",
      record.id,
      JSON.stringify(record),
      record.usableUntilMs,
    );
  },

  saveTerms(db: Statements, change: TermsChange): boolean {
    for (const { scope, level, startMs, version } of change.puts) {
      const row = db.get(
        "SELECT version FROM summaries WHERE scope = ? AND level = ? AND start_ms = ?",
        scope,
        level,
        startMs,
      );
      if (Number(row?.version ?? 0) !== version - 1) return false;
    }
    for (const { ref, fromTicket } of change.cursors) {
      const row = db.get(
        "SELECT counted FROM shards WHERE topic = ? AND incarnation = ? AND shard = ? AND deleted = 0",
        ref.topic,
        ref.incarnation,
        ref.shard,
      );
      if (row?.counted !== fromTicket) return false;
    }
    for (const put of change.puts) {
      db.run(
        "INSERT OR REPLACE INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?)",
        put.scope,
        put.level,
        put.startMs,
        put.version,
        JSON.stringify(put.included),
        put.expiresAtMs,
        put.bytes,
      );
    }
    for (const mark of change.setMarks)
      db.run("INSERT OR REPLACE INTO work VALUES (?, ?, ?, ?)", mark.scope, mark.level, mark.startMs, mark.stamp);
    for (const mark of change.clearMarks)
      db.run(
        "DELETE FROM work WHERE scope = ? AND level = ? AND start_ms = ? AND stamp = ?",
        mark.scope,
        mark.level,
        mark.startMs,
        mark.stamp,
      );
    for (const { ref, toTicket } of change.cursors) {
      db.run(
        "UPDATE shards SET counted = ? WHERE topic = ? AND incarnation = ? AND shard = ?",
        toTicket,
        ref.topic,
        ref.incarnation,
        ref.shard,
      );
    }
    return true;
  },

  expire(db: Statements, nowMs: number): boolean {
    return expireStep(db, nowMs);
  },
};

/** The verbs that the writer thread runs by name. `append` is apart, as many of them share one entry. */
export type WriteName = keyof typeof writes;

function refuseOver(db: Statements, table: "topics" | "publishers" | "subscribers", max: number): void {
  const count = Number(db.get(`SELECT count(*) AS n FROM ${table}`)!.n);
  if (count >= max)
    throw new BellwetherError(
      "limit_reached",
      `There are ${count} ${table}, and the service is set to hold at most ${max}. Delete some, or raise the setting.`,
    );
}

function storedCursor(db: Statements, subscriberId: string): Cursor | undefined {
  const row = db.get("SELECT cursor FROM subscribers WHERE id = ?", subscriberId);
  return row && decodeCursor(String(row.cursor));
}

function topicReserved(record: TopicRecord, untilMs: number): BellwetherError {
  const retryAfterSeconds = Math.ceil((untilMs - record.incarnation) / 1000);
  return new BellwetherError(
    "topic_reserved",
    `The topic "${record.topic}" was deleted a short while ago; its name is free in ${retryAfterSeconds} s.`,
    { retryAfterSeconds },
  );
}
