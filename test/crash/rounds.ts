import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../random.ts";
import { checkTerms, type Log, recount, termsOfAll } from "./checks.ts";
import { Controls } from "./controls.ts";
import { Population } from "./population.ts";
import { startLoad } from "./service.ts";
import { World } from "./world.ts";

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
  const controls = new Controls(join(folder, "controls"), clockRate);
  const world = new World(join(folder, "data"), controls);
  try {
    return await new CrashRun(world, options).all();
  } finally {
    await world.kill();
    controls.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class CrashRun {
  readonly #world: World;
  readonly #options: CrashOptions;
  readonly #random: Random;
  #population!: Population;
  #logs: readonly Log[] = [];

  constructor(world: World, options: CrashOptions) {
    this.#world = world;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async all(): Promise<CrashResult> {
    const { rounds, onRound } = this.#options;
    await this.#world.start();
    this.#population = await Population.register(
      this.#url,
      { topics, publishersPerTopic: 3, subscribersPerTopic: 2 },
      this.#random,
    );
    let violations: readonly string[] = [];
    for (let round = 1; round <= rounds && violations.length === 0; round++) {
      await this.#loadAndKill();
      await this.#killEarly();
      violations = await this.#startAndCheck();
      const result = this.#result(violations);
      onRound?.(
        `round ${round}: ${result.acknowledged} acknowledged, ${result.unacknowledged} stored unanswered, ${result.commits} commits, ${result.delivered} delivered, clock +${result.daysOnTheClock.toFixed(1)} d${violations.length > 0 ? ": VIOLATED" : ""}`,
      );
    }
    return this.#result(violations);
  }

  get #url(): string {
    return this.#world.service.url!;
  }

  async #loadAndKill(): Promise<void> {
    const load = startLoad(this.#world.service, [...this.#population.publishers, ...this.#population.subscribers]);
    await delay(this.#random.integer(20, this.#options.loadMsMax));
    if (this.#random.chance(0.5)) await this.#nextAcknowledgement();
    await this.#world.kill();
    await load.stop();
    // Once a round and under a day, after which an Idempotency-Key is forgotten.
    this.#world.controls.jump(this.#random.chance(0.7) ? this.#random.integer(0, 20 * 3_600_000) : 0);
  }

  /** Nothing stands between this and the kill, so that an answer given before its commit would be caught. */
  async #nextAcknowledgement(): Promise<void> {
    const acknowledged = new Promise<void>((resolve) => {
      for (const publisher of this.#population.publishers) {
        publisher.onAcknowledged = () => {
          this.#world.killNow();
          resolve();
        };
      }
    });
    await Promise.race([acknowledged, delay(5_000)]);
    for (const publisher of this.#population.publishers) publisher.onAcknowledged = () => {};
  }

  /** Sometimes it does not even come to listen, or recovers and is killed at once. */
  async #killEarly(): Promise<void> {
    while (this.#random.chance(0.3)) {
      const started = this.#world.start();
      await delay(this.#random.integer(0, 500));
      await this.#world.kill();
      await started;
    }
  }

  async #startAndCheck(): Promise<readonly string[]> {
    const { service } = this.#world;
    if (!(await this.#world.start())) return service.violations;
    const { violations, logs } = await this.#population.check(this.#url);
    this.#logs = [...logs.values()];
    const overall = await termsOfAll(this.#url, undefined, undefined);
    const truth = recount(this.#logs.flatMap((log) => [...log.values()].flat()));
    return [...service.violations, ...violations, ...checkTerms("overall", overall, truth)];
  }

  #result(violations: readonly string[]): CrashResult {
    const { acknowledged, publishers, subscribers } = this.#population;
    const { kills, controls } = this.#world;
    const stored = this.#logs.reduce((sum, log) => sum + [...log.values()].flat().length, 0);
    return {
      violations,
      kills,
      acknowledged,
      unacknowledged: Math.max(0, stored - acknowledged),
      retried: publishers.reduce((sum, each) => sum + each.retried, 0),
      commits: subscribers.reduce((sum, each) => sum + each.commits, 0),
      delivered: subscribers.reduce((sum, each) => sum + each.deliveredCount, 0),
      daysOnTheClock: (controls.nowMs - controls.firstMs) / 86_400_000,
    };
  }
}
