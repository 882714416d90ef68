import type { MessagePort } from "node:worker_threads";
import { type ShardRef, shardKey } from "#core/shard.ts";
import type { WriterReply } from "./protocol.ts";

/** So much later other threads hear of a write, in ms. */
const lateMs = 20;

/**
 * Tells threads of what others wrote, a little later and together. Whoever wrote hears with its answer, and no caller waits
 * for the others: a message to each after each commit woke the counting thread thousands of times a second to no end.
 */
export class LateNews {
  readonly #untold = new Map<MessagePort, Map<string, ShardRef> | "any">();
  #timer: NodeJS.Timeout | undefined;

  tell(port: MessagePort, news: WriterReply["news"]): void {
    if (news.length === 0) return;
    const untold = this.#untold.get(port) ?? new Map<string, ShardRef>();
    if (news === "any" || untold === "any") this.#untold.set(port, "any");
    else {
      for (const ref of news) untold.set(shardKey(ref), ref);
      this.#untold.set(port, untold);
    }
    this.#timer ??= setTimeout(() => this.#send(), lateMs);
  }

  /** Tells nobody any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#untold.clear();
  }

  #send(): void {
    this.#timer = undefined;
    for (const [port, untold] of this.#untold)
      port.postMessage({ news: untold === "any" ? "any" : [...untold.values()] } satisfies WriterReply);
    this.#untold.clear();
  }
}
