import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { SummaryKey, TermsChange } from "#core/store.ts";
import type { Check } from "./check.ts";
import {
  append,
  byShard,
  count,
  createTopic,
  expireAll,
  plainSummary,
  save,
  shard,
  summaries,
  summaryRecord,
  t0,
} from "./fixtures.ts";

export function termsTests(check: Check): void {
  check("lists the shards that are not counted to their end", async (store) => {
    const topic = await createTopic(store, "news", { shards: 3 });
    assert.deepEqual(await store.listUncounted(10), []);
    for (const i of [0, 0, 2]) await append(store, topic, ["x"], { shard: i });

    assert.deepEqual(byShard(await store.listUncounted(10)), [
      { ref: shard(topic, 0), ticket: 0 },
      { ref: shard(topic, 2), ticket: 0 },
    ]);
    assert.equal((await store.listUncounted(1)).length, 1);

    await count(store, shard(topic, 0), 0, 1);
    await count(store, shard(topic, 2), 0, 1);
    assert.deepEqual(await store.listUncounted(10), [{ ref: shard(topic, 0), ticket: 1 }]);
    await count(store, shard(topic, 0), 1, 2);
    assert.deepEqual(await store.listUncounted(10), []);
    await append(store, topic, ["y"], { shard: 2 });
    assert.deepEqual(await store.listUncounted(10), [{ ref: shard(topic, 2), ticket: 1 }]);
  });

  check("puts summaries and gives those that are there", async (store) => {
    const leaf = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1, { "news#1#0": 5, "news#1#1": 0 });
    const all = summaryRecord({ scope: "overall", level: 5, startMs: 0 }, 1, { through: t0 });

    assert.equal(await save(store, { puts: [leaf, all] }), true);

    assert.deepEqual(await summaries(store, [leaf, all]), [leaf, all].map(plainSummary));
    const others: SummaryKey[] = [
      { ...leaf, level: 1 },
      { ...leaf, startMs: t0 + 10_000 },
      { ...leaf, scope: "topic:news#1" },
    ];
    assert.deepEqual(await summaries(store, others), []);
    assert.deepEqual(await summaries(store, [...others, all]), [plainSummary(all)]);
    assert.deepEqual(await summaries(store, []), []);

    const next = summaryRecord(leaf, 2, { "news#1#0": 9 });
    assert.equal(await save(store, { puts: [next] }), true);
    assert.deepEqual(await summaries(store, [leaf]), [plainSummary(next)]);
  });

  check(
    "saves all or nothing, whichever condition fails",
    async (store) => {
      const topic = await createTopic(store, "news", { shards: 2 });
      const gone = await createTopic(store, "gone");
      for (const [of, i] of [
        [topic, 0],
        [topic, 1],
        [gone, 0],
      ] as const)
        await append(store, of, ["x"], { shard: i });
      const stored = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1);
      const mark = { scope: "overall", level: 1, startMs: t0, stamp: "first" } as const;
      assert.ok(await save(store, { puts: [stored], setMarks: [mark] }));
      await store.deleteTopic("gone", t0);

      const other = { scope: "topic:news#1", level: 0, startMs: t0 } as const;
      const good = {
        puts: [summaryRecord(stored, 2), summaryRecord(other, 1)],
        setMarks: [{ ...mark, startMs: t0 + 60_000, stamp: "second" }],
        clearMarks: [mark],
        cursors: [0, 1].map((i) => ({ ref: shard(topic, i), fromTicket: 0, toTicket: 1 })),
      };
      const failing: Record<string, Partial<TermsChange>> = {
        "a first version where one is stored": { puts: [summaryRecord(other, 1), summaryRecord(stored, 1)] },
        "a version too far": { puts: [summaryRecord(other, 1), summaryRecord(stored, 3)] },
        "a second version where none is stored": { puts: [summaryRecord(stored, 2), summaryRecord(other, 2)] },
        "a cursor ahead of the stored one": {
          cursors: [good.cursors[0]!, { ref: shard(topic, 1), fromTicket: 1, toTicket: 1 }],
        },
        "a cursor of a deleted topic": {
          cursors: [good.cursors[0]!, { ref: shard(gone), fromTicket: 0, toTicket: 1 }],
        },
        "a cursor of an unknown shard": {
          cursors: [good.cursors[0]!, { ref: shard(topic, 7), fromTicket: 0, toTicket: 1 }],
        },
      };
      for (const [why, change] of Object.entries(failing)) {
        assert.equal(await save(store, { ...good, ...change }), false, why);
        assert.deepEqual(await summaries(store, [stored, other]), [plainSummary(stored)], why);
        assert.deepEqual(await store.listWork(undefined, 10), [mark], why);
        assert.deepEqual(
          byShard(await store.listUncounted(10)).map(({ ticket }) => ticket),
          [0, 0],
          why,
        );
      }

      assert.equal(await save(store, good), true);
      assert.deepEqual(await summaries(store, [stored, other]), good.puts.map(plainSummary));
      assert.deepEqual(await store.listWork(undefined, 10), good.setMarks);
      assert.deepEqual(await store.listUncounted(10), []);
      assert.equal(await save(store, { ...good, puts: [] }), false, "a cursor that has moved");
    },
    "transactions",
  );

  check("moves no cursor and touches no mark when a put is refused", async (store) => {
    const topic = await createTopic(store, "news");
    await append(store, topic, ["x"]);
    const stored = summaryRecord({ scope: "overall", level: 0, startMs: t0 }, 1);
    const mark = { scope: "overall", level: 1, startMs: t0, stamp: "first" } as const;
    assert.ok(await save(store, { puts: [stored], setMarks: [mark] }));
    const other = { scope: "topic:news#1", level: 0, startMs: t0 } as const;

    const saved = await save(store, {
      puts: [summaryRecord(other, 1), summaryRecord(stored, 1)],
      setMarks: [{ ...mark, stamp: "second" }],
      clearMarks: [mark],
      cursors: [{ ref: shard(topic), fromTicket: 0, toTicket: 1 }],
    });

    assert.equal(saved, false);
    assert.deepEqual(await summaries(store, [stored]), [plainSummary(stored)]);
    assert.deepEqual(await store.listWork(undefined, 10), [mark]);
    assert.deepEqual(await store.listUncounted(10), [{ ref: shard(topic), ticket: 0 }]);
  });

  check("saved by many at once is saved once", async (store) => {
    const topic = await createTopic(store, "news");
    await append(store, topic, ["x"]);
    const key = { scope: "overall", level: 0, startMs: t0 } as const;

    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        save(store, {
          puts: [summaryRecord(key, 1, { writer: i })],
          cursors: [{ ref: shard(topic), fromTicket: 0, toTicket: 1 }],
        }),
      ),
    );

    assert.equal(outcomes.filter(Boolean).length, 1);
    const [summary] = await store.getSummaries([key]);
    assert.deepEqual([summary!.version, summary!.included], [1, { writer: outcomes.indexOf(true) }]);
  });

  check(
    "gives several summaries as of one moment",
    async (store) => {
      // Many keys make a read long enough for another thread's commit to fall into it.
      const keys = Array.from({ length: 300 }, (_, i) => ({ scope: `topic:t${i}#1`, level: 0, startMs: t0 }) as const);
      let isWriting = true;
      const writing = (async () => {
        for (let version = 1; version <= 30; version++) {
          assert.ok(await save(store, { puts: keys.map((key) => summaryRecord(key, version)) }));
        }
        isWriting = false;
      })();

      while (isWriting) {
        const read = await store.getSummaries(keys);
        const versions = new Set(read.map(({ version }) => version));
        assert.ok(versions.size <= 1, `versions ${[...versions]} side by side`);
        assert.ok(read.length === 0 || read.length === keys.length);
        await delay(0);
      }
      await writing;
    },
    "transactions",
  );

  check("lists marks, the finest and oldest first, of one scope or all", async (store) => {
    const marks = (
      [
        ["overall", 2, t0],
        ["topic:a#1", 1, t0 + 60_000],
        ["overall", 1, t0 + 120_000],
        ["overall", 1, t0],
        ["topic:a#1", 4, t0 - 86_400_000],
      ] as const
    ).map(([scope, level, startMs], i) => ({ scope, level, startMs, stamp: `s${i}` }));
    await save(store, { setMarks: marks });

    const inOrder = [3, 1, 2, 0, 4].map((i) => marks[i]!);
    assert.deepEqual(await store.listWork(undefined, 10), inOrder);
    assert.deepEqual(await store.listWork(undefined, 2), inOrder.slice(0, 2));
    assert.deepEqual(await store.listWork("topic:a#1", 10), [marks[1], marks[4]]);
    assert.deepEqual(await store.listWork("overall", 2), [marks[3], marks[2]]);
    assert.deepEqual(await store.listWork("topic:b#1", 10), []);
  });

  check("clears a mark only while its stamp is the same", async (store) => {
    const mark = { scope: "overall", level: 1, startMs: t0, stamp: "first" } as const;
    await save(store, { setMarks: [mark] });
    await save(store, { setMarks: [{ ...mark, stamp: "second" }] });
    // A store may make its own stamps of those given, to tell a mark that is set twice from the first one.
    const later = await store.listWork(undefined, 10);
    assert.deepEqual(
      later.map(({ stamp: _, ...key }) => key),
      [{ scope: "overall", level: 1, startMs: t0 }],
      "replaced",
    );

    assert.equal(await save(store, { clearMarks: [mark] }), true, "a later mark is no failure");
    assert.deepEqual(await store.listWork(undefined, 10), later);

    assert.equal(await save(store, { clearMarks: later }), true);
    assert.deepEqual(await store.listWork(undefined, 10), []);
    assert.equal(await save(store, { clearMarks: [mark] }), true, "nor is one that is not there");
  });

  check("of a deleted topic go with it, and no others", async (store) => {
    await createTopic(store, "news");
    const key = (scope: string) => ({ scope, level: 0, startMs: t0 }) as const;
    const own = [`topic:news#${t0}`, `topic:news#${t0}@1`, `topic:news#${t0}@z/9`];
    const keys = [...own, `topic:news#${t0 + 1}`, `topic:news#${t0}1`, `topic:news2#${t0}`, "overall"].map(key);
    await save(store, {
      puts: keys.map((each) => summaryRecord(each, 1)),
      setMarks: keys.filter(({ scope }) => !scope.includes("@")).map((each) => ({ ...each, level: 1, stamp: "s" })),
    });

    await store.deleteTopic("news", t0);
    await expireAll(store, t0);

    const scopes = keys.slice(own.length).map(({ scope }) => scope);
    assert.deepEqual((await store.getSummaries(keys)).map(({ scope }) => scope).sort(), scopes.toSorted());
    assert.deepEqual((await store.listWork(undefined, 10)).map(({ scope }) => scope).sort(), scopes.toSorted());
  });
}
