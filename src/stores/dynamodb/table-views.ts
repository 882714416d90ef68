import { inflateRawSync } from "node:zlib";
import {
  type AttributeValue,
  DescribeTableCommand,
  type DescribeTableCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import type { Page, Table, TableItem, TableKey } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { decodeItemKey, encodeItemKey, shownItem } from "#core/shown-item.ts";
import { type Item, toAttribute } from "./items.ts";
import { type Requests, sortOf } from "./requests.ts";
import type { TableMeter } from "./table-meter.ts";
import { type KeyDefinition, type TableDefinition, type TableName, tableDefinitions } from "./tables.ts";

const descriptions: Readonly<Record<TableName, string>> = {
  Topics: "Topics, the counters of their shards, and what is to be counted or deleted.",
  Publishers: "Publishers, and the records of Idempotency-Keys.",
  Subscribers: "Subscribers with their cursors, and stream tokens.",
  Messages: "The log: an item is an entry, a partition a segment of a shard.",
  WordCount: "Counted terms by scope and stretch of time, and what is to be rolled up.",
};

const scanItemsMax = 100;
/** Of a payload, so that a small item cannot be inflated to any size. */
const inflatedBytesMax = 4_194_304;

/** The five tables as DynamoDB describes them; it counts items and bytes about every six hours. */
export function listTables(requests: Requests, meter: TableMeter | undefined): Promise<Table[]> {
  return Promise.all(
    tableDefinitions.map(async (definition) => {
      const output = await requests.ask<DescribeTableCommandOutput>("DescribeTable", definition.name, (TableName) => {
        return new DescribeTableCommand({ TableName });
      });
      return { ...tableOf(definition, output.Table ?? {}), capacity: meter?.capacityOf(definition.name) ?? null };
    }),
  );
}

function tableOf(definition: TableDefinition, described: TableDescription): Omit<Table, "capacity"> {
  const { name, partitionKey, sortKey, stream } = definition;
  const { TableStatus, CreationDateTime, ItemCount, TableSizeBytes, TableArn } = described;
  const estimate = (value: number | undefined): Table["items"] =>
    value === undefined ? null : { value, precision: "estimate" };
  return {
    table: name,
    description: descriptions[name],
    kind: "dynamodb",
    keys: [keyOf(partitionKey, "partition"), ...(sortKey ? [keyOf(sortKey, "sort")] : [])],
    indexes: [],
    state: (TableStatus ?? "unknown").toLowerCase(),
    createdAt: CreationDateTime ? timeToString(new Date(CreationDateTime).getTime()) : null,
    items: estimate(ItemCount),
    bytes: estimate(TableSizeBytes),
    stream: stream ? { view: stream, trigger: "countTerms" } : null,
    alarms: null,
    region: TableArn?.split(":")[3] || null,
    arn: TableArn ?? null,
  };
}

const types: Readonly<Record<KeyDefinition["type"], TableKey["type"]>> = { S: "text", N: "number", B: "binary" };

function keyOf({ name, type }: KeyDefinition, role: TableKey["role"]): TableKey {
  return { name, type: types[type], role };
}

/** A page of a scan, in DynamoDB's order of partitions. */
export async function listTableItems(
  requests: Requests,
  table: string,
  after: string | undefined,
  limit: number,
): Promise<Page<TableItem> | undefined> {
  const definition = tableDefinitions.find(({ name }) => name === table);
  if (!definition) return undefined;
  const sort = sortOf(definition.name);
  const start = after === undefined ? undefined : decodeItemKey(after, ["text", sort === "t" ? "number" : "text"]);
  const output = await requests.ask<ScanCommandOutput>("Scan", definition.name, (TableName) => {
    const from = start && { p: toAttribute(start[0]!), [sort]: toAttribute(start[1]!) };
    return new ScanCommand({
      TableName,
      Limit: Math.min(limit, scanItemsMax),
      ReturnConsumedCapacity: "TOTAL",
      ...(from && { ExclusiveStartKey: from }),
    });
  });
  const last = output.LastEvaluatedKey;
  return {
    items: (output.Items ?? []).map(shownDynamoItem),
    ...(last && { next: encodeItemKey([plain(last.p!) as string, plain(last[sort]!) as string | number]) }),
  };
}

/** Attributes by their short names; `h` is the hash of a secret wherever there is one, `d` a deflated payload. */
function shownDynamoItem(item: Item): TableItem {
  const values = Object.entries(item).map(([name, value]) => {
    if (name === "h") return ["secretHash", plain(value)];
    return [name, name === "d" && value.B ? inflated(value.B) : plain(value)];
  });
  return shownItem(Object.fromEntries(values));
}

function inflated(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: inflatedBytesMax });
  } catch {
    return bytes;
  }
}

function plain(value: AttributeValue): unknown {
  if (value.M) return Object.fromEntries(Object.entries(value.M).map(([name, each]) => [name, plain(each)]));
  if (value.L) return value.L.map(plain);
  if (value.SS) return value.SS;
  if (value.N !== undefined) return Number(value.N);
  return value.S ?? value.B ?? value.BOOL ?? null;
}
