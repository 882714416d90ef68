import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Checkpoints } from "./checkpoints.ts";

/** A database that only counts how often a checkpoint was asked for. */
function counting(): { asked: number; database: DatabaseSync } {
  const counts = { asked: 0 };
  const exec = (): void => {
    counts.asked += 1;
  };
  return Object.assign(counts, { database: { exec } as unknown as DatabaseSync });
}

test("a checkpoint is made for what was appended, and for what makes the log long", () => {
  const appended = counting();
  const large = new Checkpoints(appended.database);
  for (let i = 0; i < 16; i++) large.committed(1_000_000);
  assert.equal(appended.asked, 2);

  const rewritten = counting();
  const summaries = new Checkpoints(rewritten.database);
  for (let i = 0; i < 300; i++) summaries.committed(0, 1_000_000);
  assert.equal(rewritten.asked, 4, "summaries that are written over and over fill the log too");

  const found = counting();
  const afterKill = new Checkpoints(found.database, 65_500_000);
  for (let i = 0; i < 500; i++) afterKill.committed(100);
  assert.equal(found.asked, 1, "of what a killed process left, and once");
});

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
