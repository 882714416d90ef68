import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { SubscriberHandle } from "#client/subscriber.ts";
import { type EmbeddedBellwether, openBellwether } from "./main.ts";

async function open(t: TestContext): Promise<EmbeddedBellwether & { readonly subscriber: SubscriberHandle }> {
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const embedded = await openBellwether({ dataDir });
  t.after(embedded.close);
  await embedded.client.putTopic("news");
  const registered = await embedded.client.registerSubscriber({ topics: ["news"], from: "earliest" });
  return { ...embedded, subscriber: embedded.client.subscriber(registered) };
}

const isClosed = { code: "unavailable", message: /is closed/ };

test("closing answers a long poll with what there is", async (t) => {
  const { subscriber, close } = await open(t);
  const poll = subscriber.subscribe({ wait: 20 });
  await close();
  assert.deepEqual((await poll).messages, []);
});

test("closing keeps what is being published", async (t) => {
  const { client, close } = await open(t);
  const publishing = client.publish("news", { body: "last" });
  // By then it is on its way: the client gathers what is given in one turn.
  await new Promise((resolve) => setImmediate(resolve));
  await close();
  assert.equal((await publishing).messages.length, 1);
});

test("closing ends streams, those of readers that take nothing too", async (t) => {
  const { client, subscriber, close } = await open(t);
  await client.publish("news", [{ body: "first" }, { body: "second" }]);
  const idle = subscriber.messages({ transport: "stream" });
  assert.equal((await idle.next()).value.body, "first");
  const waiting = (async () => {
    for await (const _ of client.tailMessages("news"));
  })();
  const ended = assert.rejects(waiting, isClosed);
  await close();
  await ended;
});

test("after it is closed every call says so at once, and closing again is nothing", async (t) => {
  const { client, subscriber, close } = await open(t);
  await Promise.all([close(), close()]);
  await assert.rejects(client.publish("news", { body: "too late" }), isClosed);
  await assert.rejects(subscriber.subscribe({ wait: 20 }), isClosed);
});
