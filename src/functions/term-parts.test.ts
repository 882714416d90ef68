import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { SummaryRecord } from "#core/store.ts";
import { encodeSummary } from "#terms/codec.ts";
import { exactSummary, mergeSummaries, type Summary, topTerms } from "#terms/summary.ts";
import { SummaryCache } from "./summary-cache.ts";
import { TermParts } from "./term-parts.ts";

const scope = "topic:t#1";
const summaryOf = (...messages: string[]): Summary => exactSummary(messages.map((text) => new Set(text.split(" "))));

function record(startMs: number, version: number, summary: Summary): SummaryRecord {
  return { scope, level: 0, startMs, version, bytes: encodeSummary(summary, 1), included: {} };
}

test("what is decoded once is added up again and again, and forgotten when it is too much", async () => {
  const summaries = Array.from({ length: 40 }, (_, i) => summaryOf(`apple w${"abcdefgh"[i % 8]}`, `v${i} pear`));
  const records = summaries.map((summary, i) => record(i * 10_000, 1, summary));
  const expected = topTerms(mergeSummaries(summaries, Number.POSITIVE_INFINITY), 100);
  // So small that the scope is forgotten after every answer.
  for (const parts of [new TermParts(), new TermParts(1_000)]) {
    for (let times = 0; times < 3; times++) {
      const [all, half] = await parts.totals(scope, records, records.slice(0, 20));
      assert.deepEqual(all!.top(100, new Set()), expected);
      assert.equal(half!.lexicon, all!.lexicon);
      assert.equal(half!.messages, 40);
    }
  }
});

test("a summary that was put anew is decoded anew, also under a version that was there before", async () => {
  const parts = new TermParts();
  const top = async (...records: SummaryRecord[]) =>
    (await parts.totals(scope, records))[0]!.top(9, new Set()).map(({ term, count }) => [term, count]);
  assert.deepEqual(await top(record(0, 1, summaryOf("apple"))), [["apple", 1]]);
  assert.deepEqual(await top(record(0, 2, summaryOf("apple", "apple pear"))), [
    ["apple", 2],
    ["pear", 1],
  ]);
  assert.deepEqual(await top(record(0, 2, summaryOf("plum", "apple plum"))), [
    ["plum", 2],
    ["apple", 1],
  ]);
});

test("what is kept takes no more memory than it may, however small the scopes and their summaries are", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  /** The least of several looks: one collection leaves some, as buffers are freed beside it. */
  const usedBytes = async (): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 10; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      least = Math.min(least, heapUsed + arrayBuffers);
    }
    return least;
  };
  const takenBy = async (fill: (parts: TermParts) => Promise<void>): Promise<number> => {
    const parts = new TermParts(2_000_000);
    const before = await usedBytes();
    await fill(parts);
    const after = await usedBytes();
    await parts.totals(scope, []); // still there
    return after - before;
  };
  const { bytes } = record(0, 1, summaryOf("apple pear"));
  const small = (name: string, startMs: number): SummaryRecord => ({
    ...record(0, 1, summaryOf()),
    scope: name,
    startMs,
    bytes,
  });
  const many = await takenBy(async (parts) => {
    for (let i = 0; i < 1_000; i++) await parts.totals(`topic:t${i}#1`, [small(`topic:t${i}#1`, 0)]);
  });
  assert.ok(many < 4_000_000, `1,000 scopes take ${many} bytes`);
  const long = await takenBy(async (parts) => {
    for (let i = 0; i < 20_000; i += 100)
      await parts.totals(
        scope,
        Array.from({ length: 100 }, (_, n) => small(scope, i + n)),
      );
  });
  assert.ok(long < 4_000_000, `summaries of 20,000 buckets take ${long} bytes`);
});

test("a scope is decoded anew every five minutes, as its lexicon keeps terms that no summary holds any more", async () => {
  let nowMs = 0;
  const parts = new TermParts(undefined, () => nowMs);
  const lexiconOf = async (text: string) => (await parts.totals(scope, [record(0, 1, summaryOf(text))]))[0]!.lexicon;
  const first = await lexiconOf("apple");
  nowMs += 299_000;
  assert.equal(await lexiconOf("pear"), first);
  nowMs += 2_000;
  const second = await lexiconOf("plum");
  assert.deepEqual([second.find("apple"), second.find("plum")], [undefined, 0]);
});

test("the cache of summaries keeps as many bytes as it may, the newest, and nothing for longer than a minute", async () => {
  const [minute, hour] = [60_000, 3_600_000];
  let nowMs = 10 * hour;
  let asked: number[] = [];
  const clock = { nowMs: () => nowMs };
  const getSummaries = async (keys: readonly { readonly startMs: number }[]) => {
    asked = keys.map(({ startMs }) => startMs / minute);
    return keys
      .filter(({ startMs }) => startMs < 9 * minute)
      .map(({ startMs }) => ({ ...record(startMs, 1, summaryOf("apple")), level: 1 }));
  };
  const read = async (cache: SummaryCache, ...minutes: number[]) => {
    asked = [];
    const keys = minutes.map((at) => ({ scope, level: 1 as const, startMs: at * minute }));
    assert.equal(
      (await cache.read(keys, ({ startMs }) => startMs !== 3 * minute)).length,
      minutes.filter((m) => m < 9).length,
    );
    return asked;
  };
  const roomy = new SummaryCache({ getSummaries } as never, clock);
  assert.deepEqual(await read(roomy, 1, 2, 3, 9), [1, 2, 3, 9]);
  assert.deepEqual(
    await read(roomy, 1, 2, 3, 9),
    [3],
    "what is not settled is read anew; that there is nothing is kept",
  );
  nowMs += minute;
  const keptBytes = roomy.bytes;
  await read(roomy, 1);
  assert.ok(roomy.bytes < keptBytes, "what is past its minute goes when another comes");
  assert.deepEqual(await read(roomy, 1, 2, 3, 9), [2, 3, 9]);
  nowMs -= 2 * hour;
  assert.deepEqual(await read(roomy, 1), [1], "the clock went back");

  const small = new SummaryCache({ getSummaries } as never, clock, 800);
  await read(small, 1, 2, 4);
  assert.deepEqual(await read(small, 2, 4), []);
  assert.deepEqual(await read(small, 1), [1]);
  assert.deepEqual(await read(new SummaryCache({ getSummaries } as never, clock, 10), 1, 1), [1, 1]);
});
