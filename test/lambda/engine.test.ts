import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";
import { eventually } from "../harness.ts";
import { callEngine } from "./engine-call.ts";
import { startGatekeeper } from "./gatekeeper.ts";
import { startStreamPoller } from "./stream-poller.ts";

const engine = await startEngine();
const skip = engine.missing;
before(async () => {
  if (skip) return;
  await callEngine(engine.url, "DynamoDB.CreateTable", {
    TableName: "things",
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
  });
});
after(() => engine.close());

test("the poller gives what was inserted, in order, again and again until it is taken", { skip }, async () => {
  const taken: string[] = [];
  let refusals = 2;
  const poller = startStreamPoller({
    url: engine.url,
    table: "things",
    onFault: (error) => assert.fail(String(error)),
    deliver: async ({ Records: records }) => {
      if (refusals-- > 0) return false;
      for (const { dynamodb, eventName } of records) {
        assert.equal(eventName, "INSERT");
        assert.ok(Number.isFinite(dynamodb!.ApproximateCreationDateTime));
        taken.push(dynamodb!.Keys!.id!.S!);
      }
      return true;
    },
  });
  const ids = Array.from({ length: 20 }, (_, i) => `thing-${i}`);
  for (const id of ids)
    await callEngine(engine.url, "DynamoDB.PutItem", { TableName: "things", Item: { id: { S: id } } });
  await callEngine(engine.url, "DynamoDB.DeleteItem", { TableName: "things", Key: { id: { S: "thing-0" } } });
  await eventually(() => taken.length >= ids.length, "every insert is delivered");
  await poller.stop();
  assert.deepEqual(taken, ids);
});

test("the gatekeeper lets a function do what its role says, parts of transactions too, and refuses the rest as IAM does", {
  skip,
}, async () => {
  const role = new Set(["me things GetItem", "me things PutItem", "me things UpdateItem"]);
  const gatekeeper = await startGatekeeper(engine.url, (use) => role.has(Object.values(use).join(" ")));
  const call = async (operation: string, input: object): Promise<string> => {
    const response = await fetch(gatekeeper.url, {
      method: "POST",
      headers: {
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "x-amz-date": "20260101T000000Z",
        "content-type": "application/x-amz-json-1.0",
        authorization:
          "AWS4-HMAC-SHA256 Credential=me/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: JSON.stringify(input),
    });
    return response.ok ? "ok" : String(((await response.json()) as { __type: string }).__type).split("#")[1]!;
  };
  const put = { TableName: "things", Item: { id: { S: "a" } } };
  const key = { TableName: "things", Key: { id: { S: "a" } } };
  assert.equal(await call("PutItem", put), "ok");
  assert.equal(await call("GetItem", key), "ok");
  assert.equal(await call("TransactWriteItems", { TransactItems: [{ Put: put }] }), "ok");
  assert.equal(await call("DeleteItem", key), "AccessDeniedException");
  assert.equal(await call("TransactWriteItems", { TransactItems: [{ Delete: key }] }), "AccessDeniedException");
  assert.equal(await call("BatchGetItem", { RequestItems: { things: { Keys: [key.Key] } } }), "AccessDeniedException");
  await gatekeeper.close();
});
