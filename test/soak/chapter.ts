import { checkTerms, recount, termsOfAll } from "../crash/checks.ts";
import { Population } from "../crash/population.ts";
import type { Caller } from "../crash/service.ts";
import type { World } from "../crash/world.ts";
import type { Random } from "../random.ts";
import { ExpiringTopic } from "./expiring.ts";
import { Questions } from "./questions.ts";
import { Registrations } from "./registrations.ts";

/** What a run has done and found so far, through all chapters. */
export class Totals {
  readonly counts = {
    acknowledged: 0,
    refused: 0,
    retried: 0,
    delivered: 0,
    lost: 0,
    commits: 0,
    seeks: 0,
    asked: 0,
    held: 0,
    registrations: 0,
  };
  /** Exact counts of everything that was ever published, also to topics that are deleted again. */
  readonly published: ReturnType<typeof recount> = { messages: 0, pairs: 0, counts: new Map() };

  add(more: ReturnType<typeof recount>): void {
    this.published.messages += more.messages;
    this.published.pairs += more.pairs;
    for (const [term, count] of more.counts)
      this.published.counts.set(term, (this.published.counts.get(term) ?? 0) + count);
  }
}

/** Asked about terms when all troubles have ended and nothing more is published. */
const questionsWhenQuiet = 3;

/** A stretch of a run: topics of its own, those who use them, and the checks at its end. */
export class Chapter {
  readonly #world: World;
  readonly #population: Population;
  readonly #expiring: ExpiringTopic;
  readonly #questions: Questions;
  readonly #registrations: Registrations;

  private constructor(
    world: World,
    population: Population,
    expiring: ExpiringTopic,
    questions: Questions,
    registrations: Registrations,
  ) {
    this.#world = world;
    this.#population = population;
    this.#expiring = expiring;
    this.#questions = questions;
    this.#registrations = registrations;
  }

  static async begin(world: World, number: number, random: Random): Promise<Chapter> {
    const url = world.service.url!;
    const { controls } = world;
    const population = await Population.register(
      url,
      {
        topics: [
          { topic: `one-${number}`, shards: 1 },
          { topic: `four-${number}`, shards: 4 },
        ],
        publishersPerTopic: 3,
        subscribersPerTopic: 2,
        pauseMsMax: random.pick([0, 10, 40]),
        streams: true,
        seeks: true,
      },
      random,
    );
    const expiring = await ExpiringTopic.register(url, `brief-${number}`, controls, random);
    const questions = new Questions(population.topics, controls, random.fork());
    return new Chapter(world, population, expiring, questions, new Registrations(controls, random.fork()));
  }

  get topics(): readonly string[] {
    return this.#population.topics;
  }

  get callers(): readonly Caller[] {
    const { publishers, subscribers } = this.#population;
    return [
      ...publishers,
      ...subscribers,
      this.#expiring,
      ...this.#expiring.publishers,
      this.#questions,
      this.#registrations,
    ];
  }

  /** Holds everything to what was promised, now that it is quiet. What is wrong. */
  async check(totals: Totals): Promise<string[]> {
    const url = this.#world.service.url!;
    // Also after the clock was set back, which makes the answers of before no more to be held.
    for (let i = 0; i < questionsWhenQuiet; i++) await this.#questions.step(url);
    const { violations, logs } = await this.#population.check(url);
    const expiring = await this.#expiring.check(url);
    totals.add(recount([...logs.values()].flatMap((log) => [...log.values()].flat())));
    totals.add(expiring.truth);
    const overall = await termsOfAll(url, undefined, undefined);
    const wrong = [
      ...violations,
      ...expiring.violations,
      ...this.#questions.check(logs),
      ...this.#registrations.violations,
      ...checkTerms("overall", overall, totals.published),
    ];
    this.#count(totals);
    return wrong;
  }

  async remove(): Promise<void> {
    const url = this.#world.service.url!;
    await this.#population.remove(url);
    await this.#expiring.remove(url);
  }

  #count({ counts }: Totals): void {
    const { publishers, subscribers } = this.#population;
    for (const { acknowledgedCount, retried, calls } of [...publishers, ...this.#expiring.publishers]) {
      counts.acknowledged += acknowledgedCount;
      counts.retried += retried;
      counts.refused += calls.filter(({ refused }) => refused).length;
    }
    for (const { commits, seeks, deliveredCount } of subscribers) {
      counts.commits += commits;
      counts.seeks += seeks;
      counts.delivered += deliveredCount;
    }
    counts.delivered += this.#expiring.delivered;
    counts.lost += this.#expiring.lost;
    counts.asked += this.#questions.asked;
    counts.held += this.#questions.held;
    counts.registrations += this.#registrations.done;
  }
}
