import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { BellwetherError } from "#contract/errors.ts";
import type { ShardRef } from "#core/shard.ts";
import type { WriteBatch, WriteCall, WriteOutcome, WriterReply } from "./protocol.ts";

/** Calls of one batch at most, so that a batch stays some milliseconds of work. */
const batchCallsMax = 1024;

interface Waiting {
  readonly call: WriteCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One thread's connection to the writer thread: gathers calls while a batch is under way and sends them as the next. */
export class WriterLink {
  readonly #port: MessagePort;
  #queue: Waiting[] = [];
  #underWay: Waiting[] | undefined;
  #scheduled = false;
  #closed = false;
  #idle = (): void => {};

  constructor(port: MessagePort, onNews: (refs: readonly ShardRef[] | "any") => void) {
    this.#port = port;
    port.on("message", (reply: WriterReply) => {
      if ("news" in reply) onNews(reply.news);
      else this.#settle(reply.outcomes);
    });
    port.on("close", () => this.#fail());
  }

  call(name: WriteCall["name"], args: readonly unknown[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(storeClosed());
    return new Promise((resolve, reject) => {
      this.#queue.push({ call: { name, args }, resolve, reject });
      if (this.#underWay || this.#scheduled) return;
      // Not at once: what this turn of the event loop still brings shall share the fsync.
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        if (!this.#underWay) this.#send();
      });
    });
  }

  /** Takes no more calls, and resolves when those taken have been answered. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#underWay || this.#queue.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#port.close();
  }

  #send(): void {
    if (this.#queue.length === 0) return;
    this.#underWay = this.#queue.splice(0, batchCallsMax);
    this.#port.postMessage({ calls: this.#underWay.map(({ call }) => call) } satisfies WriteBatch);
  }

  #settle(outcomes: readonly WriteOutcome[]): void {
    const settled = this.#underWay!;
    this.#underWay = undefined;
    this.#send();
    settled.forEach((waiting, i) => {
      const outcome = outcomes[i]!;
      if ("error" in outcome) {
        const { code, message, details } = outcome.error;
        waiting.reject(new BellwetherError(code, message, details));
      } else waiting.resolve(outcome.value);
    });
    if (!this.#underWay) this.#idle();
  }

  #fail(): void {
    this.#closed = true;
    for (const { reject } of [...(this.#underWay ?? []), ...this.#queue]) reject(storeClosed());
    this.#underWay = undefined;
    this.#queue = [];
    this.#idle();
  }
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
