import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Bucket,
  bucketOf,
  type Cover,
  capacityOf,
  childrenOf,
  compactCaps,
  coverBaseline,
  coverSince,
  coverWindow,
  levels,
  parentOf,
  roomyCaps,
  type WindowName,
  windowNames,
} from "./windows.ts";

const dayMs = 86_400_000;
const year2026Ms = Date.UTC(2026, 0, 1);
const now = fc.integer({ min: year2026Ms, max: year2026Ms + 400 * dayMs });
const level = fc.constantFrom(...levels.map((l) => l.level));
const window = fc.constantFrom("1m", "10m", "1h", "1d").map((name) => name as Exclude<WindowName, "all">);
const windowMs = { "1m": 60_000, "10m": 600_000, "1h": 3_600_000, "1d": dayMs };
const edgeMs = { "1m": 10_000, "10m": 60_000, "1h": 60_000, "1d": 600_000 };

const msOf = (bucket: Bucket) => levels[bucket.level]!.ms;
const endOf = (bucket: Bucket) => bucket.startMs + msOf(bucket);
const keyOf = (bucket: Bucket) => `${bucket.level}:${bucket.startMs}`;

/** Ready by a rule that is arbitrary but always the same for a bucket. */
const arbitraryReady = fc.func(fc.boolean()).map((f) => (bucket: Bucket) => f(bucket.level, bucket.startMs));

/** The cover of a window that is known to be kept. */
function covered(...options: Parameters<typeof coverWindow>): Cover {
  return coverWindow(...options) ?? assert.fail("nothing is kept");
}

/** Disjoint, without gaps, and from edge to edge. */
function assertTiled({ fromMs, toMs, buckets }: Cover): void {
  let at = fromMs;
  for (const bucket of buckets) {
    assert.equal(bucket.startMs, at);
    assert.equal(bucket.startMs % msOf(bucket), 0);
    at = endOf(bucket);
  }
  assert.equal(at, toMs);
}

function assertExact({ fromMs, toMs, buckets }: Cover, nowMs: number, isReady: (bucket: Bucket) => boolean): void {
  let at = fromMs;
  for (const bucket of buckets) {
    assert.equal(bucket.startMs, at, "disjoint and without gaps");
    assert.equal(bucket.startMs % msOf(bucket), 0);
    assert.ok(bucket.level === 0 || isReady(bucket));
    at = endOf(bucket);
  }
  assert.equal(at, toMs);
  assert.ok(nowMs < toMs && toMs <= nowMs + 10_000);
}

/** No ready bucket could stand for several of the cover. */
function assertFewest({ fromMs, toMs, buckets }: Cover, isReady: (bucket: Bucket) => boolean): void {
  for (const bucket of buckets) {
    for (let above = parentOf(bucket); above; above = parentOf(above)) {
      assert.ok(above.startMs < fromMs || endOf(above) > toMs || !isReady(above), `${keyOf(above)} would do`);
    }
  }
}

test("a window is covered exactly, by the fewest buckets that are ready", () => {
  fc.assert(
    fc.property(window, now, arbitraryReady, (name, nowMs, isReady) => {
      const cover = covered({ window: name, nowMs, isReady });
      assertExact(cover, nowMs, isReady);
      assertFewest(cover, isReady);
      const startMs = nowMs - windowMs[name];
      assert.equal(cover.fromMs, startMs - (startMs % edgeMs[name]), "rounded outwards by its own step");
    }),
    { numRuns: 300 },
  );
});

test("a window takes at most 44 buckets while all closed ones are ready", () => {
  const check = (name: keyof typeof windowMs, nowMs: number) => {
    const isReady = (bucket: Bucket) => endOf(bucket) <= nowMs;
    const cover = covered({ window: name, nowMs, isReady });
    assert.ok(cover.buckets.length <= 44, `${name} at ${nowMs}: ${cover.buckets.length}`);
    assertExact(cover, nowMs, isReady);
    assertFewest(cover, isReady);
    return cover.buckets.length;
  };
  // Every 10 s of a day and a bit are all the cases there are.
  let most = 0;
  for (let offsetMs = 0; offsetMs < dayMs; offsetMs += 10_000)
    most = Math.max(most, check("1d", year2026Ms + offsetMs + 9_999));
  assert.equal(most, 44);
  fc.assert(fc.property(window, now, (name, nowMs) => void check(name, nowMs)));
});

test("nothing ready means 10 s buckets alone", () => {
  const { buckets } = covered({ window: "1h", nowMs: year2026Ms, isReady: () => false });
  assert.equal(buckets.length, 361);
  assert.ok(buckets.every((bucket) => bucket.level === 0));
});

test("as the clock slides, each message of the window is in one bucket, and no other message is", () => {
  fc.assert(
    fc.property(
      window,
      now,
      fc.nat(30_000),
      fc.array(fc.integer({ min: -2 * dayMs, max: 60_000 }), { maxLength: 50 }),
      (name, startMs, stepMs, ages) => {
        for (let nowMs = startMs; nowMs <= startMs + 3 * stepMs; nowMs += stepMs + 1) {
          const { fromMs, toMs, buckets } = covered({
            window: name,
            nowMs,
            isReady: (bucket) => endOf(bucket) <= nowMs,
          });
          for (const age of ages) {
            const atMs = startMs + age;
            const holders = buckets.filter((bucket) => keyOf(bucketOf(bucket.level, atMs)) === keyOf(bucket)).length;
            assert.equal(holders, atMs >= fromMs && atMs < toMs ? 1 : 0);
          }
        }
      },
    ),
  );
});

// ── The past ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether expiry may have taken a bucket that was last written when it was over. */
const mayBeGone = (bucket: Bucket, nowMs: number) => bucket.startMs + levels[bucket.level]!.retainMs <= nowMs;
const closedBy = (nowMs: number) => (bucket: Bucket) => endOf(bucket) <= nowMs;
/** Ages near which finer buckets are forgotten, and any. */
const age = fc.oneof(
  ...[0, 2, 8, 40].map((days) =>
    fc.integer({ min: -2 * 3_600_000, max: 2 * 3_600_000 }).map((ms) => days * dayMs + ms),
  ),
  fc.integer({ min: 0, max: 390 * dayMs }),
);

test("a window of the past is covered by at most 50 buckets that are still kept, its edges rounded outwards to theirs", () => {
  fc.assert(
    fc.property(window, now, age, (name, nowMs, ageMs) => {
      const atMs = nowMs - Math.abs(ageMs);
      const cover = covered({ window: name, nowMs, atMs, isReady: closedBy(nowMs) });
      assertTiled(cover);
      assert.ok(cover.buckets.length <= 50, `${cover.buckets.length}`);
      for (const bucket of cover.buckets) assert.ok(!mayBeGone(bucket, nowMs), `${keyOf(bucket)} is gone`);
      assert.ok(cover.fromMs <= atMs - windowMs[name] && atMs < cover.toMs);
      // No further than to the edges of the finest buckets of that age.
      const finestMs = (timeMs: number) =>
        levels.find(({ retainMs, ms }) => timeMs - ms + retainMs - 120_000 > nowMs)?.ms ?? dayMs;
      const startMs = atMs - windowMs[name];
      assert.ok(startMs - cover.fromMs < Math.max(edgeMs[name], finestMs(startMs)));
      const last = cover.buckets.at(-1)!;
      assert.ok(last.startMs <= atMs && cover.toMs - atMs <= finestMs(last.startMs));
    }),
    { numRuns: 2_000 },
  );
});

test("a window of the past that is asked for later holds the same times, as long as what is finest is kept", () => {
  fc.assert(
    fc.property(window, now, fc.nat(dayMs / 2), (name, atMs, laterMs) => {
      const then = covered({ window: name, nowMs: atMs, isReady: closedBy(atMs) });
      const later = covered({ window: name, nowMs: atMs + laterMs, atMs, isReady: closedBy(atMs + laterMs) });
      assert.deepEqual([later.fromMs, later.toMs], [then.fromMs, then.toMs]);
    }),
  );
});

test("of a time before all that is kept there is no cover", () => {
  const nowMs = year2026Ms;
  assert.ok(coverWindow({ window: "1d", nowMs, atMs: nowMs - 398 * dayMs, isReady: () => true }));
  assert.equal(coverWindow({ window: "1d", nowMs, atMs: nowMs - 400 * dayMs, isReady: () => true }), undefined);
  assert.equal(coverWindow({ window: "1m", nowMs, atMs: nowMs - 402 * dayMs, isReady: () => true }), undefined);
});

test("a baseline ends where its window begins, and never beyond; of at most 50 buckets that are still kept", () => {
  const baselineMs = { "1m": 3_600_000, "10m": 6 * 3_600_000, "1h": dayMs, "1d": 7 * dayMs };
  fc.assert(
    fc.property(window, now, age, (name, nowMs, ageMs) => {
      const isReady = closedBy(nowMs);
      const beforeMs = covered({
        window: name,
        nowMs,
        atMs: nowMs - Math.min(Math.abs(ageMs), 380 * dayMs),
        isReady,
      }).fromMs;
      const cover = coverBaseline({ window: name, beforeMs, nowMs, isReady }) ?? assert.fail("nothing is kept");
      assertTiled(cover);
      assert.ok(cover.buckets.length <= 50, `${cover.buckets.length}`);
      for (const bucket of cover.buckets) assert.ok(!mayBeGone(bucket, nowMs), `${keyOf(bucket)} is gone`);
      assert.ok(cover.fromMs <= beforeMs - baselineMs[name]);
      assert.ok(cover.toMs <= beforeMs && beforeMs - cover.toMs < dayMs);
      if (nowMs - cover.fromMs < dayMs * 2 - 120_000) assert.equal(cover.toMs, beforeMs);
    }),
    { numRuns: 2_000 },
  );
});

test("what `all` has not folded is covered from its first day", () => {
  fc.assert(
    fc.property(now, fc.nat(3), arbitraryReady, (nowMs, days, isReady) => {
      const fromMs = bucketOf(4, nowMs - days * dayMs).startMs;
      const cover = coverSince(fromMs, nowMs, isReady);
      assert.equal(cover.fromMs, fromMs);
      assertExact(cover, nowMs, isReady);
      assertFewest(cover, isReady);
    }),
    { numRuns: 30 },
  );
  assert.deepEqual(
    coverSince(20_000, 9_000, () => true),
    { fromMs: 20_000, toMs: 20_000, buckets: [] },
  );
  assert.equal(coverSince(12_345, 12_345, () => true).fromMs, 10_000);
});

test("parents and children agree", () => {
  fc.assert(
    fc.property(level, now, (l, timeMs) => {
      const bucket = bucketOf(l, timeMs);
      assert.ok(bucket.startMs <= timeMs && timeMs < endOf(bucket));
      const children = childrenOf(bucket);
      for (const child of children) assert.deepEqual(parentOf(child), bucket);
      assert.equal(
        children.reduce((sum, child) => sum + msOf(child), 0),
        l === 0 ? 0 : msOf(bucket),
      );
      assert.equal(parentOf(bucket) === undefined, l === 4);
    }),
  );
});

test("capacities never shrink on the way up, so that the smallest one bounds the error", () => {
  assert.deepEqual(windowNames, ["1m", "10m", "1h", "1d", "all"]);
  for (const caps of [compactCaps, roomyCaps]) {
    for (const scope of ["topic", "overall"] as const) {
      const up = [...levels.map((l) => l.level), "all" as const].map((l) => capacityOf(caps, l, scope));
      assert.deepEqual(
        up,
        [...up].sort((a, b) => a - b),
      );
    }
  }
});
