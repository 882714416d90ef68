import { setTimeout as delay } from "node:timers/promises";
import { limits } from "#contract/limits.ts";
import { type ApiPage, call, UnexpectedAnswer } from "../crash/api.ts";
import type { Controls } from "../crash/controls.ts";
import type { Caller } from "../crash/service.ts";
import { adminKey } from "../crash/world.ts";
import type { Random } from "../random.ts";

/**
 * Makes a topic whose terms are disabled, a publisher and a subscriber, uses them once, and deletes them: what is deleted
 * must be gone at once. What a trouble leaves half done stays there; nothing of it is counted.
 */
export class Registrations implements Caller {
  readonly name = "registrations";
  readonly violations: string[] = [];
  readonly #controls: Controls;
  readonly #random: Random;
  #number = 0;
  done = 0;

  constructor(controls: Controls, random: Random) {
    this.#controls = controls;
    this.#random = random;
  }

  async step(url: string): Promise<void> {
    await delay(this.#random.integer(50, 500));
    const topic = `passing-${this.#random.integer(0, 2 ** 32 - 1)}-${this.#number++}`;
    const post = <T>(path: string, body: unknown, token = adminKey): Promise<T> =>
      call<T>(url, "POST", path, { token, body: JSON.stringify(body) });
    await call(url, "PUT", `/v1/topics/${topic}`, {
      token: adminKey,
      body: JSON.stringify({ terms: { enabled: false } }),
    });
    const publisher = await post<{ publisherId: string; token: string }>("/v1/publishers", {
      name: topic,
      topics: [topic],
    });
    const subscriber = await post<{ subscriberId: string; token: string }>("/v1/subscribers", {
      topics: [topic],
      from: "earliest",
    });
    const bodies = Array.from({ length: this.#random.integer(1, 5) }, (_, i) => `${topic} ${i}`);
    const messages = bodies.map((body) => ({ body, key: "one" }));
    await post(`/v1/topics/${topic}/messages`, { messages }, publisher.token);
    const reading = `/v1/subscribers/${subscriber.subscriberId}/messages`;
    const page = await call<ApiPage>(url, "GET", reading, { token: subscriber.token });
    if (JSON.stringify(page.messages.map(({ body }) => body)) !== JSON.stringify(bodies))
      this.violations.push(`${topic}: ${JSON.stringify(page)} is not what was published`);

    await call(url, "DELETE", `/v1/publishers/${publisher.publisherId}`, { token: adminKey });
    await this.#refused([401], () => post(`/v1/topics/${topic}/messages`, { body: "late" }, publisher.token));
    await call(url, "DELETE", `/v1/subscribers/${subscriber.subscriberId}`, { token: adminKey });
    await this.#refused([401], () => call(url, "GET", reading, { token: subscriber.token }));
    const isReserved = this.#reservedFromNow();
    await call(url, "DELETE", `/v1/topics/${topic}`, { token: adminKey });
    await this.#refused([404], () => call(url, "GET", `/v1/topics/${topic}`));
    const makeAgain = (): Promise<unknown> => call(url, "PUT", `/v1/topics/${topic}`, { token: adminKey, body: "{}" });
    await this.#refused([409], makeAgain, isReserved);
    this.done += 1;
  }

  /**
   * Whether the name of a topic that is deleted from now on must still be taken: by the service's clock, for ten minutes.
   * Not when that clock has shown a later time already: what expires may be looked for by that time, a little late.
   */
  #reservedFromNow(): () => boolean {
    const { lastMs, nowMs, moved } = this.#controls;
    return () =>
      nowMs >= lastMs &&
      this.#controls.moved === moved &&
      this.#controls.nowMs < nowMs + 1_000 * limits.reservedAfterDeletionSeconds;
  }

  async #refused(
    statuses: readonly number[],
    make: () => Promise<unknown>,
    isDue: () => boolean = () => true,
  ): Promise<void> {
    try {
      await make();
      if (!isDue()) return;
    } catch (error) {
      if (error instanceof UnexpectedAnswer && statuses.includes(error.status)) return;
      throw error;
    }
    this.violations.push(`what was deleted is still there (not ${statuses.join(" or ")})`);
  }
}
