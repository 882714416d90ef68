import type { DatabaseSync } from "node:sqlite";

/** A checkpoint copies about the bytes appended since the last one: so many take some 20 ms, for which commits wait. */
const bytesMax = 8_000_000;
/** How long the log may grow, about: 1,000 of the smallest commits. */
const logBytesMax = 65_536_000;
/** What a commit adds to the log besides what it stores: the pages it touches, four of 16 KB for the smallest. */
const commitBytes = 65_536;

/**
 * Moves what the write-ahead log holds into the database. SQLite by itself does so inside the commit that finds the log
 * long, and that commit's callers wait for it; this is asked after callers have their answers, while they make their next
 * calls, and it asks for what a checkpoint costs (bytes to copy) apart from what the log holds (pages of each commit).
 * What a killed process left in the log counts as well: a service that is killed again and again would never move it.
 */
export class Checkpoints {
  readonly #database: DatabaseSync;
  #bytes = 0;
  #logBytes: number;

  /** `logBytes`: how long the log is already. */
  constructor(database: DatabaseSync, logBytes = 0) {
    this.#database = database;
    this.#logBytes = logBytes;
  }

  /** Call after the answers to a commit have been sent: what it appended, and what it wrote over and over. */
  committed(bytes: number, rewrittenBytes = 0): void {
    this.#bytes += bytes;
    this.#logBytes += commitBytes + bytes + rewrittenBytes;
    if (this.#bytes < bytesMax && this.#logBytes < logBytesMax) return;
    this.#bytes = 0;
    this.#logBytes = 0;
    try {
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // A full or failing disk: what was not moved is as durable in the log, and is moved by a later one.
    }
  }
}
