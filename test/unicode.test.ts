import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { renderUnicode, unicodeFolder } from "../scripts/unicode-tables.ts";
import { assignedCodePoints, wordBreakCases } from "./unicode/data.ts";

test("the tables of Unicode are what npm run unicode writes", async (t) => {
  if (!existsSync(unicodeFolder)) return t.skip(`Debian's package unicode-data is not here, in ${unicodeFolder}`);
  for (const [path, text] of await renderUnicode(unicodeFolder)) {
    const committed = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
    assert.ok(committed === text, `${path} is stale: npm run unicode`);
  }
});

test("tables are written of one version of Unicode only", async () => {
  await assert.rejects(renderUnicode("test/unicode/none"), /ENOENT/);
});

test("the data of Unicode is all there", () => {
  // Both numbers are Unicode's: the last line of WordBreakTest.txt; the characters of 15.0, private use and controls.
  assert.equal(wordBreakCases().length, 1_823);
  assert.equal(assignedCodePoints.size, 149_186 + 137_468 + 65);
});
