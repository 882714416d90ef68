import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../random.ts";
import type { NamedTrouble, Scene } from "./trouble.ts";
import { trouble } from "./troubling.ts";

test("a trouble that cannot end before another one does holds nothing up", { timeout: 10_000 }, async () => {
  let makeRoom = (): void => {};
  const room = new Promise<void>((resolve) => {
    makeRoom = resolve;
  });
  const full: NamedTrouble = { name: "full", about: "", lastsMs: [0, 3_000], begin: async () => makeRoom };
  const killed: NamedTrouble = { name: "killed", about: "", lastsMs: [0, 0], begin: async () => () => room };
  const world = { service: { isBroken: false, begin: () => () => {} } };
  const scene = { world, random: new Random(1) } as unknown as Scene;
  const events: string[] = [];

  await trouble(scene, [full, killed], performance.now() + 3_000, (event) => events.push(event));

  const begun = events.filter((event) => / for /.test(event)).length;
  assert.ok(events.some((event) => event.startsWith("full")) && events.some((event) => event.startsWith("killed")));
  assert.equal(events.length, 2 * begun, events.join());
});
