import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Discontinuity } from "#contract/types.ts";
import { type Cursor, type Position, startOfShard, type TopicCursor } from "./cursor.ts";
import { decodeEntry, type Entry, renderMessage } from "./entry.ts";
import { type ShardRef, shardsOf, topicHashOf } from "./shard.ts";
import type { ShardState, Store, TopicRecord } from "./store.ts";

/** What a reader is given, in order: a message as JSON text, or a loss. `position` is where the shard stands after it. */
export type Delivery = { readonly ref: ShardRef; readonly position: Position } & (
  | { readonly message: string }
  | { readonly discontinuity: Discontinuity }
);

/** One step of a reader through its topics. */
export interface ReadStep {
  readonly deliveries: readonly Delivery[];
  readonly cursor: Cursor;
  /** There is more to read at once. */
  readonly more: boolean;
}

/** How many stretches of a shard one step looks through in search of a message that has not expired. */
const stretchesMax = 16;

/**
 * Reads on from a cursor over the shards of `topics`: at most `limit` messages and about `limits.pageBytesMax`, at least
 * one if there is one, each shard with news getting a fair share. What has expired by `nowMs` is announced, whether or
 * not the store still holds it. Throws `cursor_ahead`, and `invalid_cursor` for a cursor over other topics.
 */
export async function readOn(
  store: Store,
  topics: readonly TopicRecord[],
  cursor: Cursor,
  limit: number,
  nowMs: number,
): Promise<ReadStep> {
  const deliveries: Delivery[] = [];
  const shards: ShardReader[] = [];
  for (const topic of topics) {
    const part = cursor.topics.find(({ topicHash }) => topicHash === topicHashOf(topic.topic));
    if (part && part.incarnation > topic.incarnation) throw cursorAhead(topic.topic);
    const recreated = part !== undefined && part.incarnation < topic.incarnation;
    for (const ref of shardsOf(topic)) {
      const old = part?.positions.get(ref.shard);
      const position = recreated ? startOfShard : (old ?? startOfShard);
      const state = await store.getShard(ref, position.index > 0 ? position.ticket + 1 : position.ticket);
      if (!state) continue; // deleted meanwhile
      if (isBeyond(position, state)) throw cursorAhead(topic.topic);
      if (recreated) {
        const sequence = old?.sequence ?? 0;
        const discontinuity: Discontinuity = {
          topic: ref.topic,
          shard: ref.shard,
          fromSequence: sequence,
          toSequence: sequence,
          reason: "topic_recreated",
        };
        deliveries.push({ ref, position, discontinuity });
      }
      shards.push(new ShardReader(store, topic, ref, position, state, nowMs));
    }
  }
  await takeFairly(shards, deliveries, limit, cursor);
  return { deliveries, cursor: moved(cursor, topics, shards), more: shards.some((shard) => shard.more) };
}

/** Rounds of equal shares until the limit is reached or nothing is left. Which shard is first follows from the cursor, so that none starves. */
async function takeFairly(
  shards: readonly ShardReader[],
  deliveries: Delivery[],
  limit: number,
  cursor: Cursor,
): Promise<void> {
  let messages = limit;
  let bytes: number = limits.pageBytesMax;
  let first = cursor.topics.reduce(
    (sum, { positions }) => [...positions.values()].reduce((s, { sequence }) => s + sequence, sum),
    0,
  );
  for (;;) {
    const ready = shards.filter((shard) => shard.ready);
    if (ready.length === 0 || messages <= 0 || bytes <= 0) break;
    const share = Math.max(1, Math.floor(messages / ready.length));
    const byteShare = Math.max(1, Math.floor(bytes / ready.length));
    for (let i = 0; i < ready.length && messages > 0 && bytes > 0; i++) {
      const taken = await ready[(first + i) % ready.length]!.take(Math.min(share, messages), byteShare);
      for (const delivery of taken) {
        deliveries.push(delivery);
        if ("message" in delivery) {
          messages -= 1;
          bytes -= delivery.message.length;
        }
      }
    }
    first += 1;
  }
  for (const shard of shards) deliveries.push(...shard.lossBefore(shard.position));
}

/** One shard as one step reads it. */
class ShardReader {
  readonly ref: ShardRef;
  position: Position;
  readonly #store: Store;
  readonly #state: ShardState;
  readonly #nowMs: number;
  readonly #cutoffMs: number;
  /** Stretches read one after the other in which everything had expired. */
  #fruitless = 0;
  /** The first sequence of a loss that is not announced yet: only what follows says how far it goes. */
  #gapFrom: number | undefined;

  constructor(store: Store, topic: TopicRecord, ref: ShardRef, position: Position, state: ShardState, nowMs: number) {
    this.ref = ref;
    this.position = position;
    this.#store = store;
    this.#state = state;
    this.#nowMs = nowMs;
    this.#cutoffMs = topic.retentionSeconds === 0 ? Number.NEGATIVE_INFINITY : nowMs - topic.retentionSeconds * 1000;
  }

  get more(): boolean {
    return this.position.ticket < this.#state.tickets;
  }

  /** There is more, and this step has not searched long enough yet. */
  get ready(): boolean {
    return this.more && this.#fruitless < stretchesMax;
  }

  async take(messagesMax: number, bytesMax: number): Promise<Delivery[]> {
    const taken: Delivery[] = [];
    let messages = 0;
    let bytes = 0;
    while (this.ready && messages === 0) {
      const entries = await this.#nextStretch(messagesMax, bytesMax);
      if (await this.#stepsOver(entries[0])) continue;
      for (const entry of entries) {
        for (const message of decodeEntry(entry)) {
          if (entry.ticket === this.position.ticket && message.index < this.position.index) continue;
          if (messages >= messagesMax || bytes >= bytesMax) return taken;
          const next =
            message.index + 1 === entry.count
              ? { ticket: entry.ticket + 1, index: 0 }
              : { ticket: entry.ticket, index: message.index + 1 };
          if (message.expiresAtMs <= this.#nowMs || entry.publishedAtMs <= this.#cutoffMs)
            this.#gapFrom ??= message.sequence;
          else {
            taken.push(...this.lossBefore({ ticket: entry.ticket, index: message.index, sequence: message.sequence }));
            const text = renderMessage(this.ref, entry.publishedAtMs, message);
            messages += 1;
            bytes += text.length;
            taken.push({ ref: this.ref, position: { ...next, sequence: message.sequence + 1 }, message: text });
            this.#fruitless = 0;
          }
          this.position = { ...next, sequence: message.sequence + 1 };
        }
      }
    }
    return taken;
  }

  /** The loss between what was delivered last and a position, to be announced once. */
  lossBefore(position: Position): Delivery[] {
    const fromSequence = this.#gapFrom;
    this.#gapFrom = undefined;
    if (fromSequence === undefined || fromSequence >= position.sequence) return [];
    const { topic, shard } = this.ref;
    const discontinuity: Discontinuity = {
      topic,
      shard,
      fromSequence,
      toSequence: position.sequence - 1,
      reason: "expired",
    };
    return [{ ref: this.ref, position, discontinuity }];
  }

  /** Entries from the position on. After a fruitless stretch more than is asked for, as most of it may have expired too. */
  async #nextStretch(messagesMax: number, bytesMax: number): Promise<Entry[]> {
    const { ticket, index } = this.position;
    const entries = await (this.#fruitless === 0
      ? this.#store.readEntries(this.ref, ticket, messagesMax + index, bytesMax)
      : this.#store.readEntries(this.ref, ticket, limits.pageMessagesMax + index, limits.pageBytesMax));
    // Trimmed or deleted meanwhile: the next step announces it.
    this.#fruitless = entries.length === 0 ? stretchesMax : this.#fruitless + 1;
    return entries;
  }

  /**
   * Steps over what is not there, up to the next entry or, without one, to the end; and, without reading it, over what
   * retention has ended. A loss is only what was trimmed: a ticket that was given out and never used is a silent hole.
   * Gives whether there is another stretch to read.
   */
  async #stepsOver(next: Entry | undefined): Promise<boolean> {
    const { ticket, sequence } = this.position;
    const hasExpired = next !== undefined && next.publishedAtMs <= this.#cutoffMs;
    const kept = hasExpired ? await this.#store.findEntry(this.ref, { publishedAtMs: this.#cutoffMs + 1 }) : next;
    if (kept && kept.ticket <= ticket) return false;
    if (hasExpired || (await this.#isTrimmed(ticket))) this.#gapFrom ??= sequence;
    if (kept && kept === next) return false;
    this.position = kept
      ? { ticket: kept.ticket, index: 0, sequence: kept.firstSequence }
      : { ticket: this.#state.tickets, index: 0, sequence: this.#state.messages };
    this.#fruitless = 0;
    return true;
  }

  async #isTrimmed(ticket: number): Promise<boolean> {
    if (ticket < this.#state.firstTicket) return true;
    const state = await this.#store.getShard(this.ref);
    return state !== undefined && ticket < state.firstTicket;
  }
}

/** A cursor that goes along with the deliveries of a step: behind each that it passed, it is the cursor to go on from. */
export class MovingCursor implements Cursor {
  readonly generation: number;
  readonly topics: { topicHash: number; incarnation: number; positions: Map<number, Position> }[];

  /** Begins where the step began. */
  constructor({ generation, topics }: Cursor) {
    this.generation = generation;
    this.topics = topics.map((topic) => ({ ...topic, positions: new Map(topic.positions) }));
  }

  pass({ ref, position }: Delivery): this {
    const topicHash = topicHashOf(ref.topic);
    let part = this.topics.find((topic) => topic.topicHash === topicHash);
    if (!part) {
      part = { topicHash, incarnation: ref.incarnation, positions: new Map() };
      this.topics.push(part);
      this.topics.sort((a, b) => a.topicHash - b.topicHash);
    } else if (part.incarnation !== ref.incarnation) {
      part.incarnation = ref.incarnation;
      part.positions.clear();
    }
    part.positions.set(ref.shard, position);
    return this;
  }
}

function moved(cursor: Cursor, topics: readonly TopicRecord[], shards: readonly ShardReader[]): Cursor {
  const read = topics.map(({ topic, incarnation }) => ({
    topicHash: topicHashOf(topic),
    incarnation,
    positions: new Map(
      shards.filter(({ ref }) => ref.topic === topic).map(({ ref, position }) => [ref.shard, position]),
    ),
  }));
  const others = cursor.topics.filter(({ topicHash }) => !read.some((topic) => topic.topicHash === topicHash));
  return { generation: cursor.generation, topics: [...read, ...others].sort((a, b) => a.topicHash - b.topicHash) };
}

/** The end of every shard of these topics. */
export async function endOf(store: Store, topics: readonly TopicRecord[]): Promise<TopicCursor[]> {
  return positionsAt(topics, async (ref) => {
    const state = await store.getShard(ref);
    return state ? { ticket: state.tickets, index: 0, sequence: state.messages } : startOfShard;
  });
}

/** The first message at or after a time, in every shard of these topics. */
export async function positionsAtTime(
  store: Store,
  topics: readonly TopicRecord[],
  publishedAtMs: number,
): Promise<TopicCursor[]> {
  const ends = await endOf(store, topics);
  return positionsAt(topics, async (ref) => {
    const entry = await store.findEntry(ref, { publishedAtMs });
    if (entry) return { ticket: entry.ticket, index: 0, sequence: entry.firstSequence };
    return ends.find(({ topicHash }) => topicHash === topicHashOf(ref.topic))!.positions.get(ref.shard)!;
  });
}

/** The beginning of these topics: no shard is named. */
export function startOf(topics: readonly TopicRecord[]): TopicCursor[] {
  return topics.map(({ topic, incarnation }) => ({ topicHash: topicHashOf(topic), incarnation, positions: new Map() }));
}

async function positionsAt(
  topics: readonly TopicRecord[],
  at: (ref: ShardRef) => Promise<Position>,
): Promise<TopicCursor[]> {
  const cursors: TopicCursor[] = [];
  for (const topic of topics) {
    const positions = new Map<number, Position>();
    for (const ref of shardsOf(topic)) positions.set(ref.shard, await at(ref));
    cursors.push({ topicHash: topicHashOf(topic.topic), incarnation: topic.incarnation, positions });
  }
  return cursors.sort((a, b) => a.topicHash - b.topicHash);
}

/** Refuses a cursor that was made for other topics than these names: it would silently read them from their beginning. */
export function checkCursorTopics(cursor: Cursor, names: readonly string[]): void {
  const known = new Set(names.map(topicHashOf));
  if (cursor.topics.some(({ topicHash }) => !known.has(topicHash))) {
    throw new BellwetherError(
      "invalid_cursor",
      "The cursor belongs to other topics than are read here. Use a cursor of this reader.",
    );
  }
}

/** Refuses a cursor that lies beyond the end of a shard. */
export async function checkNotAhead(store: Store, topics: readonly TopicRecord[], cursor: Cursor): Promise<void> {
  for (const topic of topics) {
    const part = cursor.topics.find(({ topicHash }) => topicHash === topicHashOf(topic.topic));
    if (!part) continue;
    if (part.incarnation > topic.incarnation) throw cursorAhead(topic.topic);
    if (part.incarnation < topic.incarnation) continue;
    for (const [shard, position] of part.positions) {
      const state = await store.getShard({ topic: topic.topic, incarnation: topic.incarnation, shard });
      if (!state || isBeyond(position, state)) throw cursorAhead(topic.topic);
    }
  }
}

/** Sequences between a cursor and the end of a topic: an upper bound of the messages waiting. */
export async function lagOf(store: Pick<Store, "getShard">, topic: TopicRecord, cursor: Cursor): Promise<number> {
  const hash = topicHashOf(topic.topic);
  const part = cursor.topics.find(
    ({ topicHash, incarnation }) => topicHash === hash && incarnation === topic.incarnation,
  );
  let lag = 0;
  for (const ref of shardsOf(topic)) {
    const state = await store.getShard(ref);
    if (!state) continue;
    const sequence = Math.max(state.firstSequence, part?.positions.get(ref.shard)?.sequence ?? 0);
    lag += Math.max(0, state.messages - sequence);
  }
  return lag;
}

/** What to watch for news behind a cursor. */
export function watchesOf(topics: readonly TopicRecord[], cursor: Cursor): { ref: ShardRef; ticket: number }[] {
  return topics.flatMap((topic) => {
    const part = cursor.topics.find(
      ({ topicHash, incarnation }) => topicHash === topicHashOf(topic.topic) && incarnation === topic.incarnation,
    );
    return shardsOf(topic).map((ref) => ({ ref, ticket: part?.positions.get(ref.shard)?.ticket ?? 0 }));
  });
}

function isBeyond(position: Position, state: ShardState): boolean {
  return (
    position.ticket > state.tickets ||
    position.sequence > state.messages ||
    (position.ticket === state.tickets && position.index > 0)
  );
}

function cursorAhead(topic: string): BellwetherError {
  return new BellwetherError(
    "cursor_ahead",
    `The cursor lies beyond the end of the topic "${topic}". Use a cursor exactly as it was given, on the service that gave it.`,
  );
}
