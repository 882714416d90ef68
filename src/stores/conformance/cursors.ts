import assert from "node:assert/strict";
import type { Check } from "./check.ts";
import { at, cursorAt, rejects, sorted, subscriberRecord, t0, topicCursor } from "./fixtures.ts";

export function cursorTests(check: Check): void {
  check("move forward with a commit, part by part, and never back", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);

    await store.commitCursor("s1", cursorAt(0, { 0: at(5), 1: at(1) }), t0 + 1);
    const second = await store.commitCursor("s1", cursorAt(0, { 0: at(3), 1: at(2, 4), 2: at(7) }), t0 + 2);

    const expected = cursorAt(0, { 0: at(5), 1: at(2, 4), 2: at(7) });
    assert.deepEqual(second, expected);
    assert.deepEqual(
      await store.getSubscriber("s1"),
      subscriberRecord("s1", { cursor: expected, lastActiveAtMs: t0 + 2 }),
    );
    assert.deepEqual(await store.commitCursor("s1", cursorAt(0, { 1: at(2, 3) }), t0 + 3), expected, "index counts");
  });

  check("keep the topics that a commit does not name, and take a later incarnation", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);
    const topics = [topicCursor("a", 1, { 0: at(5) }), topicCursor("b", 1, { 0: at(5) })];

    await store.commitCursor("s1", sorted({ generation: 0, topics }), t0);
    const later = { generation: 0, topics: [topicCursor("b", 2, { 0: at(1) })] };
    const answer = await store.commitCursor("s1", later, t0);

    const expected = sorted({ generation: 0, topics: [topics[0]!, later.topics[0]!] });
    assert.deepEqual(answer, expected);
    assert.deepEqual((await store.getSubscriber("s1"))!.cursor, expected);
  });

  check("of an unknown subscriber are undefined", async (store) => {
    assert.equal(await store.commitCursor("s9", cursorAt(3, {}), t0), undefined);
    assert.equal(await store.seekSubscriber("s9", []), undefined);
    assert.equal(await store.getSubscriber("s9"), undefined);
  });

  check("move anywhere with a seek, which older commits do not undo", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);
    await store.commitCursor("s1", cursorAt(0, { 0: at(9), 1: at(9) }), t0);

    const sought = await store.seekSubscriber("s1", cursorAt(0, { 0: at(2) }).topics);
    assert.deepEqual(sought, cursorAt(1, { 0: at(2) }));
    await rejects(store.commitCursor("s1", cursorAt(0, { 0: at(10) }), t0 + 1), "cursor_superseded");
    await rejects(store.commitCursor("s1", cursorAt(2, { 0: at(10) }), t0 + 1), "cursor_superseded");

    assert.deepEqual(
      await store.getSubscriber("s1"),
      subscriberRecord("s1", { cursor: cursorAt(1, { 0: at(2) }), lastActiveAtMs: t0 }),
    );
    assert.deepEqual(await store.commitCursor("s1", cursorAt(1, { 0: at(3) }), t0 + 2), cursorAt(1, { 0: at(3) }));
    assert.equal((await store.seekSubscriber("s1", []))!.generation, 2);
  });

  check("committed at the same time all count", async (store) => {
    await store.createSubscriber(subscriberRecord("s1"), 9);
    const shards = Array.from({ length: 16 }, (_, i) => i);

    await Promise.all(shards.map((i) => store.commitCursor("s1", cursorAt(0, { [i]: at(i + 1) }), t0)));

    const expected = cursorAt(0, Object.fromEntries(shards.map((i) => [i, at(i + 1)])));
    assert.deepEqual((await store.getSubscriber("s1"))!.cursor, expected);
  });
}
