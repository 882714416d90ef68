import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import type { PopularTerms } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import type { Store, SummaryKey, TermsChange, TopicRecord } from "#core/store.ts";
import { openEmbeddedStore } from "#stores/embedded/store.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { decodeSummary, encodeSummary } from "#terms/codec.ts";
import { stopWordsFor } from "#terms/stop-words.ts";
import { mergeSummaries } from "#terms/summary.ts";
import { messageTerms } from "#terms/tokenize.ts";
import { tokenizerVersion } from "#terms/tokenizer-version.ts";
import { childrenOf, levels, windowNames } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { TermCounting } from "./count-terms.ts";
import { deleteTopic } from "./delete-topic.ts";
import { countedIds, fakeContext } from "./fake-context.ts";
import { getPopularTerms } from "./get-popular-terms.ts";
import { publish } from "./publish.ts";
import { putTopic } from "./put-topic.ts";
import { rollUpTerms } from "./roll-up-terms.ts";
import { overall, topicScope } from "./scopes.ts";

/*
 * Counting, rolling up and asking together, over a clock held by hand. The model is the list of what was published: every
 * answer must equal an independent count of the messages in the window that the answer names.
 */

const t0 = Date.UTC(2026, 0, 1);
const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const admin = { kind: "admin" } as const;

interface Published {
  readonly topic: string;
  readonly publishedAtMs: number;
  readonly terms: ReadonlySet<string>;
}

/** The functions over a store, a clock that moves when told to, and the list of what was published. */
class World {
  nowMs = t0;
  readonly published: Published[] = [];
  readonly store: Store;
  readonly context: Context;
  readonly counting: TermCounting;
  readonly #ids = countedIds();

  constructor(store: Store = createMemoryStore()) {
    this.store = store;
    this.context = this.contextOver(store);
    this.counting = new TermCounting(this.context);
  }

  /** What another process would work with. */
  contextOver(store: Store): Context {
    return fakeContext(store, { nowMs: () => this.nowMs }, this.#ids, 60_000);
  }

  createTopic(topic: string, body: Parameters<typeof putTopic>[2]["body"] = {}): Promise<unknown> {
    return putTopic(this.context, admin, { topic, body: { retentionSeconds: 0, ...body } });
  }

  async publish(topic: string, texts: readonly string[]): Promise<void> {
    const bytes = Buffer.from(JSON.stringify({ messages: texts.map((body) => ({ body })) }));
    const { publishedAt } = await publish(this.context, admin, {
      topic,
      mediaType: "application/json",
      body: async () => bytes,
    });
    const stopWords = stopWordsFor(["en"]);
    for (const body of texts)
      this.published.push({
        topic,
        publishedAtMs: Date.parse(publishedAt),
        terms: messageTerms({ body }, { stopWords }),
      });
  }

  async count(counting = this.counting): Promise<void> {
    for (let passes = 0; (await counting.countTerms()).more; passes++) assert.ok(passes < 1_000, "counting never ends");
  }

  /** Until nothing that is due is left, however often each pass refuses. */
  async rollUp(context = this.context): Promise<void> {
    for (let marks = ""; ; ) {
      await rollUpTerms(context);
      const now = JSON.stringify(await this.store.listWork(undefined, 100_000));
      if (now === marks) return;
      marks = now;
    }
  }

  async expire(): Promise<void> {
    for (let steps = 0; await this.store.expire(this.nowMs); steps++) assert.ok(steps < 1_000, "expiry never ends");
  }

  ask(topic: string | undefined, window: (typeof windowNames)[number] = "all", context = this.context) {
    return getPopularTerms(context, admin, { ...(topic !== undefined && { topic }), window, limit: 1000 });
  }

  /** The answer equals the count of what was published in the window that it names, term by term. */
  assertExact(answer: PopularTerms, topic: string | undefined): void {
    const fromMs = answer.window.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(answer.window.from);
    const toMs = Date.parse(answer.window.to);
    const within = this.published.filter(
      (message) =>
        (topic === undefined || message.topic === topic) &&
        message.publishedAtMs >= fromMs &&
        message.publishedAtMs < toMs,
    );
    const counts = new Map<string, number>();
    for (const { terms } of within) for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
    const where = `${topic ?? "overall"} ${answer.window.name} at ${timeToString(this.nowMs)}`;
    assert.equal(answer.messages, within.length, `messages of ${where}`);
    assert.deepEqual(new Map(answer.terms.map(({ term, count }) => [term, count])), counts, `terms of ${where}`);
    assert.ok(answer.exact && answer.floor === 0);
    assert.equal(
      answer.pairs,
      [...counts.values()].reduce((sum, count) => sum + count, 0),
    );
  }

  async assertAllExact(topics: readonly string[]): Promise<void> {
    for (const topic of [...topics, undefined])
      for (const window of windowNames) this.assertExact(await this.ask(topic, window), topic);
  }
}

async function embeddedStore<T>(body: (store: Store) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "bellwether-terms-"));
  const store = await openEmbeddedStore(folder);
  try {
    return await body(store);
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

// ── Random lives of a service ───────────────────────────────────────────────────────────────────────────────────────

const topicNames = ["a", "b"] as const;
const text = fc
  .array(fc.constantFrom("apple", "pear", "plum", "#tag", "@name", "the", "7", "Apple", "naïve"), { maxLength: 5 })
  .map((words) => words.join(" "));
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("publish"),
      topic: fc.constantFrom(...topicNames),
      texts: fc.array(text, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pass"),
      ms: fc.oneof(fc.nat(20 * second), fc.nat(15 * minute), fc.nat(3 * hour), fc.constantFrom(day, 2 * day, 5 * day)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("count") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rollUp") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("ask") }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(world: World, each: Step): Promise<void> {
  switch (each.kind) {
    case "publish":
      await world.publish(each.topic, each.texts);
      break;
    case "pass":
      world.nowMs += each.ms;
      break;
    case "count":
      await world.counting.countTerms();
      break;
    case "rollUp":
      await rollUpTerms(world.context);
      break;
    case "expire":
      await world.store.expire(world.nowMs);
      break;
    case "ask":
      await world.count();
      await world.assertAllExact(topicNames);
  }
}

async function live(world: World, steps: readonly Step[]): Promise<void> {
  for (const topic of topicNames) await world.createTopic(topic, { shards: 2 });
  for (const each of steps) await take(world, each);
  await world.count();
  await world.assertAllExact(topicNames);
  await world.rollUp();
  await world.assertAllExact(topicNames);
}

test("every window equals an exact recount, however time, counting, rolling up and expiry interleave", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => live(new World(), steps)),
    { numRuns: 150 },
  );
});

test("and over the embedded store", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) =>
      embeddedStore((store) => live(new World(store), steps)),
    ),
    { numRuns: 8 },
  );
});

test("a steady stream asked through four days is exact in every window", async () => {
  const world = new World();
  await world.createTopic("a");
  let published = 0;
  for (let i = 0; i < 4 * 24 * 6; i++) {
    world.nowMs += 10 * minute + 137;
    await world.publish("a", [`apple w${published++ % 40}`]);
    if (i % 3 === 0) await world.count();
    if (i % 5 === 0) await rollUpTerms(world.context);
    if (i % 6 === 0) await world.store.expire(world.nowMs);
    if (i % 31 === 0) {
      await world.count();
      await world.assertAllExact(["a"]);
    }
  }
});

// ── Exactly once ────────────────────────────────────────────────────────────────────────────────────────────────────

describe("each message is counted once", () => {
  /** A store whose saves fail in every way, and whose calls take turns at random. A save may come a second time, later. */
  function faulty(store: Store, choose: () => number): Store {
    const zombies: TermsChange[] = [];
    const saveTerms = async (change: TermsChange): Promise<boolean> => {
      if (zombies.length > 0 && choose() % 3 === 0) await store.saveTerms(zombies.pop()!);
      const fate = choose() % 6;
      if (fate === 0) throw new Error("it broke before anything was saved");
      if (fate === 1) return false;
      const saved = await store.saveTerms(change);
      if (fate === 2) throw new Error("it was saved, and the answer got lost");
      if (fate === 3) zombies.push(change);
      return saved;
    };
    return new Proxy(store, {
      get(target, name) {
        const verb = name === "saveTerms" ? saveTerms : Reflect.get(target, name);
        if (typeof verb !== "function") return verb;
        return async (...args: unknown[]) => {
          for (let turns = choose() % 4; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
          return (verb as (...args: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  }

  async function survive(world: World, choices: readonly number[]): Promise<void> {
    let at = 0;
    const choose = (): number => choices[at++ % choices.length]! + (at % 7);
    await world.createTopic("a", { shards: 3 });
    await world.createTopic("b");
    for (let round = 0; round < 6; round++) {
      for (let i = choose() % 5; i >= 0; i--) {
        await world.publish(choose() % 2 === 0 ? "a" : "b", [`apple w${choose() % 9}`, `pear w${choose() % 9}`]);
        world.nowMs += (choose() % 9) * 1_700;
      }
      // Two services at once, each of which may die at any save, and another in the next round.
      const workers = [0, 1].map(() => world.contextOver(faulty(world.store, choose)));
      const works = workers.flatMap((context) => {
        const counting = new TermCounting(context);
        return [1, 2, 3].flatMap(() => [() => counting.countTerms(), () => rollUpTerms(context)]);
      });
      await Promise.allSettled(works.map((work) => work()));
      world.nowMs += [0, 50 * second, 11 * minute, 3 * hour, 26 * hour][choose() % 5]!;
    }
    await world.count();
    await world.rollUp();
    await world.assertAllExact(["a", "b"]);
  }

  const choices = fc.array(fc.nat(1_000), { minLength: 200, maxLength: 200 });

  test("when two count at once and saves fail, are lost or come again (memory)", async () => {
    await fc.assert(
      fc.asyncProperty(choices, (numbers) => survive(new World(), numbers)),
      { numRuns: 100 },
    );
  });

  test("when two count at once and saves fail, are lost or come again (embedded)", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(choices, (numbers) => embeddedStore((store) => survive(new World(store), numbers))),
      { numRuns: 6 },
    );
  });

  test("also in shards beyond those of one pass, while all of them have news", async () => {
    const world = new World();
    for (let i = 0; i < 6; i++) await world.createTopic(`t${i}`, { shards: 16 });
    const quiet = "t5";
    await world.publish(quiet, ["pear"]);
    for (let pass = 0; pass < 20; pass++) {
      for (let i = 0; i < 5; i++)
        for (let shard = 0; shard < 16; shard++) await world.publish(`t${i}`, [`apple w${shard}`]);
      await world.counting.countTerms();
    }
    assert.equal((await world.ask(quiet)).messages, 1);
  });
});

// ── Roll-up ─────────────────────────────────────────────────────────────────────────────────────────────────────────

describe("rolling up", () => {
  async function summary(store: Store, key: SummaryKey) {
    const [record] = await store.getSummaries([key]);
    return record && decodeSummary(record.bytes).summary;
  }

  /** Every parent that is there holds the merge of its children, to the byte. */
  async function assertParents(world: World, scope: string, fromMs: number, toMs: number): Promise<number> {
    let found = 0;
    for (const { level, ms } of levels.slice(1)) {
      for (let startMs = fromMs; startMs < toMs; startMs += ms) {
        const parent = await summary(world.store, { scope, level, startMs });
        if (!parent) continue;
        found += 1;
        const children = await Promise.all(
          childrenOf({ level, startMs }).map((child) => summary(world.store, { scope, ...child })),
        );
        const merged = mergeSummaries(
          children.filter((child) => child !== undefined),
          Number.POSITIVE_INFINITY,
        );
        assert.equal(
          Buffer.from(encodeSummary(parent, tokenizerVersion)).toString("hex"),
          Buffer.from(encodeSummary(merged, tokenizerVersion)).toString("hex"),
          `level ${level} at ${timeToString(startMs)}`,
        );
      }
    }
    return found;
  }

  async function scopeOf(world: World, topic: string): Promise<string> {
    return topicScope((await world.store.getTopic(topic)) as TopicRecord);
  }

  test("makes each parent the merge of its children, on every level, also after late messages", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(8 * hour), text, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 25 }),
        async (messages) => {
          const world = new World();
          await world.createTopic("a", { shards: 4 });
          for (const [ms, body, counts, rolls] of messages) {
            world.nowMs += ms;
            await world.publish("a", [body]);
            if (counts) await world.counting.countTerms();
            if (rolls) await rollUpTerms(world.context);
          }
          await world.count();
          world.nowMs += day;
          await world.rollUp();
          for (const scope of [await scopeOf(world, "a"), overall]) {
            assert.ok((await assertParents(world, scope, t0, world.nowMs)) >= 4);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("an only child is copied up, and nothing is lost when it expires", async () => {
    const world = new World();
    await world.createTopic("a");
    await world.publish("a", ["apple"]);
    await world.count();
    world.nowMs += day;
    await world.rollUp();
    world.nowMs += 60 * day;
    await world.rollUp();
    await world.expire();

    const scope = await scopeOf(world, "a");
    assert.equal(await summary(world.store, { scope, level: 0, startMs: t0 }), undefined);
    world.assertExact(await world.ask("a"), "a");
  });

  test("folds a day into `all` once, when it has been over for a day", async () => {
    const world = new World();
    await world.createTopic("a");
    const scope = await scopeOf(world, "a");
    const all = { scope, level: 5, startMs: 0 } as const;
    await world.publish("a", ["apple", "pear"]);
    await world.count();

    world.nowMs = t0 + 2 * day - 1;
    await world.rollUp();
    assert.equal(await summary(world.store, all), undefined);
    world.assertExact(await world.ask("a"), "a");

    world.nowMs = t0 + 2 * day;
    await Promise.all([rollUpTerms(world.context), rollUpTerms(world.contextOver(world.store))]);
    await world.rollUp();
    assert.equal((await summary(world.store, all))?.messages, 2);
    // The same mark again, as a fold that was saved and not heard of would leave it.
    await world.store.saveTerms({
      puts: [],
      setMarks: [{ scope, level: 5, startMs: t0, stamp: "again" }],
      clearMarks: [],
      cursors: [],
    });
    await world.rollUp();
    assert.equal((await summary(world.store, all))?.messages, 2);
    world.assertExact(await world.ask("a"), "a");
  });

  test("folds while messages keep coming", async () => {
    const world = new World();
    await world.createTopic("a");
    const all = { scope: await scopeOf(world, "a"), level: 5, startMs: 0 } as const;
    await world.publish("a", ["apple"]);
    await world.count();
    for (let i = 0; i < 72; i++) {
      world.nowMs += hour;
      await world.publish("a", ["pear"]);
      await world.count();
      await world.publish("a", ["plum"]);
      await rollUpTerms(world.context);
    }
    assert.ok(await summary(world.store, all), "the first day is folded");
    await world.count();
    world.assertExact(await world.ask("a"), "a");
  });

  test("a day that is counted on after its marks were read is not folded without that", async () => {
    const world = new World();
    await world.createTopic("a", { shards: 2 });
    await world.publish("a", ["apple"]);
    await world.count();
    world.nowMs = t0 + 40 * hour;
    await world.rollUp();
    world.nowMs = t0 + 3 * second;
    await world.publish("a", ["pear"]);
    world.nowMs = t0 + 2 * day;
    let lists = 0;
    const store = new Proxy(world.store, {
      get: (target, name) =>
        name === "listWork"
          ? async (...args: Parameters<Store["listWork"]>) => {
              const marks = await target.listWork(...args);
              if (lists++ === 0) await world.count();
              return marks;
            }
          : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
    });

    await rollUpTerms(world.contextOver(store));

    world.nowMs += 3 * day;
    await world.rollUp();
    world.assertExact(await world.ask("a"), "a");
  });

  test("a day waits for all of its messages, also where their times are out of order in their shard", async () => {
    const memory = createMemoryStore();
    const store = new Proxy(memory, {
      get: (target, name) =>
        name === "readEntries"
          ? async (...args: Parameters<Store["readEntries"]>) =>
              (await target.readEntries(...args)).map((entry) =>
                entry.ticket === 2 ? { ...entry, publishedAtMs: t0 + day - 5 * second } : entry,
              )
          : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
    });
    const world = new World(store);
    await world.createTopic("a");
    await world.publish("a", ["apple"]);
    await world.count();
    world.nowMs = t0 + day + 2 * second;
    for (const body of ["pear", "plum"]) await world.publish("a", [body]);

    world.nowMs = t0 + 2 * day;
    await world.rollUp();
    await world.count();
    world.nowMs += 5 * day;
    await world.rollUp();

    world.assertExact(await world.ask("a"), "a");
  });

  test("a day that is folded in the middle of an answer is not in it twice", async () => {
    const world = new World();
    await world.createTopic("a");
    await world.publish("a", ["apple"]);
    await world.count();
    world.nowMs += 30 * hour;
    await world.rollUp();
    world.nowMs += 30 * hour;
    const store = new Proxy(world.store, {
      get: (target, name) =>
        name === "listWork"
          ? async (...args: Parameters<Store["listWork"]>) => {
              const marks = await target.listWork(...args);
              await world.rollUp();
              return marks;
            }
          : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
    });

    world.assertExact(await world.ask("a", "all", world.contextOver(store)), "a");
  });

  for (const kind of ["counted", "not counted yet"] as const) {
    for (const daysOff of [1, 3, 9, 50, 500]) {
      test(`a service that was off for ${daysOff} days keeps what was ${kind} when it stopped`, async () => {
        for (const open of [
          (body: (store: Store) => Promise<void>) => body(createMemoryStore()),
          embeddedStore<void>,
        ]) {
          await open(async (store) => {
            const world = new World(store);
            await world.createTopic("a");
            for (let i = 0; i < 5; i++) {
              await world.publish("a", [`apple w${i}`]);
              await world.count();
              await world.rollUp();
              world.nowMs += 7 * minute;
            }
            await world.publish("a", ["pear"]);
            if (kind === "counted") await world.count();

            // Everything starts at once, and expiry happens to be first.
            world.nowMs += daysOff * day;
            for (let i = 0; i < 30; i++) {
              await world.store.expire(world.nowMs);
              await world.counting.countTerms();
              await world.store.expire(world.nowMs);
              await rollUpTerms(world.context);
            }
            await world.expire();
            world.assertExact(await world.ask("a"), "a");
            world.assertExact(await world.ask(undefined), undefined);
          });
        }
      });
    }
  }

  test("summaries go when they are over and nothing is behind", async () => {
    const world = new World();
    await world.createTopic("a");
    const scope = await scopeOf(world, "a");
    await world.publish("a", ["apple"]);
    await world.count();
    // All levels above the first are written a day later, and kept from then on.
    world.nowMs = t0 + day;
    await world.rollUp();
    for (const { level, retainMs } of levels) {
      const key: SummaryKey = { scope, level, startMs: t0 };
      const endMs = (level === 0 ? t0 + 10 * second : t0 + day) + retainMs;
      world.nowMs = endMs - 1;
      await world.rollUp();
      await world.expire();
      assert.ok(await summary(world.store, key), `level ${level} is kept`);
      world.nowMs = endMs;
      await world.expire();
      assert.equal(await summary(world.store, key), undefined, `level ${level} is over`);
    }
    world.assertExact(await world.ask("a"), "a");
  });
});

// ── What answers say ────────────────────────────────────────────────────────────────────────────────────────────────

describe("answers", () => {
  test("leave out hidden terms however they are spelled, and count them on", async () => {
    const world = new World();
    await world.createTopic("a");
    await world.publish("a", ["Apple pear", "apple #Tag"]);
    await world.count();

    await world.createTopic("a", { terms: { hidden: ["APPLE", "#TAG"] } });
    const hidden = await world.ask("a");
    assert.deepEqual(
      hidden.terms.map(({ term }) => term),
      ["pear"],
    );
    assert.equal(hidden.messages, 2);
    assert.equal(hidden.pairs, 4);

    await world.createTopic("a", { terms: { hidden: [] } });
    world.assertExact(await world.ask("a"), "a");
  });

  test("say nothing of a topic whose terms are disabled, nor does overall; what was before stays", async () => {
    const world = new World();
    await world.createTopic("a");
    await world.createTopic("secret", { terms: { enabled: false } });
    await world.publish("secret", ["password"]);
    await world.publish("a", ["apple"]);
    await world.count();
    assert.deepEqual((await world.ask("secret")).terms, []);
    assert.equal((await world.ask("secret")).messages, 0);
    assert.deepEqual(
      (await world.ask(undefined)).terms.map(({ term }) => term),
      ["apple"],
    );
    assert.equal((await world.ask("secret")).asOf, timeToString(world.nowMs - 1), "nothing waits to be counted");

    await world.createTopic("a", { terms: { enabled: false } });
    await world.publish("a", ["pear"]);
    await world.count();
    assert.deepEqual(
      (await world.ask("a")).terms.map(({ term }) => term),
      ["apple"],
    );
  });

  test("a deleted topic is gone with its terms; overall keeps them, and a new topic of the name begins anew", async () => {
    const world = new World();
    await world.createTopic("a");
    await world.createTopic("b");
    await world.publish("a", ["apple"]);
    await world.publish("b", ["pear"]);
    await world.count();
    await world.rollUp();

    await deleteTopic(world.context, admin, { topic: "a" });
    await world.expire();
    await assert.rejects(world.ask("a"), { code: "topic_not_found" });
    world.assertExact(await world.ask(undefined), undefined);

    world.nowMs += 11 * minute;
    await world.expire();
    await world.createTopic("a");
    assert.equal((await world.ask("a")).messages, 0);
    await world.publish("a", ["plum"]);
    await world.count();
    await world.rollUp();
    assert.deepEqual(
      (await world.ask("a")).terms.map(({ term }) => term),
      ["plum"],
    );
    for (const days of [1, 2, 3]) {
      world.nowMs = t0 + days * day;
      await world.rollUp();
      world.assertExact(await world.ask(undefined), undefined);
    }
  });

  test("are as of a time up to which everything is counted, and no later", async () => {
    const world = new World();
    await world.createTopic("a", { shards: 4 });
    await world.createTopic("b");
    assert.equal((await world.ask("a")).asOf, timeToString(world.nowMs - 1));

    await world.publish("a", ["apple"]);
    const firstMs = world.nowMs;
    world.nowMs += 5 * second;
    await world.publish("b", ["pear"]);
    world.nowMs += 5 * second;
    assert.equal((await world.ask("a")).asOf, timeToString(firstMs - 1));
    assert.equal((await world.ask("b")).asOf, timeToString(firstMs + 5 * second - 1), "its own topic alone");
    assert.equal((await world.ask(undefined)).asOf, timeToString(firstMs - 1));

    await world.count();
    for (const topic of ["a", "b", undefined])
      assert.equal((await world.ask(topic)).asOf, timeToString(world.nowMs - 1));
  });

  test("hold everything that was acknowledged up to their asOf, whenever they are asked", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.nat(2_000)), { minLength: 5, maxLength: 40 }), async (steps) => {
        const world = new World();
        await world.createTopic("a", { shards: 2 });
        for (const [kind, ms] of steps) {
          world.nowMs += ms;
          if (kind < 2) await world.publish("a", [`apple w${ms}`]);
          if (kind === 2) await world.counting.countTerms();
          const answer = await world.ask("a");
          const asOfMs = Date.parse(answer.asOf);
          const due = world.published.filter(({ publishedAtMs }) => publishedAtMs <= asOfMs).length;
          assert.ok(answer.messages >= due, `${answer.messages} of ${due} as of ${answer.asOf}`);
          assert.ok(answer.messages <= world.published.length);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("are as of before what is being published, until it is in the log", async () => {
    const world = new World();
    await world.createTopic("a");
    await world.publish("a", ["apple"]);
    await world.count();
    world.nowMs += minute;
    const beganMs = world.nowMs;
    let write = (): void => {};
    const held = new Promise<void>((resolve) => {
      write = resolve;
    });
    const { append } = world.store;
    world.store.append = async (request) => {
      await held;
      return append.call(world.store, request);
    };
    const publishing = world.publish("a", ["pear"]);
    await new Promise((resolve) => setImmediate(resolve));
    world.nowMs += minute;
    assert.equal((await world.ask("a")).asOf, timeToString(beganMs - 1));
    write();
    await publishing;
    assert.equal((await world.ask("a")).asOf, timeToString(beganMs - 1), "not counted yet");
    await world.count();
    assert.equal((await world.ask("a")).asOf, timeToString(world.nowMs - 1));
    world.assertExact(await world.ask("a"), "a");
  });

  test("are as of before what another process may be publishing unseen, where the store is shared", async () => {
    const store = createMemoryStore();
    const world = new World(Object.assign(store, { traits: { ...store.traits, appendsUnseenMs: 30_000 } }));
    await world.createTopic("a");
    await world.publish("a", ["apple"]);
    await world.count();
    world.nowMs += minute;

    const answer = await world.ask("a");

    assert.equal(answer.asOf, timeToString(world.nowMs - 30_000 - 1));
    world.assertExact(answer, "a");
  });

  test("count a message that cannot be cut as one without terms", async () => {
    const world = new World();
    await world.createTopic("a");
    const topic = (await world.store.getTopic("a"))!;
    const payload = Buffer.concat([Buffer.from([1, 1, 0x70, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]), Buffer.from("oops")]);
    await world.store.append({
      topic: "a",
      incarnation: topic.incarnation,
      nowMs: world.nowMs,
      parts: [{ shard: 0, count: 1, payload }],
    });
    const { messages, uncuttable } = await world.counting.countTerms();
    assert.deepEqual([messages, uncuttable], [1, 1]);
    const answer = await world.ask("a");
    assert.deepEqual([answer.messages, answer.pairs, answer.terms], [1, 0, []]);
  });

  test("go on past a message that cutting fails at, which counts as one without terms", async (t) => {
    failOver(t, "ล้มเหลว");
    const world = new World();
    await world.createTopic("a");
    await world.publish("a", ["apple", "pear"]);
    const texts = ["apple plum", "apple ล้มเหลว", "pear"];
    const body = async () => Buffer.from(JSON.stringify({ messages: texts.map((text) => ({ body: text })) }));
    await publish(world.context, admin, { topic: "a", mediaType: "application/json", body });
    await world.publish("a", ["fig"]);
    const { messages, uncuttable } = await world.counting.countTerms();
    assert.deepEqual([messages, uncuttable], [6, 1]);
    const { messages: answered, pairs, terms } = await world.ask("a");
    assert.deepEqual([answered, pairs], [6, 6]);
    assert.deepEqual(
      terms.map(({ term, count }) => `${term} ${count}`),
      ["apple 2", "pear 2", "fig 1", "plum 1"],
    );
    await world.publish("a", ["fig"]);
    assert.deepEqual(await world.counting.countTerms(), { messages: 1, uncuttable: 0, more: true });
  });

  test("go on past an entry that is damaged, whose messages count as ones without terms", async () => {
    const world = new World();
    await world.createTopic("a");
    await world.publish("a", ["apple"]);
    const { incarnation } = (await world.store.getTopic("a"))!;
    const parts = [{ shard: 0, count: 2, payload: Buffer.from([9, 9, 9]) }];
    await world.store.append({ topic: "a", incarnation, nowMs: world.nowMs, parts });
    await world.publish("a", ["apple"]);
    const { messages, uncuttable } = await world.counting.countTerms();
    assert.deepEqual([messages, uncuttable], [4, 2]);
    const answer = await world.ask("a");
    assert.deepEqual([answer.messages, answer.pairs], [4, 2]);
  });
});

/** Makes the cutting of any text with these words fail, as a fault in a dictionary of ICU would. */
function failOver(t: TestContext, words: string): void {
  const { segment } = Intl.Segmenter.prototype;
  t.mock.method(Intl.Segmenter.prototype, "segment", function (this: Intl.Segmenter, text: string) {
    if (text.includes(words)) throw new Error(`a fault in cutting ${text}`);
    return segment.call(this, text);
  });
}
