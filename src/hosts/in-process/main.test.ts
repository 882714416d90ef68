import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openBellwether } from "./main.ts";

test("an embedded service publishes, reads over a stream and answers terms without a socket, and keeps all after reopening", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const first = await openBellwether({ dataDir });
  const publisher = await first.client.registerPublisher({ name: "me", topics: ["news"] });
  const subscriber = await first.client.registerSubscriber({ topics: ["news"], from: "earliest" });
  await first.client
    .publisher(publisher.token)
    .publish("news", [{ body: "the white whale" }, { body: "a whale again" }]);
  const bodies: unknown[] = [];
  for await (const message of first.client.subscriber(subscriber).messages({ follow: true, transport: "stream" })) {
    bodies.push(message.body);
    if (bodies.length === 2) break;
  }
  await first.close();

  const second = await openBellwether({ dataDir });
  t.after(() => second.close());
  const { messages } = await second.client.browseMessages("news");
  let terms = await second.client.getPopularTerms({ topic: "news", window: "all" });
  while (terms.messages < 2) terms = await second.client.getPopularTerms({ topic: "news", window: "all" });

  assert.deepEqual(bodies, ["the white whale", "a whale again"]);
  assert.deepEqual(
    messages.map(({ body }) => body),
    bodies,
  );
  assert.deepEqual(terms.terms[0], { term: "whale", count: 2, error: 0, certain: true, share: 1 });
});

test("a data folder is held by one opening at a time", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const first = await openBellwether({ dataDir });
  t.after(() => first.close());
  await assert.rejects(openBellwether({ dataDir }), /in use by another process/);
});

test("terms that are turned off are not counted from then on", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const { client, close } = await openBellwether({ dataDir });
  t.after(close);
  const publisher = client.publisher(await client.registerPublisher({ name: "me", topics: ["news"] }));
  const countedAfter = async (publishedAt: string): Promise<number> => {
    for (;;) {
      const { asOf, messages } = await client.getPopularTerms({ topic: "news", window: "all" });
      if (asOf > publishedAt) return messages;
    }
  };
  const open = await publisher.publish("news", [{ body: "an open word" }]);
  assert.equal(await countedAfter(open.publishedAt), 1);
  await client.putTopic("news", { terms: { enabled: false } });
  const secret = await publisher.publish("news", [{ body: "a secret word" }]);
  assert.equal(await countedAfter(secret.publishedAt), 1);
});
