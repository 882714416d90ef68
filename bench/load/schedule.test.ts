import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { percentile, Schedule } from "./schedule.ts";

/** What a server that serves each message at once, but for one stall, gives as latencies, by simulated clock. */
function latenciesWithStall(messages: number, stallFromMs: number, stallMs: number): Float64Array {
  const schedule = new Schedule(1_000);
  const latencies = new Float64Array(messages);
  for (let index = 0; index < messages; index++) {
    const due = schedule.dueAtMs(index);
    const stalled = due >= stallFromMs && due < stallFromMs + stallMs;
    latencies[index] = schedule.latencyMs(index, stalled ? stallFromMs + stallMs : due);
  }
  return latencies.sort();
}

test("a stall is seen by every message that was due in it, sent or not", () => {
  // 10 s at 1,000/s with 1 s of stall: a tenth of all is late, by half a second on average. A closed loop with one in
  // flight would have seen a single late message and called the p99 0.
  const latencies = latenciesWithStall(10_000, 5_000, 1_000);
  assert.equal(latencies.filter((ms) => ms > 0).length, 1_000);
  assert.equal(percentile(latencies, 0.5), 0);
  assert.equal(Math.round(percentile(latencies, 0.99)), 900);
  assert.equal(Math.round(percentile(latencies, 0.95)), 500);
});

test("what is due at a time is what is due up to it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 0, max: 1_000_000 }), (rate, elapsedMs) => {
      const schedule = new Schedule(rate);
      const due = schedule.dueBy(elapsedMs);
      assert.ok(schedule.dueAtMs(due - 1) <= elapsedMs + 1e-6);
      assert.ok(schedule.dueAtMs(due) >= elapsedMs - 1e-6);
    }),
  );
});

test("a percentile is a value of the sample, with at least its share at or below it and no smaller one", () => {
  const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.9, 0.99, 0.999, 1), (sample, share) => {
      const sorted = Float64Array.from(sample).sort();
      const value = percentile(sorted, share);
      assert.ok(sample.includes(value));
      assert.ok(sorted.filter((each) => each <= value).length >= share * sorted.length - 1e-9);
      assert.ok(sorted.filter((each) => each < value).length < share * sorted.length + 1e-9);
    }),
  );
  assert.equal(percentile(new Float64Array(), 0.99), 0);
});
