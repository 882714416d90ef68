import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import type { AppendRequest } from "#core/store.ts";
import { packResults, unpackAppends } from "./packed-appends.ts";
import type { WriteBatch, WriterReply } from "./protocol.ts";
import { WriterLink } from "./writer.ts";

/** The sizes in bytes of the batches that appends of these sizes go in, all waiting at once, or one brought by each turn. */
async function batchesOf(sizes: readonly number[], turns: "one" | "each" = "one"): Promise<number[][]> {
  const { port1, port2 } = new MessageChannel();
  const link = new WriterLink(port1, () => {});
  const batches: number[][] = [];
  port2.on("message", ({ appends }: WriteBatch) => {
    const requests = unpackAppends(appends);
    batches.push(requests.map(({ parts }) => parts.reduce((sum, { payload }) => sum + payload.length, 0)));
    const results = requests.map(({ nowMs }) => ({ publishedAtMs: nowMs, firstSequences: [nowMs], replayed: false }));
    port2.postMessage({ done: { appends: packResults(results), outcomes: [] }, news: [] } satisfies WriterReply);
  });
  const requestOf = (bytes: number, i: number): AppendRequest => ({
    topic: "t",
    incarnation: 1,
    nowMs: i,
    parts: [{ shard: 0, count: 1, payload: new Uint8Array(bytes) }],
  });
  const appends: ReturnType<WriterLink["append"]>[] = [];
  for (const [i, bytes] of sizes.entries()) {
    // Ahead of the one with which the link ends the turn, so that the next is there when it looks.
    const turn = turns === "each" && new Promise(setImmediate);
    appends.push(link.append(requestOf(bytes, i)));
    if (turn) await turn;
  }
  const answers = await Promise.all(appends);
  assert.deepEqual(
    answers.map(({ publishedAtMs }) => publishedAtMs),
    sizes.map((_, i) => i),
  );
  await link.close();
  return batches;
}

test("a batch is bounded in calls and in bytes, keeps the order, and one append larger than that goes alone", async () => {
  const large = await batchesOf(Array(200).fill(350_000));
  assert.equal(large.flat().length, 200);
  for (const sizes of large) assert.ok(sizes.reduce((sum, each) => sum + each, 0) <= 16_777_216);
  assert.ok(large.length <= 6, `${large.length} batches`);
  const small = await batchesOf(Array(3_000).fill(10));
  assert.deepEqual(
    small.map((sizes) => sizes.length),
    [1_024, 1_024, 952],
  );
  assert.deepEqual(await batchesOf([5, 17_000_000, 17_000_000, 5]), [[5], [17_000_000], [17_000_000], [5]]);
});

test("waits for more as long as each turn brings more, until it is worth a commit", async () => {
  assert.deepEqual(await batchesOf([1, 2, 3], "each"), [[1, 2, 3]]);
  const [first] = await batchesOf(Array(300).fill(10), "each");
  assert.equal(first!.length, 100);
  assert.deepEqual((await batchesOf([30_000, 30_000, 30_000, 10], "each"))[0], [30_000, 30_000, 30_000]);
});
