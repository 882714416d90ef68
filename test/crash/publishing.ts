import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../random.ts";
import { type ApiMessage, call, UnexpectedAnswer } from "./api.ts";

/** What a publisher's messages carry: who, and its own number of the message, rising. */
export interface Body {
  readonly by: string;
  readonly number: number;
  readonly text: string;
}

/** One publish call, with what is known of it. Its bytes never change, so that a retry is identical. */
export interface Publish {
  readonly bytes: string;
  readonly messages: readonly SentMessage[];
  readonly idempotencyKey?: string;
  /** In the order sent, once the service acknowledged it. */
  acknowledged?: readonly Pick<ApiMessage, "id" | "sequence">[];
  publishedAt?: string;
  /** It was answered with an error, so that nothing of it may be stored. */
  refused?: true;
}

export interface SentMessage {
  readonly number: number;
  readonly key?: string;
  readonly ttlSeconds?: number;
  readonly text: string;
}

export interface PublishingOptions {
  /** Each call carries an Idempotency-Key and many messages a `ttlSeconds`: what is stored is known, though it expires. */
  readonly expiring?: boolean;
  /** The longest pause between two calls, in ms. */
  readonly pauseMsMax?: number;
}

/**
 * Publishes one call after another, singles and batches, some with an Idempotency-Key. It writes down what was
 * acknowledged. A call that the crash cut off is left as unknown, or sent again as it was if it had a key; the next call
 * begins only after the one before was answered or given up, so that its messages have an order.
 */
export class CrashPublisher {
  readonly name: string;
  readonly topic: string;
  readonly calls: Publish[] = [];
  readonly violations: string[] = [];
  readonly #token: string;
  readonly #random: Random;
  readonly #options: PublishingOptions;
  #number = 0;
  #pending: Publish | undefined;
  retried = 0;
  acknowledgedCount = 0;
  /** Called at each acknowledgement, as soon as it is known: the worst moment for a crash. */
  onAcknowledged = (): void => {};

  constructor(name: string, topic: string, token: string, random: Random, options: PublishingOptions = {}) {
    this.name = name;
    this.topic = topic;
    this.#token = token;
    this.#random = random;
    this.#options = options;
  }

  /** Makes one call, or the one before again if it had a key and is not settled. Throws what it ran into. */
  async step(url: string): Promise<void> {
    const { pauseMsMax = 0 } = this.#options;
    if (pauseMsMax > 0) await delay(this.#random.integer(0, pauseMsMax));
    const publish = this.#pending ?? this.#next();
    if (this.#pending) this.retried += 1;
    else this.calls.push(publish);
    this.#pending = publish.idempotencyKey === undefined ? undefined : publish;
    try {
      this.#acknowledge(publish, await this.#sendOnceOrTwice(url, publish));
      this.#pending = undefined;
    } catch (error) {
      if (error instanceof UnexpectedAnswer) publish.refused = true;
      throw error;
    }
  }

  /** Sends what a crash cut off again, if it can be. */
  async settle(url: string): Promise<void> {
    if (this.#pending) await this.step(url);
  }

  /** A call with a key is sometimes sent twice at once: both must be answered alike. */
  async #sendOnceOrTwice(url: string, publish: Publish): Promise<Published> {
    const twins = publish.idempotencyKey !== undefined && this.#random.chance(0.2) ? 2 : 1;
    const answers = await Promise.all(Array.from({ length: twins }, () => this.#send(url, publish)));
    for (const answer of answers) {
      if (JSON.stringify(answer) !== JSON.stringify(answers[0]))
        this.violations.push(`${this.name}: one Idempotency-Key was answered in two ways`);
    }
    return answers[0]!;
  }

  #acknowledge(publish: Publish, { messages, publishedAt }: Published): void {
    publish.acknowledged = messages;
    publish.publishedAt = publishedAt;
    delete publish.refused;
    this.acknowledgedCount += messages.length;
    this.onAcknowledged();
  }

  async #send(url: string, publish: Publish): Promise<Published> {
    return call<Published>(url, "POST", `/v1/topics/${this.topic}/messages`, {
      token: this.#token,
      body: publish.bytes,
      ...(publish.idempotencyKey !== undefined && { headers: { "idempotency-key": publish.idempotencyKey } }),
    });
  }

  #next(): Publish {
    const random = this.#random;
    const { expiring = false } = this.#options;
    const isBatch = random.chance(0.4);
    const messages = Array.from({ length: isBatch ? random.integer(2, 30) : 1 }, () => ({
      number: this.#number++,
      ...(random.chance(0.6) && { key: `key-${random.integer(0, 9)}` }),
      ...(expiring && random.chance(0.7) && { ttlSeconds: random.integer(1, 300) }),
      text: this.#text(),
    }));
    const asSent = messages.map(({ number, key, ttlSeconds, text }) => ({
      ...(key !== undefined && { key }),
      ...(ttlSeconds !== undefined && { ttlSeconds }),
      body: { by: this.name, number, text } satisfies Body,
    }));
    return {
      bytes: JSON.stringify(isBatch ? { messages: asSent } : asSent[0]),
      messages,
      ...((expiring || random.chance(0.5)) && { idempotencyKey: `${this.name}/${messages[0]!.number}` }),
    };
  }

  /** Some words of 600, the first ones more often; now and then a long text, so that the log fills pages. */
  #text(): string {
    const words = this.#random.chance(0.02) ? 2_000 : this.#random.integer(1, 12);
    return Array.from({ length: words }, () => `word${Math.floor(600 * this.#random.next() ** 3)}`).join(" ");
  }
}

interface Published {
  readonly messages: readonly Pick<ApiMessage, "id" | "sequence">[];
  readonly publishedAt: string;
}
