import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { AppendRequest } from "#core/store.ts";
import { AppendGroup } from "./append-group.ts";
import { openForWriting, Statements } from "./database.ts";
import { encodeError, type WriteBatch, type WriteOutcome, type WriterReply } from "./protocol.ts";
import { upgradeSchema } from "./schema.ts";
import { writes } from "./writes.ts";

/**
 * The thread that owns the writing connection, so that an fsync never stops the event loop that serves. Each batch that a
 * connection sends is one transaction: what arrives while it is under way is the next batch (group commit).
 */
const { folder } = workerData as { folder: string };
const database = openForWriting(folder);
const lock = holdFolder();
upgradeSchema(database);
const db = new Statements(database);
const ports = new Set<MessagePort>();

parentPort!.on("message", (message: { connect: MessagePort } | { close: true }) => {
  if ("connect" in message) connect(message.connect);
  else close();
});
parentPort!.postMessage({ ready: true });

function connect(port: MessagePort): void {
  ports.add(port);
  port.on("message", (batch: WriteBatch) => answer(port, batch));
  port.on("close", () => ports.delete(port));
}

function answer(port: MessagePort, batch: WriteBatch): void {
  const group = new AppendGroup(db);
  let outcomes: WriteOutcome[];
  try {
    database.exec("BEGIN IMMEDIATE");
    outcomes = batch.calls.map((call) => {
      try {
        if (call.name === "append") return { value: group.append(call.args[0] as AppendRequest) };
        group.flush();
        const write = writes[call.name] as (db: Statements, ...args: readonly unknown[]) => unknown;
        return { value: write(db, ...call.args) };
      } catch (error) {
        if (error instanceof Error && error.name === "BellwetherError") return encodeError(error);
        throw error;
      }
    });
    group.flush();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    outcomes = batch.calls.map(() => encodeError(error));
    post(port, { outcomes });
    return;
  }
  post(port, { outcomes });
  if (group.written.length > 0) for (const each of ports) post(each, { news: group.written });
}

function post(port: MessagePort, reply: WriterReply): void {
  port.postMessage(reply);
}

function close(): void {
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  lock.close();
  for (const port of ports) port.close();
  parentPort!.close();
}

/** Holds the folder for this process until it ends, however it ends: a second one would not hear of our news. */
function holdFolder(): DatabaseSync {
  const file = new DatabaseSync(join(folder, "lock.db"), { timeout: 0 });
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    throw new Error(`The data folder ${folder} is in use by another process. Stop it, or choose another folder.`, {
      cause: error,
    });
  }
  return file;
}
