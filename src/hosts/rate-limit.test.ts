import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { RateLimit, rateFields } from "./rate-limit.ts";

describe("a rate limit", () => {
  test("never lets more through than its quota and what came back meanwhile, and that much is not refused", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(3_000)), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), steps, (quota, window, calls) => {
        const limit = new RateLimit("x", quota, window);
        const perMs = quota / (window * 1000);
        const tokens = new Map<string, number>();
        const lastMs = new Map<string, number>();
        let nowMs = 1_000;
        for (const [key, passedMs] of calls) {
          nowMs += passedMs;
          const back = (nowMs - (lastMs.get(key) ?? nowMs)) * perMs;
          const left = Math.min(quota, (tokens.get(key) ?? quota) + back);
          const { allowed, remaining, seconds } = limit.take(key, nowMs);
          // A bucket of tokens, written down.
          if (Math.abs(left - 1) > 1e-4) assert.equal(allowed, left > 1);
          if (allowed)
            assert.ok(left - 1 - remaining > -1e-4 && left - 1 - remaining < 1 + 1e-4, `${remaining} of ${left - 1}`);
          assert.ok(seconds >= 0 && seconds <= window + 1, `${seconds}`);
          tokens.set(key, allowed ? left - 1 : left);
          lastMs.set(key, nowMs);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("says when to come back, and then lets one through", () => {
    const limit = new RateLimit("x", 3, 60);
    assert.deepEqual(
      [1, 2, 3].map(() => limit.take("a", 0)),
      [
        { allowed: true, remaining: 2, seconds: 20 },
        { allowed: true, remaining: 1, seconds: 40 },
        { allowed: true, remaining: 0, seconds: 20 },
      ],
    );
    assert.deepEqual(limit.take("a", 5_000), { allowed: false, remaining: 0, seconds: 15 });
    assert.equal(limit.take("b", 5_000).allowed, true);
    assert.equal(limit.take("a", 20_000).allowed, true);
    assert.equal(limit.take("a", 20_000).allowed, false);
  });

  test("keeps no more keys than it may, whoever calls, and still refuses who goes on calling", () => {
    const limit = new RateLimit("x", 2, 60, 100);
    for (let i = 0; i < 10_000; i++) {
      assert.equal(limit.take(`address ${i}`, i).allowed, true);
      assert.equal(limit.take("the same", i).allowed, i < 2, `${i}`);
      assert.ok(limit.size <= 100);
    }
  });

  test("tells its state in the structured fields of the draft", () => {
    const limit = new RateLimit("publisher", 100, 60);
    assert.deepEqual(rateFields(limit, { allowed: true, remaining: 50, seconds: 30 }), {
      "ratelimit-policy": '"publisher";q=100;w=60',
      ratelimit: '"publisher";r=50;t=30',
    });
  });
});
