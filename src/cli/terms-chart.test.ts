import assert from "node:assert/strict";
import { test } from "node:test";
import type { PopularTerms, RisingTerms } from "#contract/types.ts";
import type { Output } from "./context.ts";
import { columnsOf } from "./format.ts";
import { drawTerms } from "./terms-chart.ts";

const output: Output = {
  isTerminal: true,
  isColored: false,
  size: () => ({ columns: 80, rows: 24 }),
  write: async () => {},
};

const popular: PopularTerms = {
  scope: "topic:news",
  sort: "popular",
  window: { name: "10m", to: "2026-01-02T03:04:05Z" },
  asOf: "2026-01-02T03:04:05Z",
  messages: 2_000,
  pairs: 9_000,
  floor: 12,
  exact: false,
  tokenizer: 1,
  terms: [
    { term: "storm", count: 1_200, error: 0, certain: true, share: 0.6 },
    { term: "東京の天気予報と気象情報と地震速報と津波警報と火山", count: 30, error: 5, certain: false, share: 0.015 },
    { term: "\u001b[2Jevil", count: 1, error: 12, certain: false, share: 0.0005 },
  ],
};

test("every line fits the width, and no term can move the cursor", () => {
  for (const columns of [30, 60, 80, 120]) {
    const lines = drawTerms(output, popular, columns);
    assert.equal(lines.length, 5);
    for (const line of lines) assert.ok(columnsOf(line) <= columns, `${columns}: ${line}`);
    assert.ok(!lines.join("").includes("\u001b"));
  }
});

test("error and certainty are said in words", () => {
  const [, storm = "", tokyo = "", , rest = ""] = drawTerms(output, popular, 120);
  assert.match(storm, /█ +1,200 {2}exact$/);
  assert.match(tokyo, /or up to 5 more, perhaps not in the first 3$/);
  assert.match(rest, /at most 12 messages/);
});

const rising: RisingTerms = {
  ...popular,
  sort: "rising",
  baseline: { from: "2026-01-01T20:50:00Z", to: "2026-01-02T02:54:00Z", messages: 70_000 },
  terms: [
    { term: "storm", count: 1_200, expected: 3.21, score: 80, lift: 285.3 },
    { term: "rain", count: 90, expected: 31.2, score: 8, lift: 2.82 },
  ],
};

test("rising terms say what was expected, and bars follow the score", () => {
  const [head, storm = "", rain = "", rest] = drawTerms(output, rising, 100);
  assert.equal(head, "Rising in news, the last 10 minutes: 2,000 messages");
  assert.match(storm, /█ +1,200 {2}instead of 3\.2, 285\.3 times as many$/);
  assert.match(rain, / 90 {2}instead of 31, 2\.8 times as many$/);
  const barOf = (line: string) => line.split("█").length;
  assert.ok(barOf(storm) > 5 * barOf(rain));
  assert.equal(rest, "Against 70,000 messages before. Counted up to 03:04:05 UTC.");
});

test("that nothing rises is told from too little to tell by, and the past from now", () => {
  const quiet = { ...rising, terms: [], window: { name: "1h", to: "2026-01-01T20:00:10.000Z" } } as const;
  assert.deepEqual(drawTerms(output, quiet, 100).slice(0, 2), [
    "Rising in news, the hour up to 2026-01-01 20:00:10 UTC: 2,000 messages",
    "Nothing rises.",
  ]);
  const [, why] = drawTerms(output, { ...quiet, reason: "too-little-data" }, 100);
  assert.equal(why, "Too few messages, now or before, to tell what rises.");
});
