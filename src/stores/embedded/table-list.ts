import type { Table, TableKey } from "#contract/types.ts";

/** What is fixed of a table of the schema. */
export interface TableSpec extends Pick<Table, "description" | "keys" | "indexes"> {
  readonly columns: readonly string[];
  /** The column whose values are large: only its beginning is shown. */
  readonly blob?: string;
  /** Which column holds JSON, to be shown as such. */
  readonly json?: string;
  readonly trigger?: string;
}

const text = (name: string, role: TableKey["role"] = "partition"): TableKey => ({ name, type: "text", role });
const number = (name: string, role: TableKey["role"] = "partition"): TableKey => ({ name, type: "number", role });

/** Every table of `schema.ts`; a test holds the two together. */
export const tableSpecs: Readonly<Record<string, TableSpec>> = {
  topics: {
    description: "Topics with their settings.",
    keys: [text("topic")],
    indexes: [],
    columns: ["topic", "incarnation", "shards", "retention_seconds", "terms"],
    json: "terms",
  },
  reserved_topics: {
    description: "Names of deleted topics that are not free yet.",
    keys: [text("topic")],
    indexes: [],
    columns: ["topic", "until_ms"],
  },
  shards: {
    description: "The shards of the topics: where each log begins, ends and is counted to.",
    keys: [number("id")],
    indexes: [
      { name: "uncounted_shards", keys: [number("id")], where: "counted < tickets AND deleted = 0" },
      { name: "deleted_shards", keys: [number("id")], where: "deleted = 1" },
    ],
    columns: [
      "id",
      "topic",
      "incarnation",
      "shard",
      "tickets",
      "messages",
      "counted",
      "first_ticket",
      "first_sequence",
      "stored_bytes",
      "last_at_ms",
      "deleted",
    ],
  },
  entries: {
    description: "The log: what each append wrote to a shard. A position is the shard's id x 2^34 + the ticket.",
    keys: [number("position")],
    indexes: [],
    columns: ["position", "first_sequence", "count", "published_at_ms", "payload"],
    blob: "payload",
    trigger: "countTerms",
  },
  idempotency: {
    description: "Answers to calls with an Idempotency-Key.",
    keys: [text("record_key")],
    indexes: [{ name: "idempotency_expiry", keys: [number("expires_at_ms")] }],
    columns: ["record_key", "fingerprint", "answer", "expires_at_ms"],
  },
  publishers: {
    description: "Publishers.",
    keys: [text("id")],
    indexes: [],
    columns: ["id", "record"],
    json: "record",
  },
  subscribers: {
    description: "Subscribers with their cursors.",
    keys: [text("id")],
    indexes: [],
    columns: ["id", "record", "cursor", "last_active_at_ms"],
    json: "record",
  },
  stream_tokens: {
    description: "Tokens for the URL of an event stream.",
    keys: [text("id")],
    indexes: [{ name: "stream_token_expiry", keys: [number("usable_until_ms")] }],
    columns: ["id", "record", "usable_until_ms"],
    json: "record",
  },
  summaries: {
    description: "Counted terms by scope and stretch of time.",
    keys: [text("scope"), number("level", "sort"), number("start_ms", "sort")],
    indexes: [{ name: "summary_expiry", keys: [number("expires_at_ms")] }],
    columns: ["scope", "level", "start_ms", "version", "included", "expires_at_ms", "bytes"],
    blob: "bytes",
  },
  work: {
    description: "Stretches of time that are to be rolled up.",
    keys: [text("scope"), number("level", "sort"), number("start_ms", "sort")],
    indexes: [],
    columns: ["scope", "level", "start_ms", "stamp"],
  },
};
