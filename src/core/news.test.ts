import assert from "node:assert/strict";
import { test } from "node:test";
import { NewsBoard } from "./news.ts";
import type { ShardRef } from "./shard.ts";

const refOf = (i: number): ShardRef => ({ topic: `t${i}`, incarnation: 1, shard: 0 });

test("who waits is told, however many shards were waited for before and are forgotten meanwhile", async () => {
  const news = new NewsBoard();
  const { signal } = new AbortController();
  let told = 0;
  const staying = Array.from({ length: 3 }, (_, i) => news.wait([refOf(i)], signal).then(() => told++));
  for (let round = 0; round < 3; round++) {
    for (let i = 10; i < 2_510; i++) {
      const wait = news.wait([refOf(i)], signal);
      news.tell([refOf(i)]);
      await wait;
    }
    assert.equal(told, 0);
  }
  news.tell([refOf(1)]);
  await staying[1];
  assert.equal(told, 1);
  news.tellAll();
  await Promise.all(staying);
  assert.equal(told, 3);
});
