import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { draftOf, encodePart } from "#core/entry.ts";
import { startOf } from "#core/reader.ts";
import type { Store, TopicRecord } from "#core/store.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import type { Context } from "./context.ts";
import { countedIds, fakeContext } from "./fake-context.ts";
import type { StreamPage } from "./messages-page.ts";
import { streamPages } from "./reading.ts";

const topic: TopicRecord = {
  topic: "news",
  incarnation: 1,
  shards: 1,
  retentionSeconds: 0,
  terms: { enabled: false, languages: [], hidden: [] },
};

/** A service of one topic that tells how often its store was read. */
class Service {
  readonly store = createMemoryStore();
  readonly context: Context;
  reads = 0;
  waits = 0;
  failure: Error | undefined;
  current = true;

  constructor() {
    const watched: Partial<Store> = {
      readEntries: (...args) => {
        if (this.failure) return Promise.reject(this.failure);
        this.reads += 1;
        return this.store.readEntries(...args);
      },
      waitForNews: async (...args) => {
        this.waits += 1;
        await this.store.waitForNews(...args);
        this.waits -= 1;
      },
    };
    const store = new Proxy(this.store, {
      get: (_, name: keyof Store) => watched[name] ?? (this.store[name] as () => unknown).bind(this.store),
    });
    this.context = fakeContext(store, { nowMs: () => Date.now() }, countedIds(), 1_000);
  }

  async publish(...texts: string[]): Promise<void> {
    await this.store.createTopic(topic, 10);
    const payload = encodePart(
      "p",
      texts.map((text) => draftOf(`"body":"${text}"}`)),
    );
    const parts = [{ shard: 0, count: texts.length, payload }];
    await this.store.append({ topic: "news", incarnation: 1, parts, nowMs: Date.now() });
  }

  stream(signal: AbortSignal): AsyncIterableIterator<StreamPage> {
    const from = { generation: 0, topics: startOf([topic]) };
    return streamPages(this.context, ["news"], from, 0, async () => this.current, signal);
  }
}

async function textsOf(pages: AsyncIterableIterator<StreamPage>, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { value } = await pages.next();
    texts.push(...textsIn(value));
  }
  return texts;
}

function textsIn(page: StreamPage): string[] {
  const written = page.written(({ messages }) => Buffer.from(`[${messages}]`));
  return JSON.parse(String(written)).map(({ body }: { body: string }) => body);
}

async function reached(what: string, isSo: () => boolean): Promise<void> {
  for (let i = 0; !isSo(); i++) {
    assert.ok(i < 500, what);
    await delay(10);
  }
}

describe("streams of one topic", () => {
  test("that stand together read each page once, and all get all of it in order", async () => {
    const service = new Service();
    const stop = new AbortController();
    await service.publish("0");
    const expected = Array.from({ length: 20 }, (_, i) => `${i}`);
    const all = Array.from({ length: 50 }, () => textsOf(service.stream(stop.signal), 20));
    for (const text of expected.slice(1)) {
      await delay(8);
      await service.publish(text);
    }
    for (const texts of await Promise.all(all)) assert.deepEqual(texts, expected);
    assert.ok(service.reads <= 20, `${service.reads} reads for 50 streams`);
    stop.abort();
  });

  test("that come later, or are slow, get all of it too", async () => {
    const service = new Service();
    const stop = new AbortController();
    const expected = Array.from({ length: 200 }, (_, i) => `${i}`);
    const read = async (startMs: number, restMs: number): Promise<string[]> => {
      await delay(startMs);
      const pages = service.stream(stop.signal);
      const texts: string[] = [];
      while (texts.length < expected.length) {
        texts.push(...(await textsOf(pages, 1)));
        await delay(restMs);
      }
      return texts;
    };
    await service.publish("0");
    const readers = Array.from({ length: 30 }, (_, i) => read((i * 37) % 300, (i * 13) % 40));
    for (let i = 1; i < expected.length; i += 3) {
      await service.publish(...expected.slice(i, i + 3));
      await delay(2);
    }
    for (const texts of await Promise.all(readers)) assert.deepEqual(texts, expected);
    stop.abort();
  });

  test("wait for news once, and no longer than one of them does", async () => {
    const service = new Service();
    await service.publish("0");
    const stops = Array.from({ length: 10 }, () => new AbortController());
    const streams = stops.map(({ signal }) => service.stream(signal));
    await Promise.all(streams.map((pages) => textsOf(pages, 1)));
    const waiting = streams.map((pages) => pages.next());
    await reached("they wait", () => service.waits === 1);
    for (const stop of stops.slice(1)) stop.abort();
    await delay(30);
    assert.equal(service.waits, 1);
    await service.publish("1");
    assert.deepEqual(textsIn((await waiting[0]!).value), ["1"]);
    for (const next of waiting.slice(1)) assert.equal((await next).done, true);
    const last = streams[0]!.next();
    await reached("it waits", () => service.waits === 1);
    stops[0]!.abort();
    await reached("nobody waits", () => service.waits === 0);
    assert.equal((await last).done, true);
  });

  test("hear of a failure each, and the next to come reads again", async () => {
    const service = new Service();
    const stop = new AbortController();
    await service.publish("0");
    service.failure = new Error("the disk is gone");
    const failed = [service.stream(stop.signal), service.stream(stop.signal)].map((pages) => pages.next());
    for (const each of failed) await assert.rejects(each, /the disk is gone/);
    service.failure = undefined;
    assert.deepEqual(await textsOf(service.stream(stop.signal), 1), ["0"]);
    stop.abort();
  });

  test("give nothing more once they may not go on, be it there already", async () => {
    const service = new Service();
    const stop = new AbortController();
    await service.publish("0");
    const pages = service.stream(stop.signal);
    await textsOf(pages, 1);
    await delay(1_100);
    service.current = false;
    await service.publish("1");
    assert.equal((await pages.next()).done, true);
  });
});
