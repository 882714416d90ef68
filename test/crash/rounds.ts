import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../random.ts";
import { call, readLog } from "./api.ts";
import { checkDelivered, checkLog, checkTerms, type Log, lastOf, recount, termsOfAll } from "./checks.ts";
import { CrashPublisher } from "./publishing.ts";
import { type MovedClock, ServerProcess } from "./server-process.ts";
import { CrashSubscriber } from "./subscribing.ts";

export interface CrashOptions {
  readonly rounds: number;
  readonly seed: number;
  /** The longest time under load before the kill, in ms. */
  readonly loadMsMax: number;
  readonly onRound?: (summary: string) => void;
}

export interface CrashResult {
  readonly violations: readonly string[];
  readonly kills: number;
  readonly acknowledged: number;
  /** Stored, though the crash came before the answer. */
  readonly unacknowledged: number;
  readonly retried: number;
  readonly commits: number;
  readonly delivered: number;
  readonly daysOnTheClock: number;
}

const topics = [
  { topic: "one", shards: 1 },
  { topic: "four", shards: 4 },
] as const;

/** The server's minutes pass in a second of ours, and hours between two rounds. */
const clockRate = 60;

/**
 * Kills the real server at random instants under load and starts it again over the same folder, again and again. After
 * each start everything that was promised is checked (`checks.ts`). Stops at the first round with a violation.
 */
export async function runCrashRounds(options: CrashOptions): Promise<CrashResult> {
  const folder = await mkdtemp(join(tmpdir(), "bellwether-crash-"));
  const run = new CrashRun(folder, options);
  try {
    return await run.all();
  } finally {
    await run.end();
    await rm(folder, { recursive: true, force: true });
  }
}

class CrashRun {
  readonly #folder: string;
  readonly #options: CrashOptions;
  readonly #random: Random;
  readonly #publishers: CrashPublisher[] = [];
  readonly #subscribers: CrashSubscriber[] = [];
  #clock: MovedClock = { startMs: Date.now(), rate: clockRate };
  readonly #firstMs = this.#clock.startMs;
  #server: ServerProcess | undefined;
  #startedAt = 0;
  #kills = 0;
  #logs: Log[] = [];

  constructor(folder: string, options: CrashOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async all(): Promise<CrashResult> {
    const { rounds, onRound } = this.#options;
    let violations: string[] = [];
    await this.#register(await this.#start());
    for (let round = 1; round <= rounds && violations.length === 0; round++) {
      await this.#loadAndKill();
      await this.#killEarly();
      violations = await this.#check(await this.#start());
      const result = this.#result(violations);
      onRound?.(
        `round ${round}: ${result.acknowledged} acknowledged, ${result.unacknowledged} stored unanswered, ${result.commits} commits, ${result.delivered} delivered, clock +${result.daysOnTheClock.toFixed(1)} d${violations.length > 0 ? ": VIOLATED" : ""}`,
      );
    }
    return this.#result(violations);
  }

  async end(): Promise<void> {
    await this.#server?.kill();
  }

  async #start(): Promise<string> {
    this.#server = new ServerProcess(this.#folder, { clock: this.#clock });
    this.#startedAt = performance.now();
    return this.#server.listening;
  }

  async #kill(jumpMs = 0): Promise<void> {
    const clock = this.#clock;
    await this.#server!.kill();
    this.#kills += 1;
    const elapsedMs = (performance.now() - this.#startedAt) * clock.rate;
    this.#clock = { ...clock, startMs: Math.ceil(clock.startMs + elapsedMs + 1_000 + jumpMs) };
  }

  async #loadAndKill(): Promise<void> {
    const url = await this.#server!.listening;
    const load = [...this.#publishers, ...this.#subscribers].map((each) => each.run(url));
    await delay(this.#random.integer(20, this.#options.loadMsMax));
    if (this.#random.chance(0.5)) await this.#nextAcknowledgement();
    // Once a round and under a day, after which an Idempotency-Key is forgotten.
    await this.#kill(this.#random.chance(0.7) ? this.#random.integer(0, 20 * 3_600_000) : 0);
    await Promise.all(load);
  }

  /** Nothing stands between this and the kill, so that an answer given before its commit would be caught. */
  async #nextAcknowledgement(): Promise<void> {
    const server = this.#server!.child;
    const acknowledged = new Promise<void>((resolve) => {
      for (const publisher of this.#publishers) {
        publisher.onAcknowledged = () => {
          server.kill("SIGKILL");
          resolve();
        };
      }
    });
    await Promise.race([acknowledged, delay(5_000)]); // publishers that were refused have ended
    for (const publisher of this.#publishers) publisher.onAcknowledged = () => {};
  }

  /** Sometimes it does not even come to listen, or recovers and is killed at once. */
  async #killEarly(): Promise<void> {
    while (this.#random.chance(0.3)) {
      void this.#start().catch(() => {});
      await delay(this.#random.integer(0, 500));
      await this.#kill();
    }
  }

  async #register(url: string): Promise<void> {
    for (const { topic, shards } of topics) {
      await call(url, "PUT", `/v1/topics/${topic}`, { body: JSON.stringify({ shards, retentionSeconds: 0 }) });
      for (let i = 0; i < 3; i++) {
        const name = `${topic}-publisher-${i}`;
        const { token } = await call<{ token: string }>(url, "POST", "/v1/publishers", {
          body: JSON.stringify({ name, topics: [topic] }),
        });
        this.#publishers.push(new CrashPublisher(name, topic, token, this.#randomOfItsOwn()));
      }
      for (let i = 0; i < 2; i++) {
        const name = `${topic}-subscriber-${i}`;
        const registered = await call<{ subscriberId: string; token: string; cursor: string }>(
          url,
          "POST",
          "/v1/subscribers",
          { body: JSON.stringify({ name, topics: [topic], from: "earliest" }) },
        );
        this.#subscribers.push(new CrashSubscriber(name, topic, registered, this.#randomOfItsOwn()));
      }
    }
  }

  #randomOfItsOwn(): Random {
    return new Random(this.#random.integer(0, 2 ** 32 - 1));
  }

  async #check(url: string): Promise<string[]> {
    for (const publisher of this.#publishers) await publisher.settle(url);
    this.#logs = await Promise.all(topics.map(({ topic }) => readLog(url, topic)));
    const violations: string[] = [];
    for (const [i, { topic }] of topics.entries()) {
      const log = this.#logs[i]!;
      violations.push(
        ...checkLog(
          log,
          this.#publishers.filter((each) => each.topic === topic),
        ),
      );
      for (const subscriber of this.#subscribers.filter((each) => each.topic === topic)) {
        await subscriber.check(url, log);
        await subscriber.drain(url);
        violations.push(...checkDelivered(subscriber, log));
      }
      const answer = await termsOfAll(url, topic, lastOf(log));
      violations.push(...checkTerms(`topic ${topic}`, answer, recount([...log.values()].flat())));
    }
    const overall = await termsOfAll(url, undefined, undefined);
    violations.push(
      ...checkTerms("overall", overall, recount(this.#logs.flatMap((log) => [...log.values()].flat()))),
      ...[...this.#publishers, ...this.#subscribers].flatMap((each) => each.violations),
    );
    if (/"level":(50|60)/.test(this.#server!.errors)) violations.push(`the server logged: ${this.#server!.errors}`);
    return violations;
  }

  #result(violations: readonly string[]): CrashResult {
    const acknowledged = this.#publishers.reduce((sum, each) => sum + each.acknowledgedCount, 0);
    const stored = this.#logs.reduce((sum, log) => sum + [...log.values()].flat().length, 0);
    const delivered = this.#subscribers.flatMap((each) => [...each.delivered.values()]).flat().length;
    return {
      violations,
      kills: this.#kills,
      acknowledged,
      unacknowledged: Math.max(0, stored - acknowledged),
      retried: this.#publishers.reduce((sum, each) => sum + each.retried, 0),
      commits: this.#subscribers.reduce((sum, each) => sum + each.commits, 0),
      delivered,
      daysOnTheClock: (this.#clock.startMs - this.#firstMs) / 86_400_000,
    };
  }
}
