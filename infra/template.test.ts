import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { drawTemplate, templateFile } from "./template.ts";

test("the committed template is what the app draws", () => {
  assert.ok(
    readFileSync(templateFile, "utf8") === drawTemplate(),
    "template.json is stale: run `npm run template` and look at what changed",
  );
});
