import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readBenchText } from "../text.ts";

/**
 * The ceiling of anything that stores in SQLite: no HTTP, no JSON, one thread that inserts the bytes of a batch as one row
 * and commits. One commit is one fsync (WAL, synchronous FULL).
 */
const [folder = ".", ...numbers] = process.argv.slice(2);
const [messageBytes = 300, batch = 100, warmUpSeconds = 1, seconds = 3] = numbers.map(Number);

const { messages } = readBenchText(messageBytes);
const payloads = Array.from({ length: Math.floor(messages.length / batch) }, (_, i) =>
  Buffer.concat(messages.slice(i * batch, (i + 1) * batch)),
);
const database = new DatabaseSync(join(folder, "anchor.db"));
database.exec(`PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE entries (position INTEGER PRIMARY KEY, first_sequence INTEGER NOT NULL, count INTEGER NOT NULL,
    published_at_ms INTEGER NOT NULL, payload BLOB NOT NULL)`);
const insert = database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?)");
let position = 0;

run(warmUpSeconds);
const { inserted, elapsedSeconds } = run(seconds);
process.stdout.write(JSON.stringify({ messagesPerSecond: (inserted * batch) / elapsedSeconds }));
database.close();

function run(forSeconds: number): { inserted: number; elapsedSeconds: number } {
  const first = position;
  const startedAt = performance.now();
  while (performance.now() - startedAt < forSeconds * 1000) {
    insert.run(position, position * batch, batch, Date.now(), payloads[position % payloads.length]!);
    position += 1;
  }
  return { inserted: position - first, elapsedSeconds: (performance.now() - startedAt) / 1000 };
}
