import { BellwetherError } from "#contract/errors.ts";
import type { Cursor, Position } from "#core/cursor.ts";
import { draftOf, encodePart } from "#core/entry.ts";
import { readOn } from "#core/reader.ts";
import { hash32 } from "#core/shard.ts";
import type { AppendRequest, TopicRecord } from "#core/store.ts";
import { Random } from "../random.ts";
import { wrongCounts } from "./counts.ts";
import { calm, type Lie, type Mood } from "./faulty-client.ts";
import { check, History, type PublishedCall, type ReaderHistory } from "./history.ts";
import { ModelDynamoDb } from "./model-dynamodb.ts";
import { type Process, startProcess } from "./processes.ts";
import { World } from "./world.ts";

/** What a run did, and each thing that went wrong in it. */
export interface RunResult {
  readonly wrong: readonly string[];
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly delivered: number;
  readonly tombstones: number;
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const t0 = Date.UTC(2026, 0, 5, 22);
const subscriberId = "s";
/** No request is later, and no process frozen for longer. */
const lateMaxMs = 130_000;

/**
 * One life of a topic over a DynamoDB that fails, which a seed decides: several processes publish, read, commit and count
 * at once; requests and answers are lost, come late or twice, reads are old, processes freeze and are killed, days pass and
 * items are deleted. Then faults end, everything is completed and read to its end, and all answers are compared.
 */
export async function runWithFaults(seed: number, lie?: Lie): Promise<RunResult> {
  const run = new Run(seed, lie);
  await run.begin();
  for (let rounds = run.random.integer(1, 4); rounds > 0; rounds--) {
    await run.round();
    await run.settle();
    await run.passTime();
  }
  return run.end();
}

interface PendingCall {
  readonly request: Omit<AppendRequest, "nowMs">;
  readonly call: PublishedCall;
}

class Run {
  readonly random: Random;
  readonly #world: World;
  readonly #model = new ModelDynamoDb();
  readonly #history = new History();
  readonly #lie: Lie | undefined;
  readonly #mood: Mood;
  readonly #topic: TopicRecord;
  readonly #processes: Process[] = [];
  readonly #pending: PendingCall[] = [];
  readonly #committed = new Map<number, number>();
  #isCalm = true;
  #messages = 0;
  #unanswered = 0;

  constructor(seed: number, lie: Lie | undefined) {
    const random = new Random(seed);
    this.random = random;
    this.#world = new World(random, t0 + random.integer(0, 3 * hour));
    this.#lie = lie;
    const rate = (...rates: number[]): number => random.pick(rates);
    this.#mood = {
      lostAnswer: rate(0, 0.02, 0.1),
      lostRequest: rate(0, 0.02, 0.05),
      late: rate(0, 0.02, 0.1),
      twice: rate(0, 0.05, 0.2),
      throttled: rate(0, 0, 0.1),
      staleMs: rate(0, 100, 1_500),
      answerMs: rate(5, 30, 400),
      frozen: rate(0, 0.01, 0.05),
    };
    this.#topic = {
      topic: "a",
      incarnation: t0,
      shards: random.integer(1, 2),
      retentionSeconds: random.pick([0, 3_600, 3 * 86_400]),
      terms: { enabled: true, languages: [], hidden: [] },
    };
    for (let i = 0; i < 3; i++) this.#processes.push(this.#start());
  }

  async begin(): Promise<void> {
    const { store } = this.#process();
    await this.#alone(async () => {
      await store.createTopic(this.#topic, 10);
      const cursor = { generation: 0, topics: [] };
      const record = { subscriberId, topics: ["a"], secretHash: "", createdAtMs: t0, cursor };
      await store.createSubscriber(record, 10);
    });
    if (this.random.chance(0.4)) this.#nearSegmentEnd();
    for (let i = this.random.integer(1, 2); i > 0; i--) this.#startReader();
  }

  /** Everybody at once, over a DynamoDB that fails. */
  async round(): Promise<void> {
    const works: Promise<unknown>[] = [];
    const start = (work: () => Promise<unknown>): void => void works.push(this.#survived(work));
    this.#isCalm = false;
    for (let i = this.random.integer(1, 3); i > 0; i--) start(() => this.#publishes(this.random.integer(1, 5)));
    for (const reader of this.#history.readers) start(() => this.#reads(reader, this.random.integer(1, 6)));
    for (let i = this.random.integer(0, 2); i > 0; i--) start(() => this.#counts());
    for (let i = this.random.integer(0, 2); i > 0; i--) start(() => this.#commits());
    for (let i = this.random.integer(0, 2); i > 0; i--) start(() => this.#expires());
    if (this.random.chance(0.4)) this.#killSoon();
    await this.#world.until(Promise.all(works));
    this.#isCalm = true;
  }

  /** Without faults: what was not answered is completed, and all is counted. What is late may still come. */
  async settle(): Promise<void> {
    await this.#alone(async () => {
      const { store, counting } = this.#process();
      for (const pending of this.#pending.splice(0)) await this.#try(this.#process(), pending, true);
      for (let passes = 0; passes < 12; passes++) {
        const { more } = await counting.countTerms();
        if (!more) break;
      }
      this.#history.noteLog(this.#model);
      const since = this.#world.nowMs - 40 * hour;
      this.#history.wrong.push(...(await wrongCounts(store, this.#topic, [...this.#history.logged.values()], since)));
      await store.expire(this.#world.nowMs);
    });
  }

  async passTime(): Promise<void> {
    const { random } = this;
    const ms = random.pick([0, second, 3 * minute, 2 * hour, 2 * hour, 26 * hour, 4 * day, 8 * day]);
    // No request is under way for hours: what is late comes before.
    if (ms >= hour) await this.#alone(() => this.#pause(lateMaxMs));
    this.#world.nowMs += ms;
    const share = random.next();
    this.#model.deleteExpired("x", this.#world.nowMs, () => random.chance(share));
  }

  async end(): Promise<RunResult> {
    await this.settle();
    this.#startReader();
    await this.#alone(async () => {
      // What was under way comes at the latest now, and must change nothing.
      await this.#pause(lateMaxMs);
      for (const reader of this.#history.readers) await this.#reads(reader, 100);
    });
    this.#history.noteLog(this.#model);
    await this.settle();
    await this.#checkCommitted();
    const { calls, readers, logged } = this.#history;
    return {
      wrong: check(this.#history, this.#topic, this.#world.nowMs),
      acknowledged: calls.filter(({ answers }) => answers.length > 0).length,
      unanswered: this.#unanswered,
      delivered: readers.reduce((sum, { messages }) => sum + messages.length, 0),
      tombstones:
        this.#model.items("Messages").length -
        new Set([...logged.values()].map(({ shard, ticket }) => `${shard} ${ticket}`)).size,
    };
  }

  // ── What the processes do ────────────────────────────────────────────────────────────────────────────────────────

  async #publishes(calls: number): Promise<void> {
    for (; calls > 0; calls--) {
      const pending = this.#newCall();
      this.#history.calls.push(pending.call);
      this.#pending.push(pending);
      const twins = pending.call.hasKey && this.random.chance(0.4) ? 2 : 1;
      await Promise.all(Array.from({ length: twins }, () => this.#tries(pending)));
      if (this.random.chance(0.3)) await this.#pause(this.random.integer(0, 3_000));
    }
  }

  async #tries(pending: PendingCall): Promise<void> {
    for (let tries = pending.call.hasKey ? this.random.integer(1, 3) : 1; tries > 0; tries--) {
      const process = this.#process();
      await this.#survived(() => this.#try(process, pending, false), process);
    }
  }

  async #try(process: Process, { request, call }: PendingCall, isLast: boolean): Promise<void> {
    if (isLast && !call.hasKey) return;
    try {
      const nowMs = process.nowMs();
      const { publishedAtMs, firstSequences } = await process.store.append({
        ...request,
        nowMs,
        ...(request.idempotency && { idempotency: { ...request.idempotency, expiresAtMs: nowMs + day } }),
      });
      call.answers.push({ publishedAtMs, firstSequences });
    } catch (error) {
      this.#expected(error);
      this.#unanswered += 1;
      if (isLast) this.#history.wrong.push(`a repeated call was refused without a fault: ${(error as Error).cause}`);
    }
  }

  async #reads(reader: ReaderHistory, polls: number): Promise<void> {
    for (; polls > 0; polls--) {
      const process = this.#process();
      await this.#survived(async () => {
        try {
          const nowMs = process.nowMs();
          const step = await readOn(process.store, [this.#topic], reader.cursor, this.random.integer(1, 5), nowMs);
          for (const delivery of step.deliveries) {
            const { shard } = delivery.ref;
            if ("message" in delivery) {
              const { sequence, body } = JSON.parse(delivery.message);
              reader.messages.push({ shard, sequence, text: body });
            } else {
              const { fromSequence, toSequence } = delivery.discontinuity;
              reader.losses.push({ shard, from: fromSequence, to: toSequence, atMs: process.nowMs() });
            }
          }
          reader.cursor = step.cursor;
        } catch (error) {
          this.#expected(error);
        }
      }, process);
      if (!this.#isCalm) await this.#pause(this.random.integer(0, 1_000));
    }
  }

  async #counts(): Promise<void> {
    const process = this.#process();
    for (let passes = this.random.integer(1, 3); passes > 0; passes--) {
      await this.#survived(async () => {
        try {
          await process.counting.countTerms();
        } catch (error) {
          this.#expected(error);
        }
      }, process);
      await this.#pause(this.random.integer(0, 1_500));
    }
  }

  async #expires(): Promise<void> {
    await this.#pause(this.random.integer(0, 1_000));
    const process = this.#process();
    await this.#survived(async () => {
      try {
        await process.store.expire(process.nowMs());
      } catch (error) {
        this.#expected(error);
      }
    }, process);
  }

  async #commits(): Promise<void> {
    for (let commits = this.random.integer(1, 3); commits > 0; commits--) {
      const process = this.#process();
      const shard = this.random.integer(0, 3);
      const ticket = this.random.integer(1, 1_000);
      await this.#survived(async () => {
        try {
          const cursor = cursorAt(new Map([[shard, { ticket, index: 0, sequence: ticket }]]));
          await process.store.commitCursor(subscriberId, cursor, process.nowMs());
          this.#committed.set(shard, Math.max(ticket, this.#committed.get(shard) ?? 0));
        } catch (error) {
          this.#expected(error);
        }
      }, process);
    }
  }

  async #checkCommitted(): Promise<void> {
    await this.#alone(async () => {
      const record = await this.#process().store.getSubscriber(subscriberId);
      const positions = record?.cursor.topics[0]?.positions ?? new Map<number, Position>();
      for (const [shard, ticket] of this.#committed)
        if ((positions.get(shard)?.ticket ?? 0) < ticket)
          this.#history.wrong.push(`a commit of ticket ${ticket} stands at ${positions.get(shard)?.ticket}`);
    });
  }

  // ── What they are made of ────────────────────────────────────────────────────────────────────────────────────────

  #newCall(): PendingCall {
    const { random } = this;
    const shards = random.chance(0.7)
      ? [random.integer(0, this.#topic.shards - 1)]
      : Array.from({ length: this.#topic.shards }, (_, i) => i);
    const parts = shards.map((shard) => ({
      shard,
      texts: Array.from({ length: random.integer(1, 2) }, () => `w${this.#messages++}`),
    }));
    const hasKey = random.chance(0.6);
    return {
      call: { parts, hasKey, answers: [] },
      request: {
        topic: this.#topic.topic,
        incarnation: this.#topic.incarnation,
        parts: parts.map(({ shard, texts }) => ({
          shard,
          count: texts.length,
          payload: encodePart(
            "p",
            texts.map((text) => draftOf(`"body":"${text}"}`)),
          ),
        })),
        ...(hasKey && { idempotency: { recordKey: `k${this.#messages}`, fingerprint: "f", expiresAtMs: 0 } }),
      },
    };
  }

  /** As if 65,534 tickets had been given out and trimmed: the next ones go over to the next segment. */
  #nearSegmentEnd(): void {
    const tickets = { N: String(65_536 - this.random.integer(1, 4)) };
    const day36 = Math.floor((this.#world.nowMs - 20 * day) / day).toString(36);
    for (const item of this.#model.items("Topics").filter(({ s }) => s?.S === "log"))
      this.#model.set("Topics", {
        ...item,
        t: tickets,
        m: tickets,
        c: tickets,
        [`T${day36}`]: tickets,
        [`M${day36}`]: tickets,
        [`B${day36}`]: { N: "0" },
      });
  }

  #startReader(): void {
    this.#history.readers.push({ cursor: { generation: 0, topics: [] }, messages: [], losses: [] });
  }

  #process(): Process {
    return this.random.pick(this.#processes);
  }

  #start(): Process {
    return startProcess(this.#world, this.#model, () => (this.#isCalm ? calm : this.#mood), this.#lie);
  }

  #killSoon(): void {
    this.#world.after(this.random.integer(0, 2_000), () => {
      if (this.#isCalm) return;
      const i = this.random.integer(0, this.#processes.length - 1);
      this.#processes[i]!.kill();
      this.#processes[i] = this.#start();
    });
  }

  /** What a process does ends with it. */
  #survived(work: () => Promise<unknown>, process?: Process): Promise<unknown> {
    return process ? Promise.race([work(), process.died]) : work();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.after(ms, resolve));
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    const done = work();
    await this.#world.until(done);
    await done;
  }

  #expected(error: unknown): void {
    if (!(error instanceof BellwetherError) || error.code !== "unavailable")
      this.#history.wrong.push(`${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
}

function cursorAt(positions: ReadonlyMap<number, Position>): Cursor {
  return { generation: 0, topics: [{ topicHash: hash32("a"), incarnation: 1, positions }] };
}
