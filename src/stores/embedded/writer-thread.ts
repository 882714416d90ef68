import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { BellwetherError } from "#contract/errors.ts";
import type { ShardRef } from "#core/shard.ts";
import type { AppendRequest, AppendResult, TermsChange } from "#core/store.ts";
import { AppendGroup } from "./append-group.ts";
import { Checkpoints } from "./checkpoints.ts";
import { logBytes, openForWriting, Statements } from "./database.ts";
import { LateNews } from "./late-news.ts";
import { packResults, unpackAppends } from "./packed-appends.ts";
import {
  encodeError,
  type WriteBatch,
  type WriteCall,
  type WriteError,
  type WriteOutcome,
  type WriterReply,
} from "./protocol.ts";
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
const checkpoints = new Checkpoints(database, logBytes(folder));
const ports = new Set<MessagePort>();
const lateNews = new LateNews();

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

function answer(port: MessagePort, { appends, calls }: WriteBatch): void {
  const requests = unpackAppends(appends);
  let committed = commit(requests, calls);
  // One call that fails in SQLite itself shall not fail its neighbours: each again, alone.
  if (committed.failed && requests.length + calls.length > 1)
    committed = merge([
      ...requests.map((request) => commit([request], [])),
      ...calls.map((call) => commit([], [call])),
    ]);
  const { results, outcomes, deleted, written } = committed;
  const news = deleted ? "any" : written;
  port.postMessage({ done: { appends: packResults(results), outcomes }, news } satisfies WriterReply);
  for (const other of ports) if (other !== port) lateNews.tell(other, news);
  checkpoints.committed(appends.payload.length, summaryBytesOf(calls));
}

function summaryBytesOf(calls: readonly WriteCall[]): number {
  let bytes = 0;
  for (const { name, args } of calls)
    if (name === "saveTerms") for (const put of (args[0] as TermsChange).puts) bytes += put.bytes.length;
  return bytes;
}

interface Committed {
  readonly results: readonly (AppendResult | WriteError)[];
  readonly outcomes: readonly WriteOutcome[];
  readonly written: readonly ShardRef[];
  /** A topic was deleted: whoever waits on it must hear. */
  readonly deleted: boolean;
  /** Nothing of any of them was written. */
  readonly failed: boolean;
}

/** Runs calls in one transaction, which is one fsync. An error other than a refusal leaves nothing of any of them. */
function commit(appends: readonly AppendRequest[], calls: readonly WriteCall[]): Committed {
  const group = new AppendGroup(db);
  try {
    database.exec("BEGIN IMMEDIATE");
    const results = appends.map((request) => appendOrRefuse(group, request));
    group.flush();
    const outcomes = calls.map(runOrRefuse);
    database.exec("COMMIT");
    const deleted = calls.some(({ name }) => name === "deleteTopic");
    return { results, outcomes, written: group.written, deleted, failed: false };
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK");
    const error = encodeError(cause);
    return {
      results: appends.map(() => error),
      outcomes: calls.map(() => ({ error })),
      written: [],
      deleted: false,
      failed: true,
    };
  }
}

function appendOrRefuse(group: AppendGroup, request: AppendRequest): AppendResult | WriteError {
  try {
    return group.append(request);
  } catch (error) {
    return refusalOf(error);
  }
}

function runOrRefuse({ name, args }: WriteCall): WriteOutcome {
  try {
    return { value: (writes[name] as (db: Statements, ...args: readonly unknown[]) => unknown)(db, ...args) };
  } catch (error) {
    return { error: refusalOf(error) };
  }
}

/** A refusal is an answer, made before anything was written; any other error ends the transaction. */
function refusalOf(error: unknown): WriteError {
  if (error instanceof BellwetherError) return encodeError(error);
  throw error;
}

function merge(each: readonly Committed[]): Committed {
  return {
    results: each.flatMap(({ results }) => results),
    outcomes: each.flatMap(({ outcomes }) => outcomes),
    written: each.flatMap(({ written }) => written),
    deleted: each.some(({ deleted }) => deleted),
    failed: each.every(({ failed }) => failed),
  };
}

function close(): void {
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  lock.close();
  lateNews.close();
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
