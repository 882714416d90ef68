import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deliveries } from "./deliveries.ts";

test("a message counts once for each subscriber, in whatever order and however often it comes", () => {
  const come = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.oneof(fc.nat(40), fc.nat(100_000)));
  fc.assert(
    fc.property(fc.array(come), (all) => {
      const deliveries = new Deliveries(3);
      const seen = new Set<string>();
      for (const [subscriber, number] of all) {
        const key = `${subscriber}/${number}`;
        assert.equal(deliveries.note(subscriber, number), !seen.has(key));
        seen.add(key);
      }
    }),
  );
});
