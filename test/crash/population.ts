import type { Random } from "../random.ts";
import { call, readLog } from "./api.ts";
import { checkDelivered, checkLog, checkTerms, type Log, lastOf, recount, termsOfAll } from "./checks.ts";
import { CrashPublisher } from "./publishing.ts";
import { CrashSubscriber, type SubscribingOptions } from "./subscribing.ts";
import { adminKey } from "./world.ts";

export interface PopulationOptions extends SubscribingOptions {
  readonly topics: readonly { readonly topic: string; readonly shards: number }[];
  readonly publishersPerTopic: number;
  readonly subscribersPerTopic: number;
  readonly pauseMsMax?: number;
}

/** Topics that keep everything, those who publish to them, and those who read them. */
export class Population {
  readonly publishers: CrashPublisher[] = [];
  readonly subscribers: CrashSubscriber[] = [];
  readonly #options: PopulationOptions;
  readonly #ids: string[] = [];

  private constructor(options: PopulationOptions) {
    this.#options = options;
  }

  static async register(url: string, options: PopulationOptions, random: Random): Promise<Population> {
    const population = new Population(options);
    for (const { topic, shards } of options.topics) {
      await call(url, "PUT", `/v1/topics/${topic}`, {
        token: adminKey,
        body: JSON.stringify({ shards, retentionSeconds: 0 }),
      });
      for (let i = 0; i < options.publishersPerTopic; i++)
        await population.#publisher(url, topic, `${topic}-publisher-${i}`, random.fork());
      for (let i = 0; i < options.subscribersPerTopic; i++)
        await population.#subscriber(url, topic, `${topic}-subscriber-${i}`, random.fork());
    }
    return population;
  }

  get acknowledged(): number {
    return this.publishers.reduce((sum, each) => sum + each.acknowledgedCount, 0);
  }

  get topics(): readonly string[] {
    return this.#options.topics.map(({ topic }) => topic);
  }

  /** Holds everything that was promised to what is there now. Gives what is wrong, and the log of each topic. */
  async check(url: string): Promise<{ violations: string[]; logs: Map<string, Log> }> {
    for (const publisher of this.publishers) await publisher.settle(url);
    const logs = new Map<string, Log>();
    const violations: string[] = [];
    for (const topic of this.topics) {
      const log = await readLog(url, topic);
      logs.set(topic, log);
      violations.push(
        ...checkLog(
          log,
          this.publishers.filter((each) => each.topic === topic),
        ),
      );
      for (const subscriber of this.subscribers.filter((each) => each.topic === topic)) {
        await subscriber.check(url, log);
        await subscriber.drain(url);
        violations.push(...checkDelivered(subscriber, log));
      }
      const answer = await termsOfAll(url, topic, lastOf(log));
      violations.push(...checkTerms(`topic ${topic}`, answer, recount([...log.values()].flat())));
    }
    violations.push(...[...this.publishers, ...this.subscribers].flatMap((each) => each.violations));
    return { violations, logs };
  }

  /** Deletes all of it again. */
  async remove(url: string): Promise<void> {
    for (const path of this.#ids) await call(url, "DELETE", path, { token: adminKey });
    for (const topic of this.topics) await call(url, "DELETE", `/v1/topics/${topic}`, { token: adminKey });
  }

  async #publisher(url: string, topic: string, name: string, random: Random): Promise<void> {
    const { publisherId, token } = await call<{ publisherId: string; token: string }>(url, "POST", "/v1/publishers", {
      token: adminKey,
      body: JSON.stringify({ name, topics: [topic] }),
    });
    this.#ids.push(`/v1/publishers/${publisherId}`);
    const { pauseMsMax = 0 } = this.#options;
    this.publishers.push(new CrashPublisher(name, topic, token, random, { pauseMsMax }));
  }

  async #subscriber(url: string, topic: string, name: string, random: Random): Promise<void> {
    const registered = await call<{ subscriberId: string; token: string; cursor: string }>(
      url,
      "POST",
      "/v1/subscribers",
      { token: adminKey, body: JSON.stringify({ name, topics: [topic], from: "earliest" }) },
    );
    this.#ids.push(`/v1/subscribers/${registered.subscriberId}`);
    this.subscribers.push(new CrashSubscriber(name, topic, registered, random, this.#options));
  }
}
