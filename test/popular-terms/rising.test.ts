import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../random.ts";
import { findBursts } from "./bursts.ts";

/* A stream of words in which ten rare ones burst in every other minute. Longer windows: `npm run check:rising`. */

const seed = 20_260_301;

test("planted bursts are found at 60 messages a minute, and hardly anything else", async (t) => {
  const found = await findBursts({ random: new Random(seed), window: "1m", messagesPerMinute: 60, windows: 60 });
  t.diagnostic(`seed ${seed}: ${JSON.stringify(found)}`);
  assert.ok(found.precisionAt10 >= 0.95, `precision@10 ${found.precisionAt10}`);
  assert.ok(found.recall >= 0.9, `recall ${found.recall}`);
  assert.ok(found.falseAlarms <= 0.1, `${found.falseAlarms} false alarms a window`);
});

test("where summaries are pruned, bursts are missed and none are made up", async (t) => {
  const caps = { leaf: { topic: 50, overall: 50 }, levels: { 1: 200, 2: 400, 3: 400, 4: 400 }, all: 400 };
  const random = new Random(seed);
  const found = await findBursts({ random, window: "1m", messagesPerMinute: 60, windows: 30, caps });
  t.diagnostic(`seed ${seed}: ${JSON.stringify(found)}`);
  assert.ok(found.precisionAt10 >= 0.95 && found.recall > 0.1 && found.recall < 0.9, JSON.stringify(found));
  assert.ok(found.falseAlarms <= 0.1, `${found.falseAlarms} false alarms a window`);
});
