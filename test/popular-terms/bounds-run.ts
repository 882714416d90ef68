import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../crash/api.ts";
import type { Random } from "../random.ts";
import { randomQuestion } from "./questions.ts";
import { type Answer, type Asked, falsehoodsOf, pathOf, Truth } from "./truth.ts";

const topics = ["a", "b", "c"];
const publishers = 4;
const askers = 2;

/** The parts of one run, over servers on one data folder. */
export class BoundsRun {
  published = 0;
  checked = 0;
  inexact = 0;
  falsehoods = 0;
  readonly #random: Random;
  readonly #texts: readonly string[];
  readonly #perSecond: number;
  readonly #say: (line: string) => void;
  readonly #truth = new Truth();
  #answers: { asked: Asked; answer: Answer }[] = [];
  #firstAt: string | undefined;
  #lastAt: string | undefined;
  #toPublish = 0;

  constructor(random: Random, texts: readonly string[], messagesPerSecond: number, say: (line: string) => void) {
    this.#say = say;
    this.#random = random;
    this.#texts = texts;
    this.#perSecond = messagesPerSecond;
  }

  /** Publishes some messages, asking before, meanwhile and after, and checks what was answered. */
  async part(url: string, messages: number): Promise<void> {
    for (const topic of topics)
      await call(url, "PUT", `/v1/topics/${topic}`, { body: JSON.stringify({ retentionSeconds: 0 }) });
    const { token } = await call<{ token: string }>(url, "POST", "/v1/publishers", {
      body: JSON.stringify({ name: "text", topics }),
    });
    for (let i = 0; i < 30; i++) await this.#ask(url);
    this.#toPublish = messages;
    const progress = setInterval(() => this.#progress(), 5_000);
    let isDone = false;
    const asking = Array.from({ length: askers }, async () => {
      while (!isDone) {
        await this.#ask(url);
        await sleep(this.#random.integer(0, 150));
      }
    });
    try {
      await Promise.all(Array.from({ length: publishers }, () => this.#publish(url, token)));
      await this.#counted(url);
    } finally {
      isDone = true;
      clearInterval(progress);
      await Promise.all(asking);
    }
    for (let i = 0; i < 100; i++) await this.#ask(url);
    this.#check();
  }

  async #publish(url: string, token: string): Promise<void> {
    while (this.#toPublish > 0) {
      const topic = this.#random.pick(topics);
      const length = Math.min(this.#toPublish, this.#random.integer(1, 100));
      this.#toPublish -= length;
      const messages = Array.from({ length }, () => ({ body: this.#text() }));
      const startedAt = performance.now();
      const { publishedAt } = await call<{ publishedAt: string }>(url, "POST", `/v1/topics/${topic}/messages`, {
        token,
        body: JSON.stringify({ messages }),
      });
      for (const message of messages) this.#truth.add(topic, publishedAt, message);
      this.published += length;
      this.#firstAt ??= publishedAt;
      if (this.#lastAt === undefined || publishedAt > this.#lastAt) this.#lastAt = publishedAt;
      await sleep(Math.max(0, (length * publishers * 1_000) / this.#perSecond - (performance.now() - startedAt)));
    }
  }

  /** Real text, and with it two words that hardly come again, as numbers of orders do: no summary has room for them all. */
  #text(): string {
    const word = (): string =>
      `no${Array.from({ length: 6 }, () => this.#random.pick([..."aeioubdgklmnprst"])).join("")}`;
    return `${this.#random.pick(this.#texts)} ${word()} ${word()}`;
  }

  async #ask(url: string): Promise<void> {
    const from = Date.parse(this.#firstAt ?? "2026-03-01T08:00:00Z");
    const to = Date.parse(this.#lastAt ?? "2026-03-01T09:00:00Z");
    const asked = randomQuestion(this.#random, topics, from, to);
    this.#answers.push({ asked, answer: await call<Answer>(url, "GET", pathOf(asked)) });
  }

  async #counted(url: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const { asOf } = await call<Answer>(url, "GET", "/v1/popular-terms?window=1m&limit=1");
      if (this.#lastAt === undefined || asOf >= this.#lastAt) return;
      if (Date.now() > deadline) throw new Error(`Counting does not catch up: as of ${asOf}, not ${this.#lastAt}.`);
      await sleep(50);
    }
  }

  #check(): void {
    for (const { asked, answer } of this.#answers) {
      const wrong = falsehoodsOf(this.#truth, asked, answer);
      this.checked += 1;
      if (!answer.exact) this.inexact += 1;
      if (wrong.length === 0) continue;
      this.falsehoods += 1;
      if (this.falsehoods <= 10) this.#say(`FALSE: ${pathOf(asked)} as of ${answer.asOf}: ${wrong.join("; ")}`);
    }
    this.#answers = [];
    this.#progress();
  }

  #progress(): void {
    this.#say(
      `  ${this.published} messages published, up to ${this.#lastAt}; ${this.checked + this.#answers.length} answers, ${this.checked} of them checked`,
    );
  }
}
