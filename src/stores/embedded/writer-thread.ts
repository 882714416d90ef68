import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { BellwetherError } from "#contract/errors.ts";
import type { ShardRef } from "#core/shard.ts";
import type { AppendRequest } from "#core/store.ts";
import { AppendGroup } from "./append-group.ts";
import { openForWriting, Statements } from "./database.ts";
import { encodeError, type WriteBatch, type WriteCall, type WriteOutcome, type WriterReply } from "./protocol.ts";
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
  let done = commit(batch.calls);
  // One call that fails in SQLite itself shall not fail its neighbours: each again, alone.
  if ("error" in done && batch.calls.length > 1) done = merge(batch.calls.map((call) => commit([call])));
  const outcomes =
    "error" in done ? batch.calls.map(() => encodeError((done as { error: unknown }).error)) : done.outcomes;
  post(port, { outcomes });
  if ("error" in done) return;
  const news = done.deleted ? "any" : done.written;
  if (news.length > 0) for (const each of ports) post(each, { news });
}

interface Committed {
  readonly outcomes: readonly WriteOutcome[];
  readonly written: readonly ShardRef[];
  /** A topic was deleted: whoever waits on it must hear. */
  readonly deleted: boolean;
}

/** Runs calls in one transaction, which is one fsync. An error leaves nothing of any of them. */
function commit(calls: readonly WriteCall[]): Committed | { readonly error: unknown } {
  const group = new AppendGroup(db);
  try {
    database.exec("BEGIN IMMEDIATE");
    const outcomes = calls.map((call) => run(group, call));
    group.flush();
    database.exec("COMMIT");
    return { outcomes, written: group.written, deleted: calls.some(({ name }) => name === "deleteTopic") };
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    return { error };
  }
}

/** A refusal is an answer, made before anything was written; any other error ends the transaction. */
function run(group: AppendGroup, call: WriteCall): WriteOutcome {
  try {
    if (call.name === "append") return { value: group.append(call.args[0] as AppendRequest) };
    group.flush();
    const write = writes[call.name] as (db: Statements, ...args: readonly unknown[]) => unknown;
    return { value: write(db, ...call.args) };
  } catch (error) {
    if (error instanceof BellwetherError) return encodeError(error);
    throw error;
  }
}

function merge(each: readonly (Committed | { readonly error: unknown })[]): Committed {
  return {
    outcomes: each.flatMap((one) => ("error" in one ? [encodeError(one.error)] : one.outcomes)),
    written: each.flatMap((one) => ("error" in one ? [] : one.written)),
    deleted: each.some((one) => "deleted" in one && one.deleted),
  };
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
