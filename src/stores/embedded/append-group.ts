import { BellwetherError } from "#contract/errors.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import type { AppendRequest, AppendResult } from "#core/store.ts";
import type { Statements } from "./database.ts";
import { positionOf } from "./reads.ts";

/** A shard's counters as this transaction has moved them. */
interface ShardCounters {
  readonly id: number;
  readonly ref: ShardRef;
  tickets: number;
  messages: number;
  lastAtMs: number;
  /** The entry that further calls may still join. */
  open: OpenEntry | undefined;
}

interface OpenEntry {
  readonly firstSequence: number;
  readonly publishedAtMs: number;
  messages: number;
  bytes: number;
  readonly payloads: Uint8Array[];
}

/** An entry holds at most this of several calls, in bytes and messages; the next call then begins a new entry. */
const groupBytesMax = 350_000;
const groupMessagesMax = 1_000;

/**
 * Appends many calls in one transaction. Calls to one shard share an entry within the limits, so that singles under load
 * cost one row and one counter update for many. Each call gets its own answer or error.
 */
export class AppendGroup {
  readonly #db: Statements;
  readonly #shards = new Map<string, ShardCounters>();
  readonly #incarnations = new Map<string, number | undefined>();
  /** The shards that entries were written to. */
  readonly written: ShardRef[] = [];

  constructor(db: Statements) {
    this.#db = db;
  }

  append(request: AppendRequest): AppendResult {
    const { topic, incarnation, idempotency, nowMs } = request;
    if (this.#incarnation(topic) !== incarnation) {
      throw new BellwetherError("topic_not_found", `The topic "${topic}" is not there any more.`);
    }
    const earlier = idempotency && earlierAnswer(this.#db, idempotency, nowMs);
    if (earlier) return earlier;
    const shards = request.parts.map(({ shard }) => this.#counters({ topic, incarnation, shard }));
    // One call has one time, never before what its shards hold already. An open entry of another time is closed.
    const publishedAtMs = Math.max(nowMs, ...shards.map(({ lastAtMs }) => lastAtMs));
    const firstSequences = request.parts.map(({ count, payload }, i) => {
      const entry = this.#openEntry(shards[i]!, payload.length, count, publishedAtMs);
      const first = entry.firstSequence + entry.messages;
      entry.messages += count;
      entry.bytes += payload.length;
      entry.payloads.push(payload);
      return first;
    });
    const answer = { publishedAtMs, firstSequences };
    if (idempotency) {
      const { recordKey, fingerprint, expiresAtMs } = idempotency;
      this.#db.run(
        "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?)",
        recordKey,
        fingerprint,
        JSON.stringify(answer),
        expiresAtMs,
      );
    }
    return { ...answer, replayed: false };
  }

  /** Writes what is open; called before any other verb of the transaction. */
  flush(): void {
    for (const shard of this.#shards.values()) this.#close(shard);
    this.#shards.clear();
    this.#incarnations.clear();
  }

  #openEntry(shard: ShardCounters, bytes: number, messages: number, publishedAtMs: number): OpenEntry {
    const { open } = shard;
    if (
      open &&
      open.publishedAtMs === publishedAtMs &&
      open.bytes + bytes <= groupBytesMax &&
      open.messages + messages <= groupMessagesMax
    ) {
      return open;
    }
    this.#close(shard);
    shard.lastAtMs = publishedAtMs;
    shard.open = { firstSequence: shard.messages, publishedAtMs, messages: 0, bytes: 0, payloads: [] };
    return shard.open;
  }

  #close(shard: ShardCounters): void {
    const { id, open } = shard;
    if (!open) return;
    const payload = open.payloads.length === 1 ? open.payloads[0]! : Buffer.concat(open.payloads);
    this.#db.run(
      "INSERT INTO entries VALUES (?, ?, ?, ?, ?)",
      positionOf(id, shard.tickets),
      open.firstSequence,
      open.messages,
      open.publishedAtMs,
      payload,
    );
    this.#db.run(
      "UPDATE shards SET tickets = tickets + 1, messages = messages + ?, stored_bytes = stored_bytes + ?, last_at_ms = ? WHERE id = ?",
      open.messages,
      open.bytes,
      open.publishedAtMs,
      id,
    );
    shard.tickets += 1;
    shard.messages += open.messages;
    shard.open = undefined;
    this.written.push(shard.ref);
  }

  #counters(ref: ShardRef): ShardCounters {
    const key = shardKey(ref);
    let shard = this.#shards.get(key);
    if (!shard) {
      const row = this.#db.get(
        "SELECT id, tickets, messages, last_at_ms FROM shards WHERE topic = ? AND incarnation = ? AND shard = ?",
        ref.topic,
        ref.incarnation,
        ref.shard,
      )!;
      shard = {
        id: Number(row.id),
        ref,
        tickets: Number(row.tickets),
        messages: Number(row.messages),
        lastAtMs: Number(row.last_at_ms),
        open: undefined,
      };
      this.#shards.set(key, shard);
    }
    return shard;
  }

  #incarnation(topic: string): number | undefined {
    if (!this.#incarnations.has(topic)) {
      const row = this.#db.get("SELECT incarnation FROM topics WHERE topic = ?", topic);
      this.#incarnations.set(topic, row && Number(row.incarnation));
    }
    return this.#incarnations.get(topic);
  }
}

function earlierAnswer(
  db: Statements,
  idempotency: NonNullable<AppendRequest["idempotency"]>,
  nowMs: number,
): AppendResult | undefined {
  const row = db.get(
    "SELECT fingerprint, answer FROM idempotency WHERE record_key = ? AND expires_at_ms > ?",
    idempotency.recordKey,
    nowMs,
  );
  if (!row) return undefined;
  if (row.fingerprint !== idempotency.fingerprint) {
    throw new BellwetherError(
      "idempotency_key_reused",
      "The Idempotency-Key was used for another payload. Use a new key for a new payload.",
    );
  }
  return { ...(JSON.parse(String(row.answer)) as Omit<AppendResult, "replayed">), replayed: true };
}
