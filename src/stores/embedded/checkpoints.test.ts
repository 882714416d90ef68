import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Checkpoints } from "./checkpoints.ts";

test("a checkpoint that fails harms nobody, and is tried again", () => {
  let asked = 0;
  const database = {
    exec() {
      asked += 1;
      throw new Error("database or disk is full");
    },
  };
  const checkpoints = new Checkpoints(database as unknown as DatabaseSync);
  for (let i = 0; i < 3_000; i++) checkpoints.committed(100);
  assert.equal(asked, 3);
  for (let i = 0; i < 16; i++) checkpoints.committed(1_000_000);
  assert.equal(asked, 5);
});
