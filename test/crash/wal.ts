import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/*
 * As much of SQLite's write-ahead log as a test needs to know where commits end in it, apart from SQLite itself.
 * Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log and https://www.sqlite.org/walformat.html
 */

const headerBytes = 32;
const frameHeaderBytes = 24;

/** One generation of the log: from one reset, which chooses new salts, to the next. */
export interface WalState {
  /** Tells this generation from those before and after. */
  readonly salts: string;
  readonly pageBytes: number;
  /** The byte behind the last frame that ends a transaction. */
  readonly committedBytes: number;
}

/** Follows a WAL file that a server writes: where its last commit ends. Reads only what is new. */
export class WalFollower {
  readonly #path: string;
  #salts = "";
  #at = headerBytes;
  #committed = headerBytes;

  constructor(path: string) {
    this.#path = path;
  }

  /** undefined while there is no log yet. */
  look(): WalState | undefined {
    let file: number;
    try {
      file = openSync(this.#path, "r");
    } catch {
      return undefined;
    }
    try {
      return this.#scan(file);
    } finally {
      closeSync(file);
    }
  }

  #scan(file: number): WalState | undefined {
    const header = Buffer.alloc(headerBytes);
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return undefined;
    const pageBytes = header.readUInt32BE(8);
    const salts = header.toString("hex", 16, 24);
    if (salts !== this.#salts) {
      this.#salts = salts;
      this.#at = headerBytes;
      this.#committed = headerBytes;
    }
    const frame = Buffer.alloc(frameHeaderBytes);
    while (readSync(file, frame, 0, frameHeaderBytes, this.#at) === frameHeaderBytes) {
      // What lies behind the last frame of this generation are frames of an earlier one.
      if (frame.toString("hex", 8, 16) !== salts) break;
      this.#at += frameHeaderBytes + pageBytes;
      const databasePages = frame.readUInt32BE(4);
      if (databasePages > 0) this.#committed = this.#at;
    }
    return { salts, pageBytes, committedBytes: this.#committed };
  }
}

/**
 * The byte of the log up to which a checkpoint has copied frames into the database, or begun to: the log was synced that
 * far before, so that no crash can tear it there. Read from the WAL index (`-shm`).
 */
export function checkpointedBytes(shmPath: string, pageBytes: number): number {
  const shm = readFileSync(shmPath);
  const frames = Math.max(shm.readUInt32LE(96), shm.readUInt32LE(128));
  return headerBytes + frames * (frameHeaderBytes + pageBytes);
}
