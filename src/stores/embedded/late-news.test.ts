import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { LateNews } from "./late-news.ts";

const refOf = (shard: number) => ({ topic: "news", incarnation: 1, shard });

test("what several commits wrote is told at once, each shard once, and a deletion stands for all", async () => {
  const { port1, port2 } = new MessageChannel();
  const news = new LateNews();
  for (const shards of [[0], [1, 0], []]) news.tell(port1, shards.map(refOf));
  assert.deepEqual((await once(port2, "message"))[0], { news: [refOf(0), refOf(1)] });
  for (const written of [[refOf(2)], "any", [refOf(3)]] as const) news.tell(port1, written);
  assert.deepEqual((await once(port2, "message"))[0], { news: "any" });
  news.close();
  port1.close();
  await once(port2, "close");
});
