import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { PopularTerms, RisingTerms } from "#contract/types.ts";
import type { Store } from "#core/store.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import { adminKey, assertProblem, type HeldService, startHeldService } from "../harness.ts";

const [minute, hour, day] = [60, 3_600, 86_400];

let service: HeldService;
let counting: TermCounting;
/** How often the store was asked for summaries, and for how many. */
let reads: { calls: number; keys: number };

beforeEach(async () => {
  reads = { calls: 0, keys: 0 };
  service = await startHeldService({}, (store) => countingReads(store));
  counting = new TermCounting(service.context);
  await putTopic("news");
});
afterEach(() => service.close());

function countingReads(store: Store): Store {
  const getSummaries: Store["getSummaries"] = (keys) => {
    reads.calls += 1;
    reads.keys += keys.length;
    return store.getSummaries(keys);
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === "getSummaries") return getSummaries;
      const verb = Reflect.get(target, name);
      return typeof verb === "function" ? verb.bind(target) : verb;
    },
  });
}

const putTopic = (topic: string, terms: object = {}) =>
  service.call("PUT", `/v1/topics/${topic}`, { token: adminKey, json: { terms } });

async function publish(topic: string, ...bodies: string[]): Promise<void> {
  const json = { messages: bodies.map((body) => ({ body })) };
  const answer = await service.call("POST", `/v1/topics/${topic}/messages`, { token: adminKey, json });
  assert.equal(answer.status, 201, answer.text);
  await count();
}

async function count(): Promise<void> {
  while ((await counting.countTerms()).more);
}

async function ask<T = PopularTerms>(query: string): Promise<T> {
  const answer = await service.call("GET", `/v1/popular-terms?${query}`, { token: adminKey });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

const termsOf = ({ terms }: PopularTerms | RisingTerms): [string, number][] =>
  terms.map(({ term, count }) => [term, count]);
const now = () => new Date(service.clock.nowMs()).toISOString();

/** A minute of twenty messages, each of two ordinary words. */
async function ordinaryMinute(...more: string[]): Promise<void> {
  const words = ["apple", "pear", "plum", "cherry"];
  await publish("news", ...Array.from({ length: 20 }, (_, i) => `${words[i % 4]} ${words[(i + 1) % 4]}`), ...more);
  service.clock.pass(minute);
}

describe("rising terms", () => {
  test("are those that more messages contain than the time before lets expect, in a topic and overall", async () => {
    for (let i = 0; i < 30; i++) await ordinaryMinute("a comet");
    await rollUpTerms(service.context);
    await publish("news", ...Array.from({ length: 10 }, () => "a storm, apple"));
    await publish("news", ...Array.from({ length: 12 }, () => "the storm and a pear"));
    for (const scope of ["topic=news&", ""]) {
      const answer = await ask<RisingTerms>(`${scope}window=1m&sort=rising`);
      assert.deepEqual(termsOf(answer), [["storm", 22]], scope);
      const [{ expected, score, lift }] = answer.terms as [RisingTerms["terms"][0]];
      assert.deepEqual([expected, score, lift], [0, 22 / Math.sqrt(5), 23]);
      assert.equal(answer.reason, undefined);
      assert.ok(answer.baseline && answer.baseline.to === answer.window.from);
      assert.equal(answer.baseline.messages, 29 * 21);
      assert.ok(answer.exact && answer.messages === 22 + 21, `${answer.messages}`);
    }
  });

  test("leave out hidden ones, and follow at once when that is changed", async () => {
    for (let i = 0; i < 10; i++) await ordinaryMinute();
    await publish("news", ...Array.from({ length: 20 }, () => "storm and hail"));
    const rising = async () => termsOf(await ask("topic=news&window=1m&sort=rising")).map(([term]) => term);
    assert.deepEqual(await rising(), ["hail", "storm"]);
    await putTopic("news", { hidden: ["STORM"] });
    assert.deepEqual(await rising(), ["hail"]);
    await putTopic("news", { hidden: [] });
    assert.deepEqual(await rising(), ["hail", "storm"]);
  });

  test("say when there is too little to judge by: few messages, a young topic, a silent one, or a flood", async () => {
    const rising = (window = "1m") => ask<RisingTerms>(`topic=news&window=${window}&sort=rising`);
    const tooLittle = async (why: string, window?: string) => {
      const { reason, terms } = await rising(window);
      assert.deepEqual({ reason, terms }, { reason: "too-little-data", terms: [] }, why);
    };
    await tooLittle("nothing was ever published");
    await ordinaryMinute();
    await ordinaryMinute();
    await publish("news", ...Array.from({ length: 20 }, () => "storm"));
    await tooLittle("the topic is two minutes old");
    service.clock.pass(minute);
    await ordinaryMinute();
    await ordinaryMinute();
    await publish("news", ...Array.from({ length: 20 }, () => "hail"));
    assert.deepEqual(termsOf(await rising()), [["hail", 20]], "old enough for a minute");
    await tooLittle("but not for ten", "10m");

    service.clock.pass(5 * minute);
    await publish("news", ...Array.from({ length: 19 }, () => "fog"));
    await tooLittle("nineteen messages in the window");
    await publish("news", "fog");
    service.clock.pass(1);
    assert.deepEqual(termsOf(await rising()), [["fog", 20]]);

    // Silent so long that its first message lies within the last two minutes.
    service.clock.pass(3 * hour);
    for (let i = 0; i < 2; i++) await ordinaryMinute();
    await ordinaryMinute();
    service.clock.pass(-1);
    await tooLittle("the topic was silent before");
    service.clock.pass(1);
    for (let i = 0; i < 3; i++) await ordinaryMinute();
    service.clock.pass(-1);
    assert.equal((await rising()).reason, undefined, "and has spoken long enough again");
    await publish("news", ...Array.from({ length: 400 }, (_, i) => `snow w${i % 30}`));
    service.clock.pass(1);
    await tooLittle("fewer messages in the hour before than in the minute");
  });

  test("count a baseline from its first message on, also where that lies in the middle of a long bucket", async () => {
    // 12:08: a bucket of ten minutes, rolled up by the time of asking, of which the messages take the last two.
    service.clock.pass(8 * minute);
    for (let i = 0; i < 3; i++) await ordinaryMinute();
    service.clock.pass(10);
    await rollUpTerms(service.context);
    await rollUpTerms(service.context);
    const asked = await ask<RisingTerms>("topic=news&window=1m&sort=rising");
    assert.equal(asked.baseline?.to, "2026-03-01T12:10:10.000Z");
    assert.equal(asked.reason, "too-little-data", "2 min 10 s");
    await ordinaryMinute();
    await rollUpTerms(service.context);
    assert.equal((await ask<RisingTerms>("topic=news&window=1m&sort=rising")).reason, undefined, "3 min 10 s");
  });
});

describe("answers for the past", () => {
  test("are what was answered then, until the finest counts are forgotten; then of wider edges", async () => {
    const atOf: string[] = [];
    const then: PopularTerms[] = [];
    for (let i = 0; i < 12; i++) {
      await publish("news", `apple w${i % 3}`, "pear");
      atOf.push(now());
      then.push(await ask("topic=news&window=1m"));
      service.clock.pass(37);
    }
    const later = (i: number) => ask(`topic=news&window=1m&at=${atOf[i]}`);
    for (const [i, answer] of then.entries()) {
      const { asOf, ...rest } = await later(i);
      const { asOf: _, ...before } = answer;
      // What was published since, within the 10 s of the moment, was to come then.
      assert.deepEqual(rest.window, before.window);
      if (i === 11 || Date.parse(atOf[i + 1]!) >= Date.parse(rest.window.to)) assert.deepEqual(rest, before);
      assert.ok(asOf > answer.asOf);
    }

    service.clock.pass(3 * day);
    for (let i = 0; i < 20; i++) {
      await rollUpTerms(service.context);
      await service.store.expire(service.clock.nowMs());
    }
    const old = await later(0);
    assert.deepEqual(old.window, {
      name: "1m",
      from: "2026-03-01T11:50:00.000Z",
      to: "2026-03-01T12:10:00.000Z",
    });
    assert.deepEqual(termsOf(old).slice(0, 2), [
      ["apple", 12],
      ["pear", 12],
    ]);
    assert.equal((await ask(`topic=news&window=10m&at=2025-12-01T00:00:00Z`)).messages, 0, "before there was anything");
  });

  test("hold rising terms too", async () => {
    for (let i = 0; i < 10; i++) await ordinaryMinute();
    await publish("news", ...Array.from({ length: 20 }, () => "storm"));
    const at = now();
    service.clock.pass(5 * minute);
    for (let i = 0; i < 10; i++) await ordinaryMinute();
    assert.deepEqual(termsOf(await ask(`topic=news&window=1m&sort=rising&at=${at}`)), [["storm", 20]]);
    assert.deepEqual(termsOf(await ask("topic=news&window=1m&sort=rising")), []);
  });
});

describe("questions that have no answer", () => {
  const cases: [query: string, path: string][] = [
    ["window=all&sort=rising", "query.sort"],
    ["window=all&at=2026-03-01T11:00:00Z", "query.at"],
    ["at=2026-03-01T12:00:00.001Z", "query.at"],
    ["at=2027-01-01T00:00:00Z", "query.at"],
    ["at=yesterday", "query.at"],
    ["at=2026-03-01", "query.at"],
    ["at=2024-01-01T00:00:00Z", "query.at"],
    ["window=1d&at=2025-01-25T13:00:00Z", "query.at"],
  ];
  for (const [query, path] of cases) {
    test(`${query} is refused`, async () => {
      const answer = await service.call("GET", `/v1/popular-terms?${query}`, { token: adminKey });
      const problem = assertProblem(answer, 400, "invalid_request");
      assert.deepEqual(
        problem.errors?.map((error) => error.path),
        [path],
      );
    });
  }

  test("a time with an offset is taken, and the last moment before 400 days", async () => {
    assert.equal(
      (await ask(`at=${encodeURIComponent("2026-03-01T12:30:00+01:00")}`)).window.to,
      "2026-03-01T11:30:10.000Z",
    );
    assert.equal((await ask("window=1d&at=2025-01-27T00:00:00Z")).window.from, "2025-01-26T00:00:00.000Z");
  });
});

describe("what is kept", () => {
  test("a whole answer is given again for a second, to all who may ask", async () => {
    await publish("news", "apple");
    const first = await ask("topic=news");
    const { calls } = reads;
    await Promise.all(Array.from({ length: 20 }, () => ask("topic=news")));
    assert.equal(reads.calls, calls);
    await publish("news", "pear");
    assert.deepEqual(await ask("topic=news"), first, "within the second");
    service.clock.pass(1);
    assert.deepEqual(termsOf(await ask("topic=news")), [
      ["apple", 1],
      ["pear", 1],
    ]);
    const stranger = await service.registerSubscriber(["else"], "earliest", adminKey);
    await using closed = await startHeldService({ publicRead: "false" });
    assert.equal((await closed.call("GET", "/v1/popular-terms", { token: stranger.token })).status, 401);
  });

  test("the same asked by many at once is read once", async () => {
    await publish("news", "apple");
    const { calls } = reads;
    await Promise.all(Array.from({ length: 20 }, () => ask("topic=news&window=1h")));
    assert.equal(reads.calls - calls, 2, "which rebuilds there were, and the summaries");
  });

  test("buckets that are over for ten minutes are read once a minute, also those without messages", async () => {
    for (let i = 0; i < 90; i++) await ordinaryMinute();
    for (let i = 0; i < 3; i++) await rollUpTerms(service.context);
    const readsOf = async (query: string): Promise<number> => {
      const { keys } = reads;
      await ask(query);
      return reads.keys - keys;
    };
    const whole = await readsOf("topic=news&window=1d");
    assert.ok(whole > 30, `${whole}`);
    service.clock.pass(2);
    const again = await readsOf("topic=news&window=1d");
    assert.ok(again <= 17, `${again}: the minutes since, and what is finer at their ends`);
    service.clock.pass(61);
    assert.ok((await readsOf("topic=news&window=1d")) > whole - 10);
  });

  test("a bucket that is not counted to its end is read anew, however long it has been over", async () => {
    await publish("news", "apple");
    const at = now();
    const uncounted = { token: adminKey, json: { body: "pear" } };
    assert.equal((await service.call("POST", "/v1/topics/news/messages", uncounted)).status, 201);
    service.clock.pass(30 * minute);
    const before = await ask(`topic=news&window=1m&at=${at}`);
    assert.deepEqual(termsOf(before), [["apple", 1]]);
    assert.ok(before.asOf < at);
    await count();
    service.clock.pass(2);
    const after = await ask(`topic=news&window=1m&at=${at}`);
    assert.deepEqual(termsOf(after), [
      ["apple", 1],
      ["pear", 1],
    ]);
  });

  test("a topic that was deleted is gone, and one made anew begins with nothing", async () => {
    await publish("news", "apple");
    service.clock.pass(20 * minute);
    assert.equal((await ask("topic=news&window=1h")).messages, 1);
    assert.equal((await service.call("DELETE", "/v1/topics/news", { token: adminKey })).status, 204);
    assertProblem(
      await service.call("GET", "/v1/popular-terms?topic=news&window=1h", { token: adminKey }),
      404,
      "topic_not_found",
    );
    service.clock.pass(601);
    await service.store.expire(service.clock.nowMs());
    await putTopic("news");
    assert.equal((await ask("topic=news&window=1h")).messages, 0);
  });
});
