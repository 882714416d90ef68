import { decodeCursor } from "#core/cursor.ts";
import type { Entry } from "#core/entry.ts";
import type { PublisherRecord, SubscriberRecord, SummaryRecord, TopicRecord } from "#core/store.ts";
import type { Row } from "./database.ts";

export function topicFromRow(row: Row): TopicRecord {
  return {
    topic: String(row.topic),
    incarnation: Number(row.incarnation),
    shards: Number(row.shards),
    retentionSeconds: Number(row.retention_seconds),
    terms: JSON.parse(String(row.terms)),
  };
}

export function publisherFromRow(row: Row): PublisherRecord {
  return JSON.parse(String(row.record)) as PublisherRecord;
}

export function subscriberFromRow(row: Row): SubscriberRecord {
  const record = { ...JSON.parse(String(row.record)), cursor: decodeCursor(String(row.cursor)) };
  return row.last_active_at_ms === null ? record : { ...record, lastActiveAtMs: Number(row.last_active_at_ms) };
}

export function entryFromRow(row: Row, ticket: number): Entry {
  return {
    ticket,
    firstSequence: Number(row.first_sequence),
    count: Number(row.count),
    publishedAtMs: Number(row.published_at_ms),
    payload: row.payload as Uint8Array,
  };
}

export function summaryFromRow(row: Row): SummaryRecord {
  return {
    scope: String(row.scope),
    level: Number(row.level) as SummaryRecord["level"],
    startMs: Number(row.start_ms),
    version: Number(row.version),
    bytes: row.bytes as Uint8Array,
    included: JSON.parse(String(row.included)),
  };
}
