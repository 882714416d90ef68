import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** The store's file inside the data folder. */
export function databasePath(folder: string): string {
  return join(folder, "bellwether.db");
}

/** How long the write-ahead log is as a file: what it holds, or has held. */
export function logBytes(folder: string): number {
  return statSync(`${databasePath(folder)}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** At this the log is checkpointed inside the commit, come what may: 256 MB. */
const checkpointPagesMax = 16_000;

/**
 * Opens the one connection that writes. A commit returns when its WAL frames have been fsynced (`synchronous=FULL`;
 * `fullfsync` makes macOS flush the drive too). 16 KB pages: measured a little faster than 4 KB for large entries.
 */
export function openForWriting(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(databasePath(folder), { timeout: 5000 });
  database.exec(`PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = ${checkpointPagesMax}; PRAGMA cache_size = -16000; PRAGMA foreign_keys = OFF`);
  return database;
}

/** Opens a connection that only reads. Readers never wait for the writer (WAL). */
export function openForReading(folder: string): DatabaseSync {
  const database = new DatabaseSync(databasePath(folder), { readOnly: true, timeout: 5000 });
  database.exec("PRAGMA cache_size = -16000; PRAGMA query_only = ON");
  return database;
}

/** A row as node:sqlite gives it. */
export type Row = Record<string, string | number | Uint8Array | null>;

/** Prepared statements of one connection, each made at its first use. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Rows as they are taken; what is not taken is not read. */
  iterate(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values) as Iterable<Row>;
  }

  /** The number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
