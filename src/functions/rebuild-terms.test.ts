import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PopularTerms, TermsRebuild, WindowName } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import type { Store } from "#core/store.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { windowNames } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { TermCounting } from "./count-terms.ts";
import { deleteTopic } from "./delete-topic.ts";
import { fakeContext } from "./fake-context.ts";
import { getPopularTerms } from "./get-popular-terms.ts";
import { dayLevel } from "./levels.ts";
import { publish } from "./publish.ts";
import { putTopic } from "./put-topic.ts";
import { rebuildTerms } from "./rebuild-terms.ts";
import { rollUpTerms } from "./roll-up-terms.ts";

/*
 * A topic that takes English stop words counts "apple" of "the apple"; rebuilt without them, it counts "the" too. So which
 * counts an answer shows can be told from whether "the" is counted as often as "apple", or not at all.
 */

const t0 = Date.UTC(2026, 0, 5, 12);
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const admin = { kind: "admin" } as const;

class World {
  nowMs = t0;
  readonly store: Store;
  readonly context: Context;
  readonly counting: TermCounting;

  constructor(store: Store = createMemoryStore()) {
    this.store = store;
    this.context = fakeContext(store, { nowMs: () => this.nowMs });
    this.counting = new TermCounting(this.context);
  }

  put(topic: string, languages: readonly string[], more: object = {}): Promise<unknown> {
    return putTopic(this.context, admin, { topic, body: { retentionSeconds: 0, terms: { languages }, ...more } });
  }

  async publish(topic: string, text = "the apple"): Promise<void> {
    const body = async () => Buffer.from(JSON.stringify({ body: text }));
    await publish(this.context, admin, { topic, mediaType: "application/json", body });
  }

  async work(): Promise<void> {
    while ((await this.counting.countTerms()).more);
    for (let marks = ""; ; ) {
      await rollUpTerms(this.context);
      const now = JSON.stringify(await this.store.listWork(undefined, 10_000));
      if (now === marks) return;
      marks = now;
    }
  }

  /** Messages over these hours, all counted, with the clock a while past the last of them. */
  async fill(topics: readonly string[], hours: number): Promise<number> {
    let published = 0;
    for (let ms = 0; ms < hours * hour; ms += 17 * minute) {
      this.nowMs = t0 + ms;
      for (const topic of topics) await this.publish(topic);
      published += topics.length;
      await this.work();
    }
    this.nowMs = t0 + hours * hour + 5 * minute;
    await this.work();
    return published;
  }

  rebuild(topic: string | undefined, fromMs: number, toMs: number, before?: string): Promise<TermsRebuild> {
    const body = {
      from: timeToString(fromMs),
      to: timeToString(toMs),
      ...(topic !== undefined && { topic }),
      ...(before !== undefined && { continue: before }),
    };
    return rebuildTerms(this.context, admin, { body });
  }

  async rebuildAll(topic: string | undefined, fromMs: number, toMs: number): Promise<TermsRebuild> {
    let answer = await this.rebuild(topic, fromMs, toMs);
    for (let calls = 0; answer.state !== "done"; calls++) {
      assert.ok(calls < 50, `it stays ${answer.state}`);
      await this.work();
      answer = await this.rebuild(topic, fromMs, toMs, answer.continue);
    }
    return answer;
  }

  ask(topic: string | undefined, window: WindowName, context = this.context): Promise<PopularTerms> {
    return getPopularTerms(context, admin, { ...(topic !== undefined && { topic }), window });
  }
}

/** The store with some of its calls replaced. */
function storeWith(store: Store, calls: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const own = Reflect.get(target, name);
      return calls[name as keyof Store] ?? own.bind?.(target) ?? own;
    },
  });
}

/** How often messages are counted, and their two words. */
function counts({ messages, terms }: PopularTerms): { messages: number; apple: number; the: number } {
  const of = (wanted: string): number => terms.find(({ term }) => term === wanted)?.count ?? 0;
  return { messages, apple: of("apple"), the: of("the") };
}

test("every window shows the old counts until the range is recounted, and the new ones from then on", async () => {
  const world = new World();
  await world.put("a", ["en"]);
  const published = await world.fill(["a"], 30);
  await world.put("a", []);
  const old = await world.ask("a", "all");
  assert.deepEqual(counts(old), { messages: published, apple: published, the: 0 });

  let answer = await world.rebuild("a", t0, world.nowMs);
  for (let calls = 0; answer.state !== "done"; calls++) {
    assert.ok(calls < 50);
    assert.deepEqual((await world.ask("a", "all")).terms, old.terms);
    answer = await world.rebuild("a", t0, world.nowMs, answer.continue);
  }

  assert.equal(answer.to, timeToString(t0 + 30 * hour), "the hour that is not over is left out");
  for (const step of ["at once", "when its days are rolled up", "when they are folded into all"]) {
    for (const window of windowNames) {
      const { messages, apple, the } = counts(await world.ask("a", window));
      assert.deepEqual([apple, the], [messages, messages], `${window} ${step}`);
    }
    assert.equal((await world.ask("a", "all")).messages, published, step);
    await world.work();
    if (step !== "at once") world.nowMs += 3 * day;
    await world.work();
  }
});

test("a recount equals what counting in the first place would have given, to the byte", async () => {
  const rebuilt = new World();
  const counted = new World();
  await rebuilt.put("a", ["en"], { shards: 2 });
  await counted.put("a", [], { shards: 2 });
  for (const world of [rebuilt, counted]) await world.fill(["a"], 5);
  await rebuilt.put("a", []);

  await rebuilt.rebuildAll("a", t0, t0 + 5 * hour);

  for (const world of [rebuilt, counted]) world.nowMs = t0 + 5 * hour + minute;
  for (const window of windowNames) {
    assert.deepEqual(await rebuilt.ask("a", window), await counted.ask("a", window));
    await rebuilt.work();
    assert.deepEqual(await rebuilt.ask("a", window), await counted.ask("a", window));
  }
});

test("only hours of the range change, and days into which it reaches are mixed of both by the hour", async () => {
  const world = new World();
  await world.put("a", ["en"]);
  const published = await world.fill(["a"], 30);
  await world.put("a", []);

  await world.rebuildAll("a", t0 + 10 * hour, t0 + 20 * hour);

  const within = Math.ceil((20 * 60) / 17) - Math.ceil((10 * 60) / 17);
  for (let days = 0; days < 4; days++) {
    assert.deepEqual(counts(await world.ask("a", "all")), { messages: published, apple: published, the: within });
    world.nowMs += day;
    await world.work();
    await world.store.expire(world.nowMs);
  }
});

test("a day that is folded into `all` already stays in it as it was counted", async () => {
  const world = new World();
  await world.put("a", ["en"]);
  const published = await world.fill(["a"], 2);
  world.nowMs += 3 * day;
  await world.work();
  await world.put("a", []);

  await world.rebuildAll("a", t0, t0 + 2 * hour);

  world.nowMs += day;
  await world.work();
  assert.deepEqual(counts(await world.ask("a", "all")), { messages: published, apple: published, the: 0 });
  world.nowMs = t0 + 20 * hour;
  assert.deepEqual(counts(await world.ask("a", "1d")), { messages: published, apple: published, the: published });
});

test("a range can be rebuilt again, also in part, and the last rebuild of an hour counts", async () => {
  const world = new World();
  await world.put("a", []);
  const published = await world.fill(["a"], 6);
  await world.put("a", ["en"]);
  await world.rebuildAll("a", t0, t0 + 6 * hour);
  assert.equal(counts(await world.ask("a", "all")).the, 0);
  await world.put("a", []);
  await world.rebuildAll("a", t0 + 2 * hour, t0 + 4 * hour);

  const within = Math.ceil((4 * 60) / 17) - Math.ceil((2 * 60) / 17);
  assert.deepEqual(counts(await world.ask("a", "all")), { messages: published, apple: published, the: within });
  await world.rebuildAll("a", t0, t0 + 6 * hour);
  assert.equal(counts(await world.ask("a", "all")).the, published);
});

test("one topic's rebuild leaves overall as it was; overall is rebuilt by itself, from all topics", async () => {
  const world = new World();
  for (const topic of ["a", "b"]) await world.put(topic, ["en"]);
  const published = await world.fill(["a", "b"], 3);
  for (const topic of ["a", "b"]) await world.put(topic, []);

  await world.rebuildAll("a", t0, t0 + 3 * hour);
  assert.equal(counts(await world.ask("a", "1d")).the, published / 2);
  assert.equal(counts(await world.ask("b", "1d")).the, 0);
  assert.deepEqual(counts(await world.ask(undefined, "1d")), { messages: published, apple: published, the: 0 });

  await world.rebuildAll(undefined, t0, t0 + 3 * hour);
  assert.deepEqual(counts(await world.ask(undefined, "1d")), { messages: published, apple: published, the: published });
  assert.equal(counts(await world.ask("b", "1d")).the, 0);
});

test("cut off at any step it leaves the old counts or the new ones, and messages go on being counted once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(60), fc.boolean(), async (saves, isLost) => {
      const world = new World();
      await world.put("a", ["en"]);
      let published = await world.fill(["a"], 2);
      await world.put("a", []);
      let left = saves;
      const breaking = storeWith(world.store, {
        async saveTerms(change) {
          if (left-- > 0) return world.store.saveTerms(change);
          if (!isLost) await world.store.saveTerms(change);
          throw new Error("cut off");
        },
      });
      const body = { topic: "a", from: timeToString(t0), to: timeToString(t0 + 2 * hour) };
      const cut = await rebuildTerms({ ...world.context, store: breaking }, admin, { body }).catch(() => undefined);

      await world.publish("a");
      published += 1;
      for (let i = 0; i < 3; i++) {
        const { messages, apple, the } = counts(await world.ask("a", "all"));
        // The message that came meanwhile is counted by the new settings anyway.
        const meanwhile = messages - (published - 1);
        assert.ok(the === meanwhile || the === apple, `${the} of ${apple}`);
        if (i > 0) assert.deepEqual([messages, apple], [published, published]);
        await world.work();
        world.nowMs += day;
      }
      if (cut?.state === "done") assert.ok(counts(await world.ask("a", "all")).the > 0);
    }),
    { numRuns: 60 },
  );
});

for (const [when, nth] of [
  ["as its rebuild is about to be switched", 1],
  ["between its last comparison and the switch", 2],
] as const) {
  test(`a message that comes late into an hour ${when} is counted once, in the new counts too`, async () => {
    const world = new World();
    await world.put("a", ["en"], { shards: 2 });
    const published = await world.fill(["a"], 2);
    await world.put("a", []);
    let puts = 0;
    const store = storeWith(world.store, {
      async saveTerms(change) {
        if (change.puts.some(({ scope }) => scope === "rebuilds") && ++puts === nth) {
          const { nowMs } = world;
          world.nowMs = t0 + 2 * hour - minute;
          for (let i = 0; i < 8; i++) await world.publish("a");
          world.nowMs = nowMs;
          // Another process counts them, before this one gets on.
          if (nth === 2) while ((await world.counting.countTerms()).more);
        }
        return world.store.saveTerms(change);
      },
    });
    const rebuilding = new World(store);
    rebuilding.nowMs = world.nowMs;

    await rebuilding.rebuildAll("a", t0, t0 + 2 * hour);
    await world.work();

    assert.ok(puts > nth);
    for (let days = 0; days < 4; days++) {
      const all = published + 8;
      assert.deepEqual(counts(await world.ask("a", "all")), { messages: all, apple: all, the: all });
      world.nowMs += day;
      await world.work();
    }
  });
}

test("cut off after the switch, before its days are marked, it shows the new counts of all messages", async () => {
  const world = new World();
  await world.put("a", ["en"]);
  const published = await world.fill(["a"], 30);
  await world.put("a", []);
  const store = storeWith(world.store, {
    async saveTerms(change) {
      if (change.setMarks.some(({ level }) => level === dayLevel)) throw new Error("cut off");
      return world.store.saveTerms(change);
    },
  });
  const rebuilding = new World(store);
  rebuilding.nowMs = world.nowMs;

  await assert.rejects(rebuilding.rebuildAll("a", t0, t0 + 30 * hour), /cut off/);

  for (let days = 0; days < 4; days++) {
    const answer = counts(await world.ask("a", "all"));
    assert.deepEqual(answer, { messages: published, apple: published, the: published }, `after ${days} days`);
    await world.work();
    world.nowMs += day;
  }
});

test("an answer during which a range is rebuilt is of the old counts or the new ones, and of all messages", async () => {
  const world = new World();
  await world.put("a", ["en"]);
  const published = await world.fill(["a"], 30);
  await world.put("a", []);
  let reads = 0;
  const rebuildAfterFirst = async <T>(read: Promise<T>): Promise<T> => {
    const found = await read;
    if (++reads > 1) return found;
    let answer = await world.rebuild("a", t0, t0 + 30 * hour);
    while (answer.state !== "done") answer = await world.rebuild("a", t0, t0 + 30 * hour, answer.continue);
    return found;
  };
  const asking = new World(
    storeWith(world.store, {
      getSummaries(keys) {
        const read = world.store.getSummaries(keys);
        return keys.some(({ scope }) => scope === "rebuilds") ? rebuildAfterFirst(read) : read;
      },
      listWork: (...args) => rebuildAfterFirst(world.store.listWork(...args)),
    }),
  );
  asking.nowMs = world.nowMs;

  const { messages, apple, the } = counts(await asking.ask("a", "all"));

  assert.equal(reads, 2, "it was rebuilt between the two");
  assert.deepEqual([messages, apple], [published, published]);
  assert.ok(the === 0 || the === published, `${the} of ${published}`);
});

test("what cannot be recounted is refused, and changes nothing", async () => {
  const world = new World();
  await world.put("a", ["en"], { retentionSeconds: 3_600 });
  await world.put("b", ["en"]);
  const published = await world.fill(["a", "b"], 3);
  while (await world.store.expire(world.nowMs));
  for (const topic of ["a", undefined])
    await assert.rejects(world.rebuild(topic, t0, world.nowMs), { code: "range_not_kept" });
  await world.rebuildAll("b", t0, world.nowMs);

  await deleteTopic(world.context, admin, { topic: "a" });
  await assert.rejects(world.rebuild(undefined, t0, world.nowMs), { code: "range_not_kept" });
  await assert.rejects(world.rebuild("a", t0, world.nowMs), { code: "topic_not_found" });
  assert.equal((await world.ask(undefined, "all")).messages, published);

  const wrong: [number, number, string?][] = [
    [t0, t0 + hour - 1],
    [t0 + hour, t0],
    [world.nowMs, world.nowMs + day],
    [world.nowMs - 41 * day, world.nowMs],
    [t0, world.nowMs, "nonsense"],
    [t0, world.nowMs, `id0.${t0 - hour}`],
    [t0, world.nowMs, `id0.${t0 + 1}`],
  ];
  for (const [fromMs, toMs, before] of wrong)
    await assert.rejects(world.rebuild("b", fromMs, toMs, before), { code: "invalid_request" });
  const { context } = world;
  const body = { topic: "b", from: timeToString(t0), to: timeToString(world.nowMs) };
  await assert.rejects(rebuildTerms(context, { kind: "open" }, { body }), { code: "unauthenticated" });
});

test("messages published while the topic's terms were off are not brought in by a recount", async () => {
  const world = new World();
  await world.put("a", ["en"]);
  await world.publish("a");
  await world.work();
  await world.put("a", [], { terms: { enabled: false } });
  await world.publish("a");
  await world.work();
  await world.put("a", [], { terms: { enabled: true } });
  world.nowMs += 2 * hour;
  await world.publish("a");
  await world.work();
  world.nowMs += 2 * hour;
  await world.work();

  await world.rebuildAll("a", t0, t0 + hour);
  assert.equal((await world.ask("a", "1d")).messages, 2);
  // In one bucket with some that were counted before and after, they cannot be told from those.
  for (const enabled of [true, false, true]) {
    await world.put("a", [], { terms: { enabled } });
    await world.publish("a");
    await world.work();
  }
  const hourMs = Math.floor(world.nowMs / hour) * hour;
  world.nowMs += 2 * hour;
  await world.work();
  await assert.rejects(world.rebuild("a", hourMs, hourMs + hour), { code: "range_not_kept" });
  assert.equal((await world.ask("a", "1d")).messages, 4);
});

test("a call that is told to go on behind what was recounted does not switch to less than there was", async () => {
  const world = new World();
  await world.put("a", ["en"]);
  const published = await world.fill(["a"], 3);

  const answer = await world.rebuild("a", t0, t0 + 3 * hour, `id999.${t0 + 3 * hour}`);

  assert.deepEqual([answer.state, answer.through], ["switching", timeToString(t0)]);
  assert.equal((await world.ask("a", "all")).messages, published);
});
