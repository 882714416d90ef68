import { BellwetherError } from "#contract/errors.ts";
import type { Cursor, Position } from "#core/cursor.ts";
import { draftOf, encodePart } from "#core/entry.ts";
import { readOn } from "#core/reader.ts";
import { hash32 } from "#core/shard.ts";
import type { AppendRequest, TopicRecord } from "#core/store.ts";
import { countedUpTo } from "#functions/counted-up-to.ts";
import type { Random } from "../random.ts";
import type { Cluster } from "./cluster.ts";
import type { History, PublishedCall, ReaderHistory } from "./history.ts";
import type { Process } from "./processes.ts";

const day = 86_400_000;
export const subscriberId = "s";

interface PendingCall {
  readonly request: Omit<AppendRequest, "nowMs">;
  readonly call: PublishedCall;
}

/** What the processes of a run do with its topic, noted in the history. */
export class Actors {
  readonly #cluster: Cluster;
  readonly #history: History;
  readonly #topic: TopicRecord;
  readonly #pending: PendingCall[] = [];
  readonly #committed = new Map<number, number>();
  #messages = 0;
  /** Tries of calls that failed. */
  unanswered = 0;

  constructor(cluster: Cluster, history: History, topic: TopicRecord) {
    this.#cluster = cluster;
    this.#history = history;
    this.#topic = topic;
  }

  async publishes(calls: number): Promise<void> {
    const { random } = this.#cluster;
    for (; calls > 0; calls--) {
      const pending = newCall(random, this.#topic, () => `w${this.#messages++}`);
      this.#history.calls.push(pending.call);
      this.#pending.push(pending);
      const twins = pending.call.hasKey && random.chance(0.4) ? 2 : 1;
      await Promise.all(Array.from({ length: twins }, () => this.#tries(pending)));
      if (random.chance(0.3)) await this.#cluster.pause(random.integer(0, 3_000));
    }
  }

  /** Repeats, where nothing fails any more, the calls with an Idempotency-Key: each is to be answered now. */
  async completes(): Promise<void> {
    for (const pending of this.#pending.splice(0)) {
      if (!pending.call.hasKey) continue;
      const answers = pending.call.answers.length;
      await this.#alive((process) => this.#try(process, pending));
      if (pending.call.answers.length === answers)
        this.#history.wrong.push("a repeated call was refused without a fault");
    }
  }

  async reads(reader: ReaderHistory, polls: number): Promise<void> {
    const { random } = this.#cluster;
    for (; polls > 0; polls--) {
      await this.#alive(async ({ store, nowMs }) => {
        const step = await readOn(store, [this.#topic], reader.cursor, random.integer(1, 5), nowMs());
        for (const delivery of step.deliveries) {
          const { shard } = delivery.ref;
          if ("message" in delivery) {
            const { sequence, body } = JSON.parse(delivery.message);
            reader.messages.push({ shard, sequence, text: body });
          } else {
            const { fromSequence, toSequence } = delivery.discontinuity;
            reader.losses.push({ shard, from: fromSequence, to: toSequence, atMs: nowMs() });
          }
        }
        reader.cursor = step.cursor;
      });
      if (!this.#cluster.isCalm) await this.#cluster.pause(random.integer(0, 1_000));
    }
  }

  async counts(): Promise<void> {
    const { random } = this.#cluster;
    const process = this.#cluster.process();
    for (let passes = random.integer(1, 3); passes > 0; passes--) {
      await this.#alive(({ counting }) => counting.countTerms(), process);
      await this.#cluster.pause(random.integer(0, 1_500));
    }
  }

  /** Asks up to when all is counted, and notes what was counted when that was answered. */
  async asks(): Promise<void> {
    const { random, model } = this.#cluster;
    for (let questions = random.integer(1, 4); questions > 0; questions--) {
      await this.#alive(async ({ store, appends, nowMs }) => {
        const asOfMs = await countedUpTo({ store, appends }, this.#topic, nowMs());
        this.#history.noteAnswer(asOfMs, model);
      });
      await this.#cluster.pause(random.integer(0, 2_000));
    }
  }

  async expires(): Promise<void> {
    await this.#cluster.pause(this.#cluster.random.integer(0, 1_000));
    await this.#alive(({ store, nowMs }) => store.expire(nowMs()));
  }

  async commits(): Promise<void> {
    const { random } = this.#cluster;
    for (let commits = random.integer(1, 3); commits > 0; commits--) {
      const shard = random.integer(0, 3);
      const ticket = random.integer(1, 1_000);
      await this.#alive(async ({ store, nowMs }) => {
        const cursor = cursorAt(new Map([[shard, { ticket, index: 0, sequence: ticket }]]));
        await store.commitCursor(subscriberId, cursor, nowMs());
        this.#committed.set(shard, Math.max(ticket, this.#committed.get(shard) ?? 0));
      });
    }
  }

  async checkCommitted(): Promise<void> {
    const record = await this.#cluster.process().store.getSubscriber(subscriberId);
    const positions = record?.cursor.topics[0]?.positions ?? new Map<number, Position>();
    for (const [shard, ticket] of this.#committed)
      if ((positions.get(shard)?.ticket ?? 0) < ticket)
        this.#history.wrong.push(`a commit of ticket ${ticket} stands at ${positions.get(shard)?.ticket}`);
  }

  async #tries(pending: PendingCall): Promise<void> {
    const { random } = this.#cluster;
    for (let tries = pending.call.hasKey ? random.integer(1, 3) : 1; tries > 0; tries--)
      await this.#alive((process) => this.#try(process, pending));
  }

  /** As `publish` does it. */
  async #try({ store, appends, nowMs }: Process, { request, call }: PendingCall): Promise<void> {
    const atMs = nowMs();
    appends.begin(atMs);
    try {
      const { publishedAtMs, firstSequences } = await store.append({
        ...request,
        nowMs: atMs,
        ...(request.idempotency && { idempotency: { ...request.idempotency, expiresAtMs: atMs + day } }),
      });
      call.answers.push({ publishedAtMs, firstSequences });
    } catch (error) {
      this.unanswered += 1;
      throw error;
    } finally {
      appends.end(atMs);
    }
  }

  /** What a process does, as long as it lives. That it fails as a store may is no wonder; anything else is wrong. */
  #alive(work: (process: Process) => Promise<unknown>, process: Process = this.#cluster.process()): Promise<unknown> {
    const done = work(process).catch((error) => {
      if (error instanceof BellwetherError && error.code === "unavailable") return;
      this.#history.wrong.push(`${error instanceof Error ? (error.stack ?? error.message) : error}`);
    });
    return Promise.race([done, process.died]);
  }
}

/** A call of one or two messages to one shard or to all, each with a text of its own. */
function newCall(random: Random, topic: TopicRecord, newText: () => string): PendingCall {
  const shards = random.chance(0.7)
    ? [random.integer(0, topic.shards - 1)]
    : Array.from({ length: topic.shards }, (_, i) => i);
  const parts = shards.map((shard) => ({
    shard,
    texts: Array.from({ length: random.integer(1, 2) }, newText),
  }));
  const hasKey = random.chance(0.6);
  return {
    call: { parts, hasKey, answers: [] },
    request: {
      topic: topic.topic,
      incarnation: topic.incarnation,
      parts: parts.map(({ shard, texts }) => ({
        shard,
        count: texts.length,
        payload: encodePart(
          "p",
          texts.map((text) => draftOf(`"body":"${text}"}`)),
        ),
      })),
      ...(hasKey && { idempotency: { recordKey: `k${parts[0]!.texts[0]}`, fingerprint: "f", expiresAtMs: 0 } }),
    },
  };
}

function cursorAt(positions: ReadonlyMap<number, Position>): Cursor {
  return { generation: 0, topics: [{ topicHash: hash32("a"), incarnation: 1, positions }] };
}
