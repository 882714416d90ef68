import assert from "node:assert/strict";
import { test } from "node:test";
import { DataDisk } from "./data-disk.ts";
import { soak } from "./soak.ts";
import { loadTroubles } from "./trouble.ts";

const seed = Number(process.env.SOAK_SEED ?? Date.now() % 2 ** 32);

test("a server in trouble of every kind keeps every guarantee", { timeout: 120_000 }, async (t) => {
  t.diagnostic(`seed ${seed}`);

  const result = await soak({ seconds: 5, seed, say: (line) => t.diagnostic(line) });

  assert.deepEqual(result.violations, [], `kept in ${result.keptIn}; ${result.lastEvents.join("\n")}`);
  assert.ok(result.acknowledged > 0 && result.delivered > 0 && result.held > 0, JSON.stringify(result));
  assert.ok(Object.keys(result.troubles).length > 0);
});

test("a full disk refuses with 503 and loses nothing, and everything works again when there is room", {
  timeout: 120_000,
  skip: await whyNot("disk-full"),
}, async (t) => {
  t.diagnostic(`seed ${seed}`);

  const result = await soak({ seconds: 3, seed, only: ["disk-full"], say: (line) => t.diagnostic(line) });

  assert.deepEqual(result.violations, [], `kept in ${result.keptIn}; ${result.lastEvents.join("\n")}`);
  assert.ok(result.excused["503"]! > 0, "the disk was full");
  assert.ok(result.acknowledged > 0);
});

async function whyNot(name: string): Promise<string | false> {
  const disk = new DataDisk();
  try {
    return (await loadTroubles()).find((trouble) => trouble.name === name)!.unavailable?.(disk) ?? false;
  } finally {
    disk.end(false);
  }
}
