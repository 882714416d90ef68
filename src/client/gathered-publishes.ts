import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { MessageIn, Published } from "#contract/types.ts";

/** Makes a call with this JSON as its body. */
type Send = (json: string, signal?: AbortSignal) => Promise<Published>;

/** A message that waits for its turn, and for its answer. */
interface Waiting {
  readonly json: string;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  resolve(published: Published): void;
  reject(reason: unknown): void;
}

/** Of the limit on a batch, so that a batch of messages that may each be sent is one that may be sent. */
const bytesMax = limits.batchBytesMax - 50_000;

const utf8 = new TextEncoder();

/**
 * Single messages of one publisher to one topic. Those that are given while a call is under way are the next call, in the
 * order they were given, as group commit does in a store: many callers at once cost the calls of few, one alone waits for
 * nobody, and no message overtakes an earlier one.
 */
export class GatheredPublishes {
  readonly #send: Send;
  readonly #idle: () => void;
  #queue: Waiting[] = [];
  #sending = false;

  /** `idle` is called whenever nothing is under way any more. */
  constructor(send: Send, idle: () => void) {
    this.#send = send;
    this.#idle = idle;
  }

  /** As `publish` of one message. A signal that aborts takes a message that was not sent yet out of the queue. */
  async publish(message: MessageIn, signal: AbortSignal | undefined): Promise<Published> {
    signal?.throwIfAborted();
    const json = JSON.stringify(message);
    const bytes = utf8.encode(json).length;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#queue = this.#queue.filter((other) => other !== waiting);
        waiting.reject(signal!.reason);
      };
      const settled = (): void => signal?.removeEventListener("abort", abort);
      const waiting: Waiting = {
        json,
        bytes,
        signal,
        resolve(published) {
          settled();
          resolve(published);
        },
        reject(reason) {
          settled();
          reject(reason);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#queue.push(waiting);
      if (!this.#sending) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    // What its caller gives in the same breath goes along.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#sendTogether(this.#take());
    this.#sending = false;
    this.#idle();
  }

  /** The next messages that may be one batch. One that is too large for any is taken alone, for the service to refuse. */
  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const each of this.#queue) {
      bytes += each.bytes;
      if (count > 0 && (count >= limits.batchMessagesMax || bytes > bytesMax)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #sendTogether(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 1) return this.#sendAlone(batch[0]!);
    try {
      const published = await this.#send(`{"messages":[${batch.map(({ json }) => json).join()}]}`);
      for (const [i, each] of batch.entries()) each.resolve({ ...published, messages: [published.messages[i]!] });
    } catch (error) {
      // Refused for the fault of some: nothing was stored, and the others shall not suffer for it.
      if (isOfSome(error)) await this.#sendHalves(batch);
      else for (const [i, each] of batch.entries()) each.reject(errorOf(error, i));
    }
  }

  async #sendHalves(batch: readonly Waiting[]): Promise<void> {
    const half = Math.ceil(batch.length / 2);
    await this.#sendTogether(batch.slice(0, half));
    await this.#sendTogether(batch.slice(half));
  }

  async #sendAlone({ json, signal, resolve, reject }: Waiting): Promise<void> {
    if (signal?.aborted) return;
    try {
      resolve(await this.#send(json, signal));
    } catch (error) {
      reject(error);
    }
  }
}

function isOfSome(error: unknown): boolean {
  return (
    error instanceof BellwetherError && ["invalid_json", "invalid_request", "payload_too_large"].includes(error.code)
  );
}

/** What befell the whole batch, told of its `nth` message alone. */
function errorOf(error: unknown, nth: number): unknown {
  if (!(error instanceof BellwetherError) || !error.details.accepted) return error;
  const { code, message, details, cause, status } = error;
  const accepted = details.accepted!.includes(nth) ? [0] : [];
  return new BellwetherError(
    code,
    message,
    { ...details, accepted },
    { cause, ...(status !== undefined && { status }) },
  );
}
