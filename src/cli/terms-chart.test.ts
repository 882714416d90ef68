import assert from "node:assert/strict";
import { test } from "node:test";
import type { PopularTerms } from "#contract/types.ts";
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
