import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Lie } from "./faulty-client.ts";
import { mutants } from "./mutants.ts";
import { runWithFaults } from "./run.ts";

/*
 * That the DynamoDB store keeps its promises over a DynamoDB that fails in every way. `npm run dynamodb:faults` does the
 * same for as many runs as there is time for. The mutants have fixed seeds, so that whether one is found is not left to
 * chance.
 */

async function firstWrong(lie: Lie | undefined, seed: number, runs: number): Promise<number | undefined> {
  for (let i = 0; i < runs; i++) {
    const { wrong } = await runWithFaults(seed + i, lie);
    if (wrong.length > 0) return seed + i;
  }
  return undefined;
}

test("nothing acknowledged is lost, doubled, out of order or miscounted, whatever fails", async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const wrongSeed = await firstWrong(undefined, seed, 100);
  assert.equal(wrongSeed, undefined, `npm run dynamodb:faults -- --runs 1 --seed ${wrongSeed}`);
});

test("a run is repeated by its seed", async () => {
  assert.deepEqual(await runWithFaults(7), await runWithFaults(7));
});

/** From a seed on at which the rarest, which shows in one of some five hundred runs, is soon found too. */
const mutantSeed = 500;

describe("it is found out when", () => {
  for (const [name, lie] of Object.entries(mutants))
    test(name, async () => assert.notEqual(await firstWrong(lie, mutantSeed, 400), undefined));
});
