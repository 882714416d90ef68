import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { callNames } from "./calls.ts";
import { type Measured, workloads } from "./months.ts";
import { renderCosts } from "./page.ts";

/** The first cells of all rows, and whole the rows that are titles. */
function shape(markdown: string): string[] {
  const lines = markdown.split("\n");
  return lines.flatMap((line, i) => {
    if (!line.startsWith("|") || line.startsWith("| ---")) return [];
    return lines[i + 1]?.startsWith("| ---") ? [line] : [line.split(" | ", 1)[0]!];
  });
}

const one = { write: 1, read: 1, messages: 1 };
const measured: Measured = {
  calls: Object.fromEntries(Object.keys(callNames).map((name) => [name, one])) as Measured["calls"],
  terms: [1, 10, 100, 1_000].map((perSecond) => ({ perSecond, ...one })),
  sweep: one,
  wordsPerMessage: 10,
};

test("the tables of the guide are those that the bench writes", () => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/cost.md"), "utf8");
  const [, written] = /<!-- bench:cost begins.*-->([\s\S]*)<!-- bench:cost ends -->/.exec(guide)!;
  assert.deepEqual(shape(written!), shape(renderCosts({}, measured)));
});

test("a month with more use is never cheaper", () => {
  const rows = renderCosts({}, measured).split("### A month")[1]!.split("\n");
  const totals = workloads.map(({ name }) => {
    const row = rows.find((line) => line.startsWith(`| ${name} |`)) ?? assert.fail(name);
    return Number(row.split(" | ").at(-1)!.replace(/[ |,]/g, ""));
  });
  assert.deepEqual(
    totals,
    totals.toSorted((a, b) => a - b),
  );
});
