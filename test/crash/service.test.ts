import assert from "node:assert/strict";
import { test } from "node:test";
import { Service } from "./service.ts";

const fault = '{"level":50,"msg":"background work failed: disk is full"}';
const full = { log: /disk is full/ };

test("a fault is excused for a second after its trouble, or after the process stood still meanwhile", (t) => {
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  const violationsOf = (stillUntilMs: number | undefined, loggedAtMs: number): number => {
    const service = new Service();
    nowMs = 0;
    const endFull = service.begin(full);
    nowMs = 1_000;
    const goOn = stillUntilMs === undefined ? undefined : service.begin({ standsStill: true });
    nowMs = 2_000;
    endFull();
    if (stillUntilMs !== undefined) nowMs = stillUntilMs;
    goOn?.();
    nowMs = loggedAtMs;
    service.judgeLog(fault);
    return service.violations.length;
  };
  assert.equal(violationsOf(undefined, 2_900), 0);
  assert.equal(violationsOf(undefined, 3_100), 1);
  assert.equal(violationsOf(5_000, 5_100), 0);
  assert.equal(violationsOf(5_000, 6_100), 1);
});

test("what was over before the process stood still is not excused by that", (t) => {
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  const service = new Service();
  service.begin(full)();
  nowMs = 1_500;
  const goOn = service.begin({ standsStill: true });
  nowMs = 3_000;
  goOn();
  service.judgeLog(fault);
  assert.equal(service.violations.length, 1);
});
