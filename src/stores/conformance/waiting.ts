import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import type { Store } from "#core/store.ts";
import type { Check } from "./check.ts";
import { append, assertPending, createTopic, shard, soon, t0, textsOf } from "./fixtures.ts";

export function waitingTests(check: Check, open: () => Promise<Store>): void {
  check("ends at once when there is news, or the shard or the signal is over", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    await append(store, topic, ["a"], { shard: 1 });
    const never = new AbortController().signal;
    const watches = [
      { ref: shard(topic, 0), ticket: 0 },
      { ref: shard(topic, 1), ticket: 0 },
    ];

    await soon(store.waitForNews(watches, never));
    await soon(store.waitForNews([watches[0]!], AbortSignal.abort()));
    await soon(store.waitForNews([watches[0]!, { ref: { ...shard(topic), topic: "other" }, ticket: 0 }], never));
    assert.equal(getEventListeners(never, "abort").length, 0);
  });

  check("ends with an append to one of the shards, for all who wait", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    await append(store, topic, ["a"], { shard: 1 });
    const { signal } = new AbortController();
    const watches = [
      { ref: shard(topic, 0), ticket: 0 },
      { ref: shard(topic, 1), ticket: 1 },
    ];
    const waits = Array.from({ length: 20 }, () => store.waitForNews(watches, signal));
    await assertPending(Promise.race(waits));

    await append(store, topic, ["b"], { shard: 1 });

    await soon(Promise.all(waits));
    assert.equal(getEventListeners(signal, "abort").length, 0, "nothing is left on the signal");
  });

  check("goes on when news is elsewhere or not beyond the ticket", async (store) => {
    const topic = await createTopic(store, "news", { shards: 2 });
    const other = await createTopic(store, "other");
    const controller = new AbortController();
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 1 }], controller.signal);

    await append(store, topic, ["a"], { shard: 1 });
    await append(store, other, ["b"]);
    await append(store, topic, ["c"]);
    await assertPending(wait);
    await append(store, topic, ["d"]);

    await soon(wait);
  });

  check("ends with the signal, without rejecting", async (store) => {
    const topic = await createTopic(store, "news");
    const controller = new AbortController();
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 0 }], controller.signal);
    await assertPending(wait);

    controller.abort(new Error("over"));

    assert.equal(await soon(wait), undefined);
  });

  check("of one who leaves does not end that of another", async (store) => {
    const topic = await createTopic(store, "news");
    const leaving = new AbortController();
    const watches = [{ ref: shard(topic), ticket: 0 }];
    const left = store.waitForNews(watches, leaving.signal);
    const stays = store.waitForNews(watches, new AbortController().signal);

    leaving.abort();
    await soon(left);
    await assertPending(stays);
    await append(store, topic, ["a"]);

    await soon(stays);
  });

  check("ends when the topic is deleted", async (store) => {
    const topic = await createTopic(store, "news");
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 0 }], new AbortController().signal);
    await assertPending(wait);

    await store.deleteTopic("news", t0);

    await soon(wait);
  });

  test("does not reject when the store closes", async () => {
    const store = await open();
    const topic = await createTopic(store, "news");
    const controller = new AbortController();
    const wait = store.waitForNews([{ ref: shard(topic), ticket: 0 }], controller.signal);

    await store.close();
    controller.abort();

    assert.equal(await soon(wait), undefined);
  });

  check("is never missed: one who reads, then waits, sees every append", async (store) => {
    const topic = await createTopic(store, "news");
    const { signal } = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for (let ticket = 0; seen.length < 100; ) {
        await store.waitForNews([{ ref: shard(topic), ticket }], signal);
        for (const entry of await store.readEntries(shard(topic), ticket, 10, 1_000)) {
          seen.push(...textsOf(entry));
          ticket = entry.ticket + 1;
        }
      }
    })();

    for (let i = 0; i < 100; i++) {
      if (i % 3 === 0) await append(store, topic, [`${i}`]);
      else void append(store, topic, [`${i}`]);
    }

    await soon(reading);
    assert.equal(new Set(seen).size, 100);
  });
}
