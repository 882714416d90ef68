import { runWithFaults } from "../test/terms-faults/run.ts";
import { tellFaultRuns } from "./fault-runs.ts";

/** `npm run terms:faults`: counts terms under injected faults and compares with what was published. Exit code 1 on a wrong count. */
const usage = `Usage: npm run terms:faults -- [--runs 10000] [--seed N]

Each run is a short life of counting, decided by a seed: two processes count and roll up at once over a store without
transactions whose writes fail, get lost, are done without an answer, come twice or long after; batches end anywhere,
messages come late, clocks jump, summaries expire, hours are rebuilt meanwhile, processes end. Then every leaf, every parent and \`all\` of every scope
are compared with what was published.

Run i has the seed --seed + i: \`--runs 1 --seed <its seed>\` repeats one. Exit code: 0, or 1 at a wrong count.
`;

await tellFaultRuns({ command: "terms:faults", usage, runs: 10_000, tellEvery: 10_000, run: runWithFaults });
