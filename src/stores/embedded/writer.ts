import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { BellwetherError } from "#contract/errors.ts";
import type { ShardRef } from "#core/shard.ts";
import type { AppendRequest, AppendResult } from "#core/store.ts";
import { packAppends, unpackResults } from "./packed-appends.ts";
import type { WriteBatch, WriteCall, WriteError, WriterReply } from "./protocol.ts";

/** Calls of one batch at most, so that a batch stays some milliseconds of work. */
const batchCallsMax = 1024;

/** Payloads of one batch at most, in bytes, but for one append alone: what is copied into one buffer for the thread. */
const batchBytesMax = 16_777_216;

interface Waiting<Call, Value> {
  readonly call: Call;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

interface Batch {
  readonly appends: Waiting<AppendRequest, AppendResult>[];
  readonly calls: Waiting<WriteCall, unknown>[];
}

/**
 * So many bytes or calls are worth a commit of their own: they are sent at once when the writer has nothing to do, so that
 * it writes while the next calls are read. Fewer wait as long as each turn of the event loop brings more: a commit costs
 * some 60 us beside its fsync, and 64 clients who wait for their answers share it (0.86 of the CPU for a single publish,
 * by bursts that alternated with sending at once).
 */
const worthACommitBytes = 64_000;
const worthACommitCalls = 100;

/** One thread's connection to the writer thread: gathers calls while a batch is under way and sends them as the next. */
export class WriterLink {
  readonly #port: MessagePort;
  #queue: Batch = { appends: [], calls: [] };
  #queuedBytes = 0;
  #underWay: Batch | undefined;
  #scheduled = false;
  #closed = false;
  #idle = (): void => {};

  constructor(port: MessagePort, onNews: (refs: readonly ShardRef[] | "any") => void) {
    this.#port = port;
    port.on("message", ({ done, news }: WriterReply) => {
      if (done) this.#settle(done);
      if (news.length > 0) onNews(news);
    });
    port.on("close", () => this.#fail());
  }

  append(request: AppendRequest): Promise<AppendResult> {
    if (this.#closed) return Promise.reject(storeClosed());
    return new Promise((resolve, reject) => {
      this.#queue.appends.push({ call: request, resolve, reject });
      for (const { payload } of request.parts) this.#queuedBytes += payload.length;
      this.#schedule();
    });
  }

  call(name: WriteCall["name"], args: readonly unknown[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(storeClosed());
    return new Promise((resolve, reject) => {
      this.#queue.calls.push({ call: { name, args }, resolve, reject });
      this.#schedule();
    });
  }

  /** Takes no more calls, and resolves when those taken have been answered. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#underWay || !this.#queueEmpty()) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#port.close();
  }

  /** Sends what is queued when it is worth a commit of its own, or else when a turn of the event loop has brought no more. */
  #schedule(): void {
    if (this.#underWay || this.#scheduled) return;
    if (this.#isWorthACommit()) {
      this.#send();
      return;
    }
    this.#scheduled = true;
    const queued = this.#queued();
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#queued() > queued) this.#schedule();
      else if (!this.#underWay) this.#send();
    });
  }

  #isWorthACommit(): boolean {
    return this.#queuedBytes >= worthACommitBytes || this.#queued() >= worthACommitCalls;
  }

  #queued(): number {
    return this.#queue.appends.length + this.#queue.calls.length;
  }

  #send(): void {
    if (this.#queueEmpty()) return;
    const batch = {
      appends: this.#queue.appends.splice(0, countOfBatch(this.#queue.appends)),
      calls: this.#queue.calls.splice(0, batchCallsMax),
    };
    this.#underWay = batch;
    const appends = packAppends(batch.appends.map(({ call }) => call));
    this.#queuedBytes -= appends.payload.length;
    this.#port.postMessage({ appends, calls: batch.calls.map(({ call }) => call) } satisfies WriteBatch, [
      appends.payload.buffer,
    ]);
  }

  #settle(done: NonNullable<WriterReply["done"]>): void {
    const { appends, calls } = this.#underWay!;
    this.#underWay = undefined;
    if (!this.#queueEmpty()) this.#schedule();
    const results = unpackResults(done.appends);
    appends.forEach(({ resolve, reject }, i) => {
      const result = results[i]!;
      if ("code" in result) reject(errorOf(result));
      else resolve(result);
    });
    calls.forEach(({ resolve, reject }, i) => {
      const outcome = done.outcomes[i]!;
      if ("error" in outcome) reject(errorOf(outcome.error));
      else resolve(outcome.value);
    });
    if (!this.#underWay) this.#idle();
  }

  #queueEmpty(): boolean {
    return this.#queue.appends.length === 0 && this.#queue.calls.length === 0;
  }

  /** Nobody will answer any more what is queued or under way. */
  #fail(): void {
    this.#closed = true;
    for (const batch of [this.#underWay, this.#queue]) {
      for (const { reject } of [...(batch?.appends ?? []), ...(batch?.calls ?? [])]) reject(storeClosed());
    }
    this.#underWay = undefined;
    this.#queue = { appends: [], calls: [] };
    this.#idle();
  }
}

/** How many of the first appends make a batch. */
function countOfBatch(appends: Batch["appends"]): number {
  let bytes = 0;
  for (let i = 0; i < Math.min(appends.length, batchCallsMax); i++) {
    for (const { payload } of appends[i]!.call.parts) bytes += payload.length;
    if (bytes > batchBytesMax && i > 0) return i;
  }
  return batchCallsMax;
}

function errorOf({ code, message, details }: WriteError): BellwetherError {
  return new BellwetherError(code, message, details);
}

/** Starts the writer thread over a folder; resolves when the schema is ready. Rejects when the folder cannot be used. */
export async function startWriter(folder: string): Promise<{ connect(): MessagePort; close(): Promise<void> }> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), {
    workerData: { folder },
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("The writer thread ended while starting.")));
  });
  // From here on a fault of the thread itself ends the process: nothing could be acknowledged any more.
  worker.removeAllListeners();
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  return {
    connect() {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage({ connect: port1 }, [port1]);
      return port2;
    },
    async close() {
      worker.postMessage({ close: true });
      await exited;
    },
  };
}

function storeClosed(): BellwetherError {
  return new BellwetherError("unavailable", "The store is closed.", { retryAfterSeconds: 1 });
}
