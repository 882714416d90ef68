import type { WorkMark } from "#core/store.ts";
import { mayForgetSummaries } from "#core/summary-expiry.ts";
import type { Row, Statements } from "./database.ts";
import { positionOf, ticketsPerShard } from "./reads.ts";

/** What one step deletes at most: a few milliseconds of the writer's time, so that publishing never waits for it. */
const entriesPerStep = 64;
const recordsPerStep = 256;

/** One small step of forgetting. true when something may be left to do. */
export function expireStep(db: Statements, nowMs: number): boolean {
  const more = [
    db.run(
      "DELETE FROM idempotency WHERE record_key IN (SELECT record_key FROM idempotency WHERE expires_at_ms <= ? LIMIT ?)",
      nowMs,
      recordsPerStep,
    ),
    db.run(
      "DELETE FROM stream_tokens WHERE id IN (SELECT id FROM stream_tokens WHERE usable_until_ms <= ? LIMIT ?)",
      nowMs,
      recordsPerStep,
    ),
    forgetSummaries(db, nowMs),
  ].some((changes) => changes === recordsPerStep);
  db.run("DELETE FROM reserved_topics WHERE until_ms <= ?", nowMs);
  return trimDeleted(db) || trimExpired(db, nowMs) || more;
}

function forgetSummaries(db: Statements, nowMs: number): number {
  if (!db.get("SELECT 1 FROM summaries WHERE expires_at_ms <= ? LIMIT 1", nowMs)) return 0;
  const oldest = db.get(
    `SELECT min(e.published_at_ms) AS at_ms FROM shards s JOIN entries e ON e.position = s.id * ${ticketsPerShard} + s.counted
     WHERE s.counted < s.tickets AND s.deleted = 0`,
  )?.at_ms;
  const marks = db
    .all("SELECT level, min(start_ms) AS start_ms FROM work GROUP BY level")
    .map((row) => ({ level: Number(row.level) as WorkMark["level"], startMs: Number(row.start_ms) }));
  if (!mayForgetSummaries({ uncountedAtMs: oldest == null ? undefined : Number(oldest), marks }, nowMs)) return 0;
  return db.run(
    "DELETE FROM summaries WHERE rowid IN (SELECT rowid FROM summaries WHERE expires_at_ms <= ? LIMIT ?)",
    nowMs,
    recordsPerStep,
  );
}

function trimDeleted(db: Statements): boolean {
  const shard = db.get("SELECT * FROM shards WHERE deleted = 1 ORDER BY id LIMIT 1");
  if (!shard) return false;
  const first = Number(shard.first_ticket);
  const end = Math.min(first + entriesPerStep, Number(shard.tickets));
  deleteEntries(db, shard, first, end);
  if (end === Number(shard.tickets)) db.run("DELETE FROM shards WHERE id = ?", shard.id!);
  else db.run("UPDATE shards SET first_ticket = ? WHERE id = ?", end, shard.id!);
  return true;
}

/** Trims the first shard that has entries past their retention. Never beyond the count cursor: all is counted before it goes. */
function trimExpired(db: Statements, nowMs: number): boolean {
  const shard = db.get(
    `SELECT s.*, e.published_at_ms FROM shards s JOIN topics t ON t.topic = s.topic AND t.incarnation = s.incarnation
     JOIN entries e ON e.position = s.id * ${ticketsPerShard} + s.first_ticket
     WHERE t.retention_seconds > 0 AND s.first_ticket < s.counted AND e.published_at_ms + t.retention_seconds * 1000 <= ? LIMIT 1`,
    nowMs,
  );
  if (!shard) return false;
  const cutoffMs =
    nowMs -
    1000 * Number(db.get("SELECT retention_seconds FROM topics WHERE topic = ?", shard.topic!)!.retention_seconds);
  const first = Number(shard.first_ticket);
  const rows = db.all(
    "SELECT position, first_sequence, count, length(payload) AS bytes FROM entries WHERE position >= ? AND position < ? AND published_at_ms <= ? ORDER BY position",
    positionOf(Number(shard.id), first),
    positionOf(Number(shard.id), Math.min(first + entriesPerStep, Number(shard.counted))),
    cutoffMs,
  );
  const last = rows.at(-1)!;
  deleteEntries(db, shard, first, first + rows.length);
  db.run(
    "UPDATE shards SET first_ticket = ?, first_sequence = ?, stored_bytes = stored_bytes - ? WHERE id = ?",
    first + rows.length,
    Number(last.first_sequence) + Number(last.count),
    rows.reduce((sum, row) => sum + Number(row.bytes), 0),
    shard.id!,
  );
  return true;
}

function deleteEntries(db: Statements, shard: Row, fromTicket: number, toTicket: number): void {
  db.run(
    "DELETE FROM entries WHERE position >= ? AND position < ?",
    positionOf(Number(shard.id), fromTicket),
    positionOf(Number(shard.id), toTicket),
  );
}
