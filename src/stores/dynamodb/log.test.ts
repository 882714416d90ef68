import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeEntry, draftOf, encodePart } from "#core/entry.ts";
import { readOn } from "#core/reader.ts";
import type { AppendRequest, TopicRecord } from "#core/store.ts";
import { storeOverModel } from "../../../test/dynamodb-faults/model-client.ts";
import { ModelDynamoDb, ModelError, type Request } from "../../../test/dynamodb-faults/model-dynamodb.ts";

/* What is particular to this store, over the model of DynamoDB; `store.test.ts` holds it to the port over a real engine. */

const t0 = Date.UTC(2026, 0, 1);
const topic: TopicRecord = {
  topic: "a",
  incarnation: t0,
  shards: 2,
  retentionSeconds: 0,
  terms: { enabled: true, languages: [], hidden: [] },
};

async function begin(fail: (request: Request) => void = () => {}) {
  const model = new ModelDynamoDb();
  const store = storeOverModel(model, { nowMs: () => t0 }, fail);
  await store.createTopic(topic, 10);
  return { model, store };
}

function requestOf(texts: Readonly<Record<number, string>>, key?: string): AppendRequest {
  return {
    topic: "a",
    incarnation: t0,
    nowMs: t0,
    parts: Object.entries(texts).map(([shard, text]) => ({
      shard: Number(shard),
      count: 1,
      payload: encodePart("p", [draftOf(`"body":"${text}"}`)]),
    })),
    ...(key !== undefined && { idempotency: { recordKey: key, fingerprint: "f", expiresAtMs: t0 + 1e8 } }),
  };
}

/** As a writer that dies behind its ticket. */
async function burnTicket(model: ModelDynamoDb): Promise<void> {
  const counter = model.items("Topics").find(({ p, s }) => s?.S === "log" && p!.S!.endsWith("#0"))!;
  const [t, m] = [Number(counter.t!.N) + 1, Number(counter.m!.N) + 1];
  model.set("Topics", { ...counter, t: { N: String(t) }, m: { N: String(m) } });
}

describe("a ticket that was never used", () => {
  test("is stepped over in silence, between messages and at the end", async () => {
    const { model, store } = await begin();
    await store.append(requestOf({ 0: "first" }));
    await burnTicket(model);
    await store.append(requestOf({ 0: "second" }));
    await burnTicket(model);

    let step = await readOn(store, [topic], { generation: 0, topics: [] }, 10, t0);
    const deliveries = [...step.deliveries];
    for (let steps = 0; step.more; steps++) {
      assert.ok(steps < 5, "reading comes to an end");
      step = await readOn(store, [topic], step.cursor, 10, t0);
      deliveries.push(...step.deliveries);
    }

    const bodies = deliveries.map((each) => ("message" in each ? JSON.parse(each.message).body : each.discontinuity));
    assert.deepEqual(bodies, ["first", "second"]);
  });

  test("does not hold up counting", async () => {
    const { model, store } = await begin();
    await burnTicket(model);
    await store.append(requestOf({ 0: "x" }));

    const [{ ref, ticket }] = (await store.listUncounted(10)) as [
      { ref: { topic: string; incarnation: number; shard: number }; ticket: number },
    ];
    const [entry] = await store.readEntries(ref, ticket, 10, 1_000);

    assert.equal(entry!.ticket, 1);
  });
});

test("a log that was read is read to its end, however old what was read or known of it was", async () => {
  const { model, store } = await begin();
  const ref = { ...topic, shard: 0 };
  const reader = storeOverModel(model, { nowMs: () => t0 }, undefined, 2);
  await reader.readEntries(ref, 0, 10, 1_000); // knows of an empty log
  await store.append(requestOf({ 0: "x" }));

  const entries = await reader.readEntries(ref, 0, 10, 1_000);

  assert.equal(entries.length, 1);
});

describe("a call with an Idempotency-Key that waited for another with it", () => {
  test("has a publish time of when it was written, not of when it came", async () => {
    let nowMs = t0;
    const model = new ModelDynamoDb();
    let isDown = true;
    const store = storeOverModel(model, { nowMs: () => nowMs }, ({ operation }) => {
      if (operation === "PutItem" && isDown) {
        nowMs += 5_000;
        throw new ModelError("ServiceUnavailable", { statusCode: 503 });
      }
    });
    await store.createTopic(topic, 10);
    const first = store.append(requestOf({ 0: "x" }, "k"));
    const second = store.append(requestOf({ 0: "x" }, "k"));
    await assert.rejects(first);
    isDown = false;

    assert.equal((await second).publishedAtMs, nowMs);
  });
});

describe("a call over two shards of which one does not answer", () => {
  const isPutToShard1 = ({ operation, input }: Request): boolean =>
    operation === "PutItem" && input.TableName === "Messages" && input.Item.p.S.split("#")[2] === "1";

  test("tells what was accepted; repeated with its key it is completed, and not doubled", async () => {
    let isDown = true;
    const { store } = await begin((request) => {
      if (isDown && isPutToShard1(request)) throw new ModelError("ServiceUnavailable", { statusCode: 503 });
    });

    await assert.rejects(
      store.append(requestOf({ 0: "x", 1: "y" }, "k")),
      (error: { code: string; details: object }) => {
        assert.equal(error.code, "unavailable");
        assert.deepEqual(error.details, { retryAfterSeconds: 1, accepted: [0] });
        return true;
      },
    );
    isDown = false;
    const again = await store.append(requestOf({ 0: "x", 1: "y" }, "k"));
    const third = await store.append(requestOf({ 0: "x", 1: "y" }, "k"));

    assert.deepEqual(third, again);
    for (const [shard, text] of [
      [0, "x"],
      [1, "y"],
    ] as const) {
      const entries = await store.readEntries({ ...topic, shard }, 0, 100, 100_000);
      assert.deepEqual(
        entries.flatMap((entry) => decodeEntry(entry).map(({ tail }) => tail)),
        [`"body":"${text}"}`],
      );
    }
  });

  test("is unavailable after a bounded number of tries when nothing answers", async () => {
    let tries = 0;
    const { store } = await begin(({ operation, input }) => {
      if (operation !== "UpdateItem" || !/ADD t/.test(input.UpdateExpression)) return;
      tries += 1;
      throw new ModelError("ThrottlingException");
    });

    await assert.rejects(store.append(requestOf({ 0: "x" })), { code: "unavailable" });

    assert.ok(tries > 1 && tries <= 10, `${tries} tries`);
  });
});

describe("a summary larger than an item", () => {
  const key = { scope: "overall", level: 5, startMs: 0 } as const;
  const put = (version: number, bytes: Uint8Array) => ({
    puts: [{ ...key, version, bytes, included: { through: version }, expiresAtMs: Number.MAX_SAFE_INTEGER }],
    setMarks: [],
    clearMarks: [],
    cursors: [],
  });
  const bytesOf = (seed: number) => Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * seed) % 256);

  test("is kept in pieces, switched at once, and leaves none behind", async () => {
    const { model, store } = await begin();
    for (const version of [1, 2, 3]) {
      assert.ok(await store.saveTerms(put(version, bytesOf(version))));
      assert.equal(await store.saveTerms(put(version, bytesOf(99))), false, "a second put of that version");

      const [found] = await store.getSummaries([key]);
      assert.deepEqual([found!.version, found!.included], [version, { through: version }]);
      assert.ok(Buffer.from(bytesOf(version)).equals(found!.bytes));
      assert.equal(model.items("WordCount").length, 1 + 3, "the item and three pieces");
    }
    assert.ok(await store.saveTerms(put(4, new Uint8Array(10))));
    assert.equal(model.items("WordCount").length, 1);
  });

  test("is read whole while it is written anew", async () => {
    let reads = 0;
    let other = (): Promise<unknown> => Promise.resolve();
    const { model, store } = await begin();
    const reader = storeOverModel(model, { nowMs: () => t0 }, ({ operation }) => {
      // Between the item and its pieces.
      if (operation === "BatchGetItem" && ++reads === 2) pending = other();
    });
    let pending: Promise<unknown> | undefined;
    await store.saveTerms(put(1, bytesOf(1)));
    other = () => store.saveTerms(put(2, bytesOf(2)));

    const [found] = await reader.getSummaries([key]);
    await pending;

    assert.ok(Buffer.from(bytesOf(found!.version)).equals(found!.bytes));
  });
});

test("a ticket takes two requests at most, though other writers whose clocks are ahead take one between any two", async () => {
  let tries = 0;
  const { model, store } = await begin(({ operation, input }) => {
    if (operation !== "UpdateItem" || !/ADD t /.test(input.UpdateExpression)) return;
    tries += 1;
    const counter = model.items("Topics").find(({ p, s }) => s?.S === "log" && p!.S!.endsWith("#0"))!;
    const more = (value: string | undefined): { N: string } => ({ N: String(Number(value) + 1) });
    const l = { N: String(t0 + 1_000 + tries) };
    model.set("Topics", { ...counter, t: more(counter.t!.N), m: more(counter.m!.N), l });
  });
  const { publishedAtMs } = await store.append(requestOf({ 0: "x" }));
  assert.equal(tries, 2);
  assert.equal(publishedAtMs, t0 + 1_002);
});
