import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mutants } from "./mutants.ts";
import { runWithFaults, type Variant } from "./run.ts";

/*
 * That each message is counted exactly once, over a store without transactions that fails in every way. `npm run
 * terms:faults` does the same for as many runs as there is time for. The mutants have fixed seeds, so that whether one is
 * found is not left to chance.
 */

async function firstWrong(variant: Variant, seed: number, runs: number): Promise<number | undefined> {
  for (let i = 0; i < runs; i++) {
    const { wrong } = await runWithFaults(seed + i, variant);
    if (wrong.length > 0) return seed + i;
  }
  return undefined;
}

test("counts are exact whatever fails, comes late, twice or at once", async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const wrongSeed = await firstWrong({}, seed, 500);
  assert.equal(wrongSeed, undefined, `npm run terms:faults -- --runs 1 --seed ${wrongSeed}`);
});

test("a run is repeated by its seed", async () => {
  assert.deepEqual(await runWithFaults(7), await runWithFaults(7));
});

describe("a wrong count is found when", () => {
  for (const [name, mutant] of Object.entries(mutants))
    test(name, async () => assert.notEqual(await firstWrong(mutant, mutant.seed ?? 0, 5_000), undefined));
});
