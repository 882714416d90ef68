import { limits } from "#contract/limits.ts";
import type { Discontinuity } from "#contract/types.ts";
import { type Position, startOfShard, type TopicCursor } from "./cursor.ts";
import { decodeEntry, type Entry, renderMessage, type StoredMessage } from "./entry.ts";
import { type ShardRef, shardsOf, topicHashOf } from "./shard.ts";
import type { ShardState, Store, TopicRecord } from "./store.ts";

/** What one step back may take and look at. `isWanted` is asked of each message as it would be delivered. */
export interface BackLimits {
  readonly messages: number;
  readonly scanMessages: number;
  readonly scanBytes: number;
  isWanted(message: string): boolean;
  /** Waited for now and then, so that whoever else uses the thread gets their turn. */
  rest(): Promise<void>;
}

/** One step of a reader backwards. Messages and losses lie between `cursor` and where the step began. */
export interface BackStep {
  /** Oldest first, in order of time over all shards. */
  readonly messages: readonly string[];
  readonly discontinuities: readonly Discontinuity[];
  readonly cursor: TopicCursor;
  readonly scanned: number;
  /** There is more before. */
  readonly more: boolean;
}

/**
 * Reads the messages before a cursor, the latest of all shards first, until the limits are reached. What has expired is
 * announced, once for each stretch of it.
 */
export async function readBack(
  store: Store,
  topic: TopicRecord,
  from: TopicCursor,
  { messages: messagesMax, scanMessages, scanBytes, isWanted, rest }: BackLimits,
  nowMs: number,
): Promise<BackStep> {
  const opened = await Promise.all(
    shardsOf(topic).map(async (ref) => {
      const state = await store.getShard(ref);
      const position = from.positions.get(ref.shard) ?? startOfShard;
      const shard = state && new ShardBack(store, topic, ref, position, state, nowMs);
      await shard?.nextAtMs();
      return shard;
    }),
  );
  const shards = opened.filter((shard) => shard !== undefined);
  const messages: string[] = [];
  let scanned = 0;
  let bytes = 0;
  let more = true;
  while (messages.length < messagesMax && scanned < scanMessages && bytes < scanBytes) {
    const shard = await latestOf(shards);
    if (!shard) {
      more = false;
      break;
    }
    const message = shard.take();
    scanned += 1;
    if (message !== undefined) {
      bytes += message.length;
      if (isWanted(message)) messages.push(message);
    }
    if (scanned % messagesPerTurn === 0) await rest();
  }
  return {
    messages: messages.reverse(),
    discontinuities: shards.flatMap((shard) => shard.losses),
    cursor: {
      topicHash: topicHashOf(topic.topic),
      incarnation: topic.incarnation,
      positions: new Map(shards.map(({ ref, position }) => [ref.shard, position])),
    },
    scanned,
    more,
  };
}

/** Cutting as many into terms takes some ten milliseconds. */
const messagesPerTurn = 250;

/** The shard whose next message back is the latest; of equal times the last, so that pages read forwards are in order. */
async function latestOf(shards: readonly ShardBack[]): Promise<ShardBack | undefined> {
  let latest: ShardBack | undefined;
  let latestAtMs = Number.NEGATIVE_INFINITY;
  for (const shard of shards) {
    const atMs = await shard.nextAtMs();
    if (atMs !== undefined && atMs >= latestAtMs) {
      latest = shard;
      latestAtMs = atMs;
    }
  }
  return latest;
}

/** How many entries are read at first, and at most: of small entries more are read at once. */
const spanFirst = 4;
const spanMax = 256;

/** One shard as one step reads it backwards. */
class ShardBack {
  readonly ref: ShardRef;
  /** Before the message that was taken last. */
  position: Position;
  readonly losses: Discontinuity[] = [];
  readonly #store: Store;
  readonly #state: ShardState;
  readonly #nowMs: number;
  readonly #cutoffMs: number;
  #span = spanFirst;
  /** Messages at hand, the next one back at the end. */
  #loaded: { readonly entry: Entry; readonly message: StoredMessage }[] = [];
  /** Entries below this ticket are not loaded yet. */
  #loadedFrom: number;
  #ended = false;

  constructor(store: Store, topic: TopicRecord, ref: ShardRef, position: Position, state: ShardState, nowMs: number) {
    this.ref = ref;
    this.position = position;
    this.#store = store;
    this.#state = state;
    this.#nowMs = nowMs;
    this.#cutoffMs = topic.retentionSeconds === 0 ? Number.NEGATIVE_INFINITY : nowMs - topic.retentionSeconds * 1000;
    this.#loadedFrom = position.index > 0 ? position.ticket + 1 : position.ticket;
  }

  /** When the next message back was published; undefined at the beginning. */
  async nextAtMs(): Promise<number | undefined> {
    while (!this.#ended) {
      const next = this.#loaded.at(-1);
      if (!next) await this.#load();
      else if (next.entry.publishedAtMs <= this.#cutoffMs) this.#end();
      else return next.entry.publishedAtMs;
    }
    return undefined;
  }

  /** The message that `nextAtMs` told of, as JSON; undefined when its time to live is over. */
  take(): string | undefined {
    const { entry, message } = this.#loaded.pop()!;
    const { sequence, index } = message;
    this.position = { ticket: entry.ticket, index, sequence };
    if (message.expiresAtMs > this.#nowMs) return renderMessage(this.ref, entry.publishedAtMs, message);
    this.#lose(sequence, sequence);
    return undefined;
  }

  /** Nothing before the position is kept. That messages were there is known when the log does not begin with number 0. */
  #end(): void {
    const { sequence } = this.position;
    if (this.#loaded.length > 0 || this.#state.firstSequence > 0) {
      if (sequence > 0) this.#lose(0, sequence - 1);
      this.position = startOfShard;
    }
    this.#loaded = [];
    this.#ended = true;
  }

  /** Losses that lie side by side are one. */
  #lose(fromSequence: number, toSequence: number): void {
    const { topic, shard } = this.ref;
    const last = this.losses.at(-1);
    if (last?.fromSequence === toSequence + 1) this.losses[this.losses.length - 1] = { ...last, fromSequence };
    else this.losses.push({ topic, shard, fromSequence, toSequence, reason: "expired" });
  }

  /** Loads the stretch of entries below what was loaded. */
  async #load(): Promise<void> {
    const to = this.#loadedFrom;
    const from = Math.max(this.#state.firstTicket, to - this.#span);
    if (from >= to) return this.#end();
    let bytes = 0;
    for (let ticket = from; ticket < to; ) {
      const entries = await this.#store.readEntries(this.ref, ticket, this.#span * 1000, limits.pageBytesMax);
      for (const entry of entries) {
        if (entry.ticket >= to) break;
        bytes += entry.payload.length;
        for (const message of decodeEntry(entry))
          if (this.#isBefore(entry, message)) this.#loaded.push({ entry, message });
      }
      if (entries.length === 0) break;
      ticket = entries.at(-1)!.ticket + 1;
    }
    this.#loadedFrom = from;
    const room = Math.floor((this.#span * limits.pageBytesMax) / Math.max(1, bytes));
    this.#span = Math.max(1, Math.min(spanMax, 4 * this.#span, room));
  }

  #isBefore({ ticket }: Entry, { index }: StoredMessage): boolean {
    return ticket < this.position.ticket || (ticket === this.position.ticket && index < this.position.index);
  }
}
