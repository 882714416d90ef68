import { setTimeout as delay } from "node:timers/promises";
import { call, UnexpectedAnswer } from "../crash/api.ts";
import type { Log } from "../crash/checks.ts";
import type { Controls } from "../crash/controls.ts";
import type { Caller } from "../crash/service.ts";
import { randomQuestion } from "../popular-terms/questions.ts";
import { type Answer, type Asked, falsehoodsOf, pathOf, Truth } from "../popular-terms/truth.ts";
import type { Random } from "../random.ts";

/** How many answers a chapter holds to the truth. */
const answersMax = 150;

/**
 * Asks for popular and rising terms of the topics, of now and of the past, and holds the answers to exact counts once the
 * log is known. An answer of before the clock was set back is left out: what is published afterwards may be of a time that
 * the answer took for past.
 */
export class Questions implements Caller {
  readonly name = "questions";
  readonly #topics: readonly string[];
  readonly #controls: Controls;
  readonly #random: Random;
  readonly #fromMs: number;
  #answers: { readonly asked: Asked; readonly answer: Answer; readonly setBack: number }[] = [];
  asked = 0;
  held = 0;

  constructor(topics: readonly string[], controls: Controls, random: Random) {
    this.#topics = topics;
    this.#controls = controls;
    this.#random = random;
    this.#fromMs = controls.nowMs;
  }

  async step(url: string): Promise<void> {
    await delay(this.#random.integer(10, 200));
    const { setBack, nowMs } = this.#controls;
    const { at, ...question } = randomQuestion(this.#random, this.#topics, Math.min(this.#fromMs, nowMs), nowMs);
    const topic = question.topic ?? this.#random.pick(this.#topics);
    const asked = { ...question, topic, ...(at !== undefined && { at }) };
    this.asked += 1;
    try {
      this.#answers.push({ asked, answer: await call<Answer>(url, "GET", pathOf(asked)), setBack });
    } catch (error) {
      // What was past when it was asked may lie in the future by now.
      const isFuture = error instanceof UnexpectedAnswer && error.status === 400 && at !== undefined;
      if (!isFuture || setBack === this.#controls.setBack) throw error;
    }
  }

  /** What of the answers was not true of these logs. */
  check(logs: ReadonlyMap<string, Log>): string[] {
    const truth = new Truth();
    for (const [topic, log] of logs)
      for (const message of [...log.values()].flat()) truth.add(topic, message.publishedAt, message);
    const answers = this.#answers.filter(({ setBack }) => setBack === this.#controls.setBack).slice(-answersMax);
    this.held += answers.length;
    this.#answers = [];
    return answers
      .flatMap(({ asked, answer }) =>
        falsehoodsOf(truth, asked, answer).map((wrong) => `${pathOf(asked)}, as of ${answer.asOf}: ${wrong}`),
      )
      .slice(0, 5);
  }
}
