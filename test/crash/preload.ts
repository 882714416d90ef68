import { openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/*
 * Loaded before the server (`NODE_OPTIONS=--import=...`, which reaches its threads too): gives the server a clock that is
 * moved and quickened, and a disk that is slow. What node measures by its monotonic clock (timers, `performance.now`) stays
 * as it is. The values come from the environment, or from a small file that `controls.ts` changes meanwhile: it is read at
 * each use, so that all threads see one clock, and opened once, so that it can be read when no descriptors are left.
 */
interface Controlled {
  readonly startMs: number;
  readonly beganMs: number;
  readonly rate: number;
  readonly commitMs: number;
}

const path = process.env.BELLWETHER_TEST_CONTROLS;
const look = path === undefined ? fromEnvironment() : fromFile(path);
const realNow = Date.now;

Date.now = () => {
  const { startMs, beganMs, rate } = look();
  return Math.floor(startMs + (realNow() - beganMs) * rate);
};

// A slow disk is slow where a commit waits for it: the connection that writes, before its COMMIT returns.
const writing = new WeakSet<DatabaseSync>();
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const exec = DatabaseSync.prototype.exec;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
  if (sql.startsWith("BEGIN IMMEDIATE")) writing.add(this);
  else if (sql === "COMMIT" && writing.delete(this)) {
    const { commitMs } = look();
    if (commitMs > 0) Atomics.wait(sleeper, 0, 0, commitMs);
  }
  exec.call(this, sql);
};

function fromEnvironment(): () => Controlled {
  const number = (name: string): number => Number(process.env[`BELLWETHER_TEST_CLOCK_${name}`]);
  const values = { startMs: number("START_MS"), beganMs: number("BEGAN_MS"), rate: number("RATE"), commitMs: 0 };
  return () => values;
}

function fromFile(path: string): () => Controlled {
  const file = openSync(path, "r");
  const values = new Float64Array(4);
  return () => {
    readSync(file, values, 0, values.byteLength, 0);
    const [startMs, beganMs, rate, commitMs] = values as unknown as [number, number, number, number];
    return { startMs, beganMs, rate, commitMs };
  };
}
