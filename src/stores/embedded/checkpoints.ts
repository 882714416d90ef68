import type { DatabaseSync } from "node:sqlite";

/** A checkpoint copies about the bytes appended since the last one: so many take some 20 ms, for which commits wait. */
const bytesMax = 8_000_000;
/** Each commit adds the pages it touches to the log, four of 16 KB for the smallest: so many make it 64 MB long. */
const commitsMax = 1_000;

/**
 * Moves what the write-ahead log holds into the database. SQLite by itself does so inside the commit that finds the log
 * long, and that commit's callers wait for it; this is asked after callers have their answers, while they make their next
 * calls, and it asks for what a checkpoint costs (bytes to copy) apart from what the log holds (pages of each commit).
 */
export class Checkpoints {
  readonly #database: DatabaseSync;
  #bytes = 0;
  #commits = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Call after the answers to a commit have been sent. */
  committed(bytes: number): void {
    this.#bytes += bytes;
    this.#commits += 1;
    if (this.#bytes < bytesMax && this.#commits < commitsMax) return;
    this.#bytes = 0;
    this.#commits = 0;
    try {
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // A full or failing disk: what was not moved is as durable in the log, and is moved by a later one.
    }
  }
}
