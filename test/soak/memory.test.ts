import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeMemory } from "./memory.ts";
import type { MemorySample } from "./watch.ts";

const megabyte = 2 ** 20;

/** One process, a sample a second: warm-up, then a saw of garbage upon a floor that grows so much in a minute. */
function life(pid: number, seconds: number, growthPerMinute: number): MemorySample[] {
  return Array.from({ length: seconds }, (_, second) => {
    const floor = Math.min(200, 60 + second * 3) + (growthPerMinute * second) / 60;
    return { pid, atMs: second * 1_000, residentBytes: (floor + (second % 20) * 5) * megabyte };
  });
}

test("memory that is flat behind its warm-up is flat, and one that grows is not", () => {
  assert.deepEqual(judgeMemory(life(1, 600, 0)).violations, []);
  assert.equal(judgeMemory(life(1, 600, 10)).violations.length, 1);
  assert.deepEqual(judgeMemory(life(1, 600, 0)).floorMegabytes, { first: 200, last: 200, seconds: 539 });
});

test("only the process that lived longest is judged, and only when that was long enough", () => {
  assert.deepEqual(judgeMemory(life(1, 100, 60)).violations, []);
  assert.equal(judgeMemory(life(1, 100, 60)).floorMegabytes, undefined);
  assert.equal(judgeMemory([...life(1, 90, 0), ...life(2, 400, 20)]).violations.length, 1);
  assert.deepEqual(judgeMemory([]).violations, []);
});
