import assert from "node:assert/strict";
import { test } from "node:test";
import { TermCounting } from "#functions/count-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import type { Caps } from "#terms/windows.ts";
import { adminKey, type HeldService, startHeldService } from "../harness.ts";
import { Random } from "../random.ts";
import { withCaps } from "./caps.ts";
import { randomQuestion } from "./questions.ts";
import { readTexts } from "./texts.ts";
import { falsehoodsOf, pathOf, Truth } from "./truth.ts";

/*
 * Real text over HTTP, and questions about any topic, window and moment in between, each held against an exact count. The
 * clock is moved, so that a life of days passes, with counting, rolling up and forgetting at any moment. The same at the
 * size of 100,000 messages over the real server: `npm run check:terms`.
 */

const seed = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 32);
const [second, minute, hour, day] = [1, 60, 3_600, 86_400];
const topics = ["a", "b"];
const messagesMax = 3_000;

/** So small that summaries of real text are pruned at every level. */
const smallCaps: Caps = {
  leaf: { topic: 100, overall: 150 },
  levels: { 1: 150, 2: 200, 3: 300, 4: 400 },
  all: 500,
};

for (const [name, caps] of [
  ["exact", undefined],
  ["pruned", smallCaps],
] as const) {
  test(`answers about any window and moment are true while text is published over HTTP: ${name}`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = new Random(seed);
    await using service = await startHeldService({}, (store) => (caps ? withCaps(store, caps) : store));
    const { texts } = readTexts();
    const truth = new Truth();
    const counting = new TermCounting(service.context);
    const startMs = service.clock.nowMs();
    for (const topic of topics) await service.call("PUT", `/v1/topics/${topic}`, { token: adminKey, json: {} });

    let published = 0;
    let answers = 0;
    let inexact = 0;
    const steps: Record<string, () => Promise<void>> = {
      async publish() {
        const topic = random.pick(topics);
        const messages = Array.from({ length: random.integer(1, 40) }, () => ({ body: random.pick(texts) }));
        published += messages.length;
        const { json } = await service.call("POST", `/v1/topics/${topic}/messages`, {
          token: adminKey,
          json: { messages },
        });
        for (const message of messages) truth.add(topic, json.publishedAt, message);
      },
      async pass() {
        service.clock.pass(random.integer(1, random.pick([9 * second, minute, 10 * minute, hour, 4 * hour])));
      },
      count: async () => void (await counting.countTerms()),
      rollUp: async () => void (await rollUpTerms(service.context)),
      expire: async () => void (await service.store.expire(service.clock.nowMs())),
      async ask() {
        const asked = randomQuestion(random, topics, startMs, service.clock.nowMs());
        const { status, json, text } = await service.call("GET", pathOf(asked), { token: adminKey });
        assert.equal(status, 200, text);
        answers += 1;
        if (!json.exact) inexact += 1;
        assert.deepEqual(falsehoodsOf(truth, asked, json), [], `${pathOf(asked)} at ${timeOf(service)}, seed ${seed}`);
      },
    };
    const kinds = ["publish", "publish", "pass", "pass", "count", "count", "rollUp", "expire", "ask", "ask"];
    while (published < messagesMax) await steps[random.pick(kinds)]!();
    // Afterwards: what is finest is forgotten bit by bit, and the past is asked for by what is left.
    for (const ageSeconds of [0, 50 * hour, 9 * day, 45 * day]) {
      service.clock.pass(ageSeconds);
      for (let i = 0; i < 40; i++) {
        await counting.countTerms();
        await rollUpTerms(service.context);
        await service.store.expire(service.clock.nowMs());
      }
      for (let i = 0; i < 30; i++) await steps.ask!();
    }
    t.diagnostic(`${published} messages, ${answers} answers, ${inexact} of them not exact`);
    assert.ok(answers > 150 && (caps ? inexact > 20 : inexact === 0));
  });
}

function timeOf(service: HeldService): string {
  return new Date(service.clock.nowMs()).toISOString();
}
