import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, test } from "node:test";
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { createTables } from "#stores/dynamodb/create-tables.ts";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";
import { ModelDynamoDb } from "./model-dynamodb.ts";

/*
 * What the fault injection runs over is a model of DynamoDB. Here random operations of the kinds that the store sends are
 * given to the model and to a real engine, which must agree in every answer, refusal and item.
 */

const engine = await startEngine();
after(() => engine.close());

const partition = fc.constantFrom("a", "b");
const sort = fc.constantFrom("r", "s", "s\u0000", "t");
const small = fc.integer({ min: 0, max: 3 });
const condition = fc.constantFrom(
  undefined,
  "attribute_not_exists(p)",
  "attribute_exists(p)",
  "v = :v",
  "attribute_not_exists(v) OR v <= :v",
  "attribute_exists(v) AND attribute_not_exists(#w) AND v < :v",
  "attribute_not_exists(v) AND (attribute_not_exists(u) OR u <= :v)",
);
const update = fc.constantFrom(
  "SET v = :v",
  "SET v = :v, #w = if_not_exists(#w, :v) ADD n :v",
  "SET #w = if_not_exists(#w, n), v = :v ADD n :v, u :v REMOVE l",
  "ADD n :v",
  "SET l = if_not_exists(l, :v) ADD n :v",
  "SET v = :v REMOVE #w, l",
);
const operation = fc.oneof(
  fc.record({
    kind: fc.constant("put" as const),
    partition,
    sort,
    condition,
    v: small,
    has: fc.subarray(["v", "w", "u", "n", "l"]),
  }),
  fc.record({ kind: fc.constant("update" as const), partition, sort, update, condition, v: small }),
  fc.record({ kind: fc.constant("delete" as const), partition, sort, condition, v: small }),
  fc.record({ kind: fc.constant("get" as const), partition, sort }),
  fc.record({ kind: fc.constant("getAll" as const) }),
  fc.record({
    kind: fc.constant("query" as const),
    partition,
    from: fc.option(sort, { nil: undefined }),
    to: fc.option(sort, { nil: undefined }),
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("transact" as const),
    v: small,
    first: condition,
    second: condition,
    token: fc.integer({ min: 1, max: 9 }),
  }),
);

type Operation = Parameters<Parameters<typeof operation.map>[0]>[0];

let tables = 0;

function commandOf(each: Operation, TableName: string) {
  const key = (p: string, s: string) => ({ p: { S: p }, s: { S: s } });
  const expressions = (parts: { condition?: string | undefined; update?: string }, v: number) => {
    const text = `${parts.condition} ${parts.update}`;
    return {
      ...(parts.condition && { ConditionExpression: parts.condition }),
      ...(parts.update && { UpdateExpression: parts.update }),
      ...(text.includes(":v") && { ExpressionAttributeValues: { ":v": { N: String(v) } } }),
      ...(text.includes("#w") && { ExpressionAttributeNames: { "#w": "w" } }),
    };
  };
  const old = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const };
  switch (each.kind) {
    case "put": {
      const Item = {
        ...key(each.partition, each.sort),
        ...Object.fromEntries(each.has.map((name) => [name, { N: String(each.v) }])),
      };
      return new PutItemCommand({ TableName, Item, ...expressions(each, each.v), ...old });
    }
    case "update":
      return new UpdateItemCommand({
        TableName,
        Key: key(each.partition, each.sort),
        ...expressions(each, each.v),
        ...old,
        ReturnValues: "ALL_NEW",
      });
    case "delete":
      return new DeleteItemCommand({
        TableName,
        Key: key(each.partition, each.sort),
        ...expressions(each, each.v),
        ...old,
        ReturnValues: "ALL_OLD",
      });
    case "get":
      return new GetItemCommand({ TableName, Key: key(each.partition, each.sort), ConsistentRead: true });
    case "getAll":
      return new BatchGetItemCommand({
        RequestItems: { [TableName]: { Keys: ["r", "s", "t"].map((s) => key("a", s)), ConsistentRead: true } },
      });
    case "query": {
      const { from, to, limit } = each;
      const isRange = from !== undefined && to !== undefined && from < to;
      const range = from === undefined ? "" : isRange ? " AND #s BETWEEN :from AND :to" : " AND #s >= :from";
      return new QueryCommand({
        TableName,
        KeyConditionExpression: `p = :p${range}`,
        ...(range && { ExpressionAttributeNames: { "#s": "s" } }),
        ExpressionAttributeValues: {
          ":p": { S: each.partition },
          ...(from !== undefined && { ":from": { S: from } }),
          ...(isRange && { ":to": { S: to } }),
        },
        ConsistentRead: true,
        ...(limit && { Limit: limit }),
      });
    }
    case "transact":
      return new TransactWriteItemsCommand({
        ClientRequestToken: `${TableName}-${each.token}-${each.v}-${each.first}-${each.second}`,
        TransactItems: [
          {
            Put: {
              TableName,
              Item: { ...key("a", "r"), v: { N: String(each.v) } },
              ...expressions({ condition: each.first }, each.v),
            },
          },
          {
            Update: {
              TableName,
              Key: key("b", "t"),
              UpdateExpression: "ADD n :v",
              ...expressions({ condition: each.second, update: "ADD n :v" }, each.v),
            },
          },
        ],
      });
  }
}

/** An answer or an error as data; what DynamoDB leaves to chance is not in it. */
async function outcome(run: () => unknown): Promise<unknown> {
  try {
    // biome-ignore lint/suspicious/noExplicitAny: each operation has its own output
    const { Item, Items, Attributes, Responses, LastEvaluatedKey } = (await run()) as any;
    const all =
      Responses &&
      Object.values(Responses as Record<string, object[]>)[0]!
        .map((item) => JSON.stringify(sorted(item)))
        .sort();
    return plain({ Item, Items, Attributes, all, LastEvaluatedKey });
  } catch (error) {
    const { name, Item, CancellationReasons } = error as {
      name: string;
      Item?: object;
      CancellationReasons?: { Code: string }[];
    };
    return plain({ name, Item, reasons: CancellationReasons?.map(({ Code }) => Code) });
  }
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each) => (isObject(each) ? sorted(each) : each)));
}

function sorted(item: object): object {
  return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

test("the model answers as a real engine does", { skip: engine.missing }, async (t) => {
  const client = engine.client();
  t.after(() => client.destroy());
  const prefix = `model-${process.pid}-${Date.now()}-`;
  await createTables(client, prefix);
  const Table = `${prefix}WordCount`;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 30, size: "max" }), async (operations) => {
      const model = new ModelDynamoDb();
      // One table for all runs: each has its partitions.
      const run = `${tables++}`;
      const own = (command: ReturnType<typeof commandOf>) =>
        JSON.parse(
          JSON.stringify(command.input)
            .replaceAll('{"S":"a"}', `{"S":"a${run}"}`)
            .replaceAll('{"S":"b"}', `{"S":"b${run}"}`),
        );
      for (const [i, each] of operations.entries()) {
        const command = commandOf(each, Table);
        const input = own(command);
        // One for each run and transaction, in the 36 characters that it may have.
        if (input.ClientRequestToken)
          input.ClientRequestToken = hash("sha256", `${run} ${input.ClientRequestToken}`, "hex").slice(0, 36);
        Object.assign(command, { input });
        const expected = await outcome(() => client.send(command));
        const name = command.constructor.name.replace("Command", "");
        const actual = await outcome(() => model.run({ operation: name, input }, i));
        // A page that ends at its limit may say that there may be more, or know that there is not.
        if (isObject(expected) && !("LastEvaluatedKey" in expected) && isObject(actual))
          Reflect.deleteProperty(actual, "LastEvaluatedKey");
        assert.deepEqual(actual, expected, `step ${i}: ${fc.stringify(each)}`);
      }
    }),
    { numRuns: 150 },
  );
});
