import type { TopicRecord } from "#core/store.ts";
import { Random } from "../random.ts";
import { Actors, subscriberId } from "./actors.ts";
import { Cluster } from "./cluster.ts";
import { wrongCounts } from "./counts.ts";
import type { Lie } from "./faulty-client.ts";
import { check, History } from "./history.ts";

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

class Run {
  readonly random: Random;
  readonly #cluster: Cluster;
  readonly #history = new History();
  readonly #topic: TopicRecord;
  readonly #actors: Actors;

  constructor(seed: number, lie: Lie | undefined) {
    const random = new Random(seed);
    this.random = random;
    this.#cluster = new Cluster(random, t0 + random.integer(0, 3 * hour), lie);
    this.#topic = {
      topic: "a",
      incarnation: t0,
      shards: random.integer(1, 2),
      retentionSeconds: random.pick([0, 3_600, 3 * 86_400]),
      terms: { enabled: true, languages: [], hidden: [] },
    };
    this.#actors = new Actors(this.#cluster, this.#history, this.#topic);
  }

  async begin(): Promise<void> {
    const { store } = this.#cluster.process();
    await this.#cluster.alone(async () => {
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
    const { random } = this;
    const actors = this.#actors;
    const works: Promise<unknown>[] = [];
    const some = (min: number, max: number, work: () => Promise<unknown>): void => {
      for (let i = random.integer(min, max); i > 0; i--) works.push(work());
    };
    this.#cluster.isCalm = false;
    some(1, 3, () => actors.publishes(random.integer(1, 5)));
    for (const reader of this.#history.readers) works.push(actors.reads(reader, random.integer(1, 6)));
    some(0, 2, () => actors.counts());
    some(0, 2, () => actors.asks());
    some(0, 2, () => actors.commits());
    some(0, 2, () => actors.expires());
    if (random.chance(0.4)) this.#cluster.killSoon();
    await this.#cluster.world.until(Promise.all(works));
    this.#cluster.isCalm = true;
  }

  /** Without faults: what was not answered is completed, and all is counted. What is late may still come. */
  async settle(): Promise<void> {
    const { world, model } = this.#cluster;
    await this.#cluster.alone(async () => {
      const { store, counting } = this.#cluster.process();
      await this.#actors.completes();
      for (let passes = 0; passes < 12; passes++) {
        const { more } = await counting.countTerms();
        if (!more) break;
      }
      this.#history.noteLog(model);
      const since = world.nowMs - 40 * hour;
      this.#history.wrong.push(...(await wrongCounts(store, this.#topic, [...this.#history.logged.values()], since)));
      await store.expire(world.nowMs);
    });
  }

  async passTime(): Promise<void> {
    const { random } = this;
    const ms = random.pick([0, second, 3 * minute, 2 * hour, 2 * hour, 26 * hour, 4 * day, 8 * day]);
    // No request is under way for hours: what is late comes before.
    if (ms >= hour) await this.#cluster.alone(() => this.#cluster.pause(lateMaxMs));
    this.#cluster.world.nowMs += ms;
    const share = random.next();
    this.#cluster.model.deleteExpired("x", this.#cluster.world.nowMs, () => random.chance(share));
  }

  async end(): Promise<RunResult> {
    await this.settle();
    this.#startReader();
    await this.#cluster.alone(async () => {
      // What was under way comes at the latest now, and must change nothing.
      await this.#cluster.pause(lateMaxMs);
      for (const reader of this.#history.readers) await this.#actors.reads(reader, 100);
    });
    this.#history.noteLog(this.#cluster.model);
    await this.settle();
    await this.#cluster.alone(() => this.#actors.checkCommitted());
    const { calls, readers } = this.#history;
    return {
      wrong: check(this.#history, this.#topic, this.#cluster.world.nowMs),
      acknowledged: calls.filter(({ answers }) => answers.length > 0).length,
      unanswered: this.#actors.unanswered,
      delivered: readers.reduce((sum, { messages }) => sum + messages.length, 0),
      tombstones: this.#history.tombstones.size,
    };
  }

  /** As if 65,534 tickets had been given out and trimmed: the next ones go over to the next segment. */
  #nearSegmentEnd(): void {
    const tickets = { N: String(65_536 - this.random.integer(1, 4)) };
    const day36 = Math.floor((this.#cluster.world.nowMs - 20 * day) / day).toString(36);
    for (const item of this.#cluster.model.items("Topics").filter(({ s }) => s?.S === "log"))
      this.#cluster.model.set("Topics", {
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
}
