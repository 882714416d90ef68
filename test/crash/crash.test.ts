import assert from "node:assert/strict";
import { test } from "node:test";
import { runCrashRounds } from "./rounds.ts";

test("a server killed under load keeps all that it promised", { timeout: 120_000 }, async (t) => {
  const seed = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 32);
  t.diagnostic(`seed ${seed}`);

  const result = await runCrashRounds({ rounds: 3, seed, loadMsMax: 1_500, onRound: (line) => t.diagnostic(line) });

  assert.deepEqual(result.violations, []);
  assert.ok(result.kills >= 3);
  assert.ok(result.acknowledged > 0);
});
