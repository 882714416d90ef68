import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { median } from "../rounds.ts";
import { type Comparison, figureOf, type Round, ratioOf, rotated, type System } from "./comparison.ts";
import type { Values } from "./measures.ts";
import { between, drawComparison } from "./page.ts";
import { loadPeers } from "./peers.ts";
import { runUndisturbed } from "./quiet.ts";
import { renderTables } from "./tables.ts";
import { targetOutcomes } from "./targets.ts";

const system = (name: string, rest: Partial<System> = {}): System => ({
  ...{ name, acknowledged: "fsynced", settings: "", client: "", version: "1", http: true },
  ...rest,
});

const round = (name: string, number: number, values: Values): Round => ({
  ...{ system: name, round: number, values, otherCpu: 0, disturbed: false, repeats: 0 },
});

const comparisonOf = (systems: readonly System[], rounds: readonly Round[]): Comparison => ({
  ...{ run: { machine: "test" }, systems, rounds, left: [] },
});

test("a ratio is the median of the rounds' ratios, and not the ratio of medians", () => {
  const rates = { a: [100, 10, 30], b: [50, 10, 60] };
  const rounds = Object.entries(rates).flatMap(([name, values]) =>
    values.map((value, i) => round(name, i, { singlesPerSecond: value })),
  );
  const comparison = comparisonOf([], rounds);
  assert.equal(figureOf(comparison, "a", "singlesPerSecond"), 30);
  assert.equal(ratioOf(comparison, "a", "b", "singlesPerSecond"), 1);
  assert.equal(ratioOf(comparison, "a", "none", "singlesPerSecond"), undefined);
  assert.equal(figureOf(comparison, "a", "p99Ms"), undefined);
});

test("only rounds that both systems were in are held against each other", () => {
  const values = (value: number): Values => ({ p99Ms: value });
  const rounds = [round("a", 0, values(1)), round("a", 1, values(8)), round("b", 1, values(4))];
  assert.equal(ratioOf(comparisonOf([], rounds), "a", "b", "p99Ms"), 2);
});

test("a median has as many values above as below", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      assert.ok(Math.max(below, above) <= values.length / 2);
    }),
  );
});

test("every order has every system once, and over the rounds each comes first", () => {
  const names = ["a", "b", "c", "d", "e"];
  const orders = names.map((_, i) => rotated(names, i));
  for (const order of orders) assert.deepEqual(order.toSorted(), names);
  assert.ok(new Set(orders.map(([first]) => first)).size > 2);
  assert.deepEqual(rotated([], 3), []);
});

test("a target is held against the best system that it names", () => {
  const systems = [
    system("Bellwether over HTTP"),
    system("slow, fsynced"),
    system("fast, fsynced"),
    system("fastest, in memory", { acknowledged: "memory" }),
    system("fast, its own client", { http: false }),
  ];
  const rates = [30, 10, 15, 90, 80];
  const rounds = systems.map(({ name }, i) => round(name, 0, { singlesPerSecond: rates[i]! }));
  const [first, second] = targetOutcomes(comparisonOf(systems, rounds));
  assert.equal(first?.against, "fast, fsynced");
  assert.equal(first?.ratio, 2);
  assert.equal(first?.met, true);
  assert.equal(second?.met, undefined);
});

test("a target that neither side has a figure for is not called missed", () => {
  const systems = [system("Bellwether over HTTP"), system("nchan", { acknowledged: "memory" })];
  const rounds = systems.map(({ name }) => round(name, 0, { deliveriesPerSecond: 0 }));
  const fanOut = targetOutcomes(comparisonOf(systems, rounds)).find(({ text }) => text.startsWith("fan-out"));
  assert.equal(fanOut?.met, undefined);
});

test("a disturbed run is repeated a few times and no more, and the least disturbed one is kept", async () => {
  const seen = [0.9, 0.3, 0.6];
  const watch = (values: readonly number[]) => {
    let at = 0;
    return async (run: () => Promise<number>) => {
      const otherCpu = values[at++]!;
      return { value: await run(), otherCpu, disturbed: otherCpu > 0.05 };
    };
  };
  let runs = 0;
  const run = async (): Promise<number> => ++runs;
  const kept = await runUndisturbed(run, 2, watch(seen));
  assert.deepEqual(kept, { value: 2, otherCpu: 0.3, disturbed: true, repeats: 2 });
  runs = 0;
  const quiet = await runUndisturbed(run, 2, watch([0.9, 0.01]));
  assert.deepEqual(quiet, { value: 2, otherCpu: 0.01, disturbed: false, repeats: 1 });
  assert.equal(runs, 2);
});

test("the tables name what was not measured, and which rounds were disturbed", () => {
  const rounds = [{ ...round("a", 0, { singlesPerSecond: 12_345 }), disturbed: true }];
  const comparison = comparisonOf([system("a")], rounds);
  const text = renderTables({ ...comparison, left: [{ system: "b", why: "not installed; to have it: install b" }] });
  assert.match(text, /12,300/);
  assert.match(text, /b: not installed; to have it: install b/);
  assert.match(text, /Disturbed.*1 of 1 rounds/);
});

test("the tables tell at which rate the fan-out ended, and how full the cores were then", () => {
  const step = (offered: number, good: boolean, server: number) => ({
    ...{ offered, delivered: offered, p99Ms: good ? 5 : 300, missing: 0, good, cores: { server, generator: 0.5 } },
  });
  const steps = [
    step(10, true, 0.2),
    step(20, false, 0.6),
    step(30, true, 0.9),
    step(40, false, 1),
    step(50, false, 1),
  ];
  const rounds = [{ ...round("a", 0, { deliveriesPerSecond: 30 }), steps }];
  const text = renderTables(comparisonOf([system("a"), system("b")], rounds));
  assert.match(text, /\| a \| 40 \| 40 \| 300 \| 0 \| 100 \| 50 \|/);
  const before = renderTables(comparisonOf([system("a")], [round("a", 0, { deliveriesPerSecond: 30 })]));
  assert.doesNotMatch(before, /fan-out ended/);
});

test("the chart has a bar for every figure, its length in proportion, and no markup out of names", () => {
  const systems = [system("Bellwether <a&b>"), system("other", { acknowledged: "memory" })];
  const rounds = systems.map(({ name }, i) => round(name, 0, { singlesPerSecond: 100 * (i + 1) }));
  const svg = drawComparison(comparisonOf(systems, rounds));
  const bars = [...svg.matchAll(/<rect class="(\w+)" x="230" y="\d+" width="([\d.]+)"/g)];
  assert.deepEqual(
    bars.map(([, kind, length]) => [kind, Number(length)]),
    [
      ["hollow", 420],
      ["ours", 210],
    ],
  );
  assert.match(svg, /Bellwether &lt;a&amp;b&gt;/);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.equal(svg.match(/<(?!\/|\?)/g)!.length - svg.match(/\/>/g)!.length, svg.match(/<\//g)!.length);
});

test("a page is written between its marks only", () => {
  const [begin, end] = [
    "<!-- bench:peers begins: written by `npm run bench:peers -- --write` -->",
    "<!-- bench:peers ends -->",
  ];
  const page = `before\n\n${begin}\nold\n${end}\n\nafter\n`;
  assert.equal(between("bench:peers", page, "new"), `before\n\n${begin}\n\nnew\n\n${end}\n\nafter\n`);
  assert.throws(() => between("bench:peers", "no marks", "new"), /needs the lines/);
});

test("every system says all that a table needs, under a name of its own", async () => {
  const peers = await loadPeers();
  assert.equal(new Set(peers.map(({ name }) => name)).size, peers.length);
  for (const peer of peers) {
    assert.ok(peer.settings && peer.client && peer.install, peer.name);
    const streams = peer.face.kind === "client" || peer.face.subscribe !== undefined;
    assert.ok(streams || (peer.lacks?.latency && peer.lacks["fan-out"]), `${peer.name} cannot be subscribed to`);
  }
});
