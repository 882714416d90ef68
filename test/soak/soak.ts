import { join } from "node:path";
import { Controls } from "../crash/controls.ts";
import { startLoad } from "../crash/service.ts";
import { World } from "../crash/world.ts";
import { Random } from "../random.ts";
import { Chapter, Totals } from "./chapter.ts";
import { DataDisk } from "./data-disk.ts";
import { judgeMemory, type MemoryResult } from "./memory.ts";
import { loadTroubles, type NamedTrouble } from "./trouble.ts";
import { trouble } from "./troubling.ts";
import { Watch } from "./watch.ts";

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** The names of the troubles to make; all when it is undefined. */
  readonly only?: readonly string[];
  readonly say?: (line: string) => void;
}

export interface SoakResult extends Readonly<Record<keyof Totals["counts"], number>> {
  readonly seed: number;
  readonly seconds: number;
  readonly chapters: number;
  /** How often each trouble was made. */
  readonly troubles: Readonly<Record<string, number>>;
  /** Troubles that cannot be made on this machine, each with the reason. */
  readonly notMade: Readonly<Record<string, string>>;
  /** Failures that a trouble excused: by status, or `no connection`. */
  readonly excused: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly slowestStartMs: number;
  readonly slowestHealthMs: number;
  readonly memory: MemoryResult;
  readonly databaseMegabytes: number;
  readonly logMegabytes: number;
  readonly violations: readonly string[];
  /** What was done last, when something was violated. */
  readonly lastEvents: readonly string[];
  /** Where the data was kept, when something was violated. */
  readonly keptIn: string | undefined;
}

/** The server's minutes pass in a second of ours. */
const clockRate = 60;
/** A run of at least this long leaves troubles out that end the process in its second half, to see leaks. */
const judgedSecondsMin = 120;
const chapterMs = [6_000, 15_000] as const;
const eventsKept = 40;

/**
 * Troubles the real server under load for a time, in chapters: each has topics of its own, and ends with a quiet moment in
 * which everything that was promised is checked, and what it made is deleted. Stops at the first chapter with a violation.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const disk = new DataDisk();
  const controls = new Controls(join(disk.folder, "controls"), clockRate);
  const world = new World(disk.dataDir, controls);
  const run = new SoakRun(options, disk, world);
  let isKept = false;
  try {
    await run.all();
    isKept = world.service.isBroken;
  } catch (error) {
    world.service.violate(`the run broke: ${(error as Error).stack}`);
    isKept = true;
  } finally {
    await run.end();
    controls.close();
  }
  return run.result(disk.end(isKept));
}

class SoakRun {
  readonly #options: SoakOptions;
  readonly #disk: DataDisk;
  readonly #world: World;
  readonly #random: Random;
  readonly #watch: Watch;
  readonly #totals = new Totals();
  readonly #events: string[] = [];
  readonly #made = new Map<string, number>();
  #notMade: Record<string, string> = {};
  readonly #beganMs = performance.now();
  #chapters = 0;
  #largest = { database: 0, log: 0 };

  constructor(options: SoakOptions, disk: DataDisk, world: World) {
    this.#options = options;
    this.#disk = disk;
    this.#world = world;
    this.#random = new Random(options.seed);
    this.#watch = new Watch(world);
  }

  async all(): Promise<void> {
    const { seconds } = this.#options;
    const troubles = await this.#troubles();
    await this.#world.start();
    const endMs = this.#beganMs + seconds * 1_000;
    while (performance.now() < endMs && !this.#world.service.isBroken) {
      const isLate = performance.now() > this.#beganMs + seconds * 500;
      const lasting =
        seconds >= judgedSecondsMin && isLate ? troubles.filter(({ endsProcess }) => !endsProcess) : troubles;
      await this.#chapter(lasting, Math.min(endMs, performance.now() + this.#random.integer(...chapterMs)));
    }
  }

  async end(): Promise<void> {
    this.#watch.stop();
    await this.#world.end();
  }

  async #chapter(troubles: readonly NamedTrouble[], untilMs: number): Promise<void> {
    const { service, controls } = this.#world;
    const random = this.#random.fork();
    this.#chapters += 1;
    const chapter = await Chapter.begin(this.#world, this.#chapters, random);
    const load = startLoad(service, chapter.callers);
    const scene = { world: this.#world, disk: this.#disk, random, topics: chapter.topics };
    try {
      await trouble(scene, troubles, untilMs, (event) => this.#note(event));
    } finally {
      await load.stop();
    }
    if (service.isBroken) return;
    controls.catchUp();
    this.#note(`chapter ${this.#chapters} is checked`);
    for (const violation of await chapter.check(this.#totals)) service.violate(violation);
    const { database, log } = this.#disk.bytes;
    this.#largest = { database: Math.max(database, this.#largest.database), log: Math.max(log, this.#largest.log) };
    if (!service.isBroken) await chapter.remove();
    this.#progress();
  }

  async #troubles(): Promise<NamedTrouble[]> {
    const all = await loadTroubles();
    const unknown = this.#options.only?.filter((name) => !all.some((each) => each.name === name)) ?? [];
    if (unknown.length > 0)
      throw new Error(`There is no trouble ${unknown.join()}; there are ${all.map(({ name }) => name).join()}.`);
    const chosen = all.filter(({ name }) => this.#options.only?.includes(name) ?? true);
    const reasons = chosen.map((each) => [each.name, each.unavailable?.(this.#disk)] as const);
    this.#notMade = Object.fromEntries(reasons.filter(([, reason]) => reason !== undefined)) as Record<string, string>;
    return chosen.filter(({ name }) => !(name in this.#notMade));
  }

  #note(event: string): void {
    const [name, isBegin] = event.split(" ");
    if (isBegin === "for") this.#made.set(name!, (this.#made.get(name!) ?? 0) + 1);
    this.#events.push(`${((performance.now() - this.#beganMs) / 1_000).toFixed(2)} s: ${event}`);
    if (this.#events.length > eventsKept) this.#events.shift();
  }

  #progress(): void {
    const { counts } = this.#totals;
    const megabytes = Math.round((this.#watch.memory.at(-1)?.residentBytes ?? 0) / 2 ** 20);
    this.#options.say?.(
      `${Math.round((performance.now() - this.#beganMs) / 1_000)} s, chapter ${this.#chapters}: ${counts.acknowledged} acknowledged, ${counts.refused} calls refused, ${counts.delivered} delivered, ${counts.lost} expired, ${counts.held} answers about terms held, ${this.#world.kills} kills, ${megabytes} MB${this.#world.service.isBroken ? ": VIOLATED" : ""}`,
    );
  }

  result(keptIn: string | undefined): SoakResult {
    const { service, kills, slowestStartMs } = this.#world;
    const memory = judgeMemory(this.#watch.memory);
    const violations = [...service.violations, ...memory.violations];
    return {
      seed: this.#options.seed,
      seconds: Math.round((performance.now() - this.#beganMs) / 1_000),
      chapters: this.#chapters,
      ...this.#totals.counts,
      troubles: Object.fromEntries(this.#made),
      notMade: this.#notMade,
      excused: Object.fromEntries(service.excused),
      kills,
      slowestStartMs: Math.round(slowestStartMs),
      slowestHealthMs: Math.round(this.#watch.slowestHealthMs),
      memory,
      databaseMegabytes: Math.round(this.#largest.database / 2 ** 20),
      logMegabytes: Math.round(this.#largest.log / 2 ** 20),
      violations,
      lastEvents: violations.length > 0 ? this.#events : [],
      keptIn,
    };
  }
}
