import type { DatabaseSync } from "node:sqlite";

/**
 * The steps that make the schema, oldest first. A step is never changed once released: a later version adds one. The
 * number of steps done stands in `user_version`, and each step is one transaction.
 *
 * An entry's `position` is its shard's id x 2^34 + its ticket, so that one B-tree in insertion order holds log and order.
 */
const steps: readonly string[] = [
  `
  CREATE TABLE topics (topic TEXT PRIMARY KEY, incarnation INTEGER NOT NULL, shards INTEGER NOT NULL,
    retention_seconds INTEGER NOT NULL, terms TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE reserved_topics (topic TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE shards (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, incarnation INTEGER NOT NULL, shard INTEGER NOT NULL,
    tickets INTEGER NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0, counted INTEGER NOT NULL DEFAULT 0,
    first_ticket INTEGER NOT NULL DEFAULT 0, first_sequence INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0, last_at_ms INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, incarnation, shard));
  CREATE INDEX uncounted_shards ON shards (id) WHERE counted < tickets AND deleted = 0;
  CREATE INDEX deleted_shards ON shards (id) WHERE deleted = 1;
  CREATE TABLE entries (position INTEGER PRIMARY KEY, first_sequence INTEGER NOT NULL, count INTEGER NOT NULL,
    published_at_ms INTEGER NOT NULL, payload BLOB NOT NULL);
  CREATE TABLE idempotency (record_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, answer TEXT NOT NULL, expires_at_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX idempotency_expiry ON idempotency (expires_at_ms);
  CREATE TABLE publishers (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE subscribers (id TEXT PRIMARY KEY, record TEXT NOT NULL, cursor TEXT NOT NULL, last_active_at_ms INTEGER) WITHOUT ROWID;
  CREATE TABLE stream_tokens (id TEXT PRIMARY KEY, record TEXT NOT NULL, usable_until_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX stream_token_expiry ON stream_tokens (usable_until_ms);
  CREATE TABLE summaries (scope TEXT NOT NULL, level INTEGER NOT NULL, start_ms INTEGER NOT NULL, version INTEGER NOT NULL,
    included TEXT NOT NULL, expires_at_ms INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (scope, level, start_ms));
  CREATE INDEX summary_expiry ON summaries (expires_at_ms);
  CREATE TABLE work (scope TEXT NOT NULL, level INTEGER NOT NULL, start_ms INTEGER NOT NULL, stamp TEXT NOT NULL,
    PRIMARY KEY (scope, level, start_ms)) WITHOUT ROWID;
  `,
];

/** Brings the schema to this version. Throws when the file was made by a later one, and then changes nothing. */
export function upgradeSchema(database: DatabaseSync): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (version > steps.length) {
    throw new Error(
      `The data folder was written by a later version (schema ${version}; this one knows ${steps.length}). Run that version.`,
    );
  }
  for (let step = version; step < steps.length; step++) {
    database.exec(`BEGIN IMMEDIATE; ${steps[step]}; PRAGMA user_version = ${step + 1}; COMMIT`);
  }
}
