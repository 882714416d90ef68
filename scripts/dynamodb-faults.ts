import { runWithFaults } from "../test/dynamodb-faults/run.ts";
import { tellFaultRuns } from "./fault-runs.ts";

/** `npm run dynamodb:faults`: runs the DynamoDB store under injected faults. Exit code 1 on a broken promise. */
const usage = `Usage: npm run dynamodb:faults -- [--runs 2000] [--seed N]

Each run is a short life of a topic, decided by a seed: three processes publish, read, commit, count and expire at once over
a model of DynamoDB in which requests and answers are lost, come late or twice, are refused for now, and reads are old;
processes freeze for longer than the grace and are killed between ticket and entry; days pass, items are deleted when their
time is over, segments roll over. Then everything is completed and read to its end, and checked: nothing acknowledged is
lost or told to be gone before its time, nothing is given to a reader twice, all read in one order, every retry with an
Idempotency-Key is answered alike, every message is counted once, and no committed cursor moves back.

Run i has the seed --seed + i: \`--runs 1 --seed <its seed>\` repeats one. Exit code: 0, or 1 when anything was broken.
`;

await tellFaultRuns({ command: "dynamodb:faults", usage, runs: 2_000, tellEvery: 1_000, run: runWithFaults });
