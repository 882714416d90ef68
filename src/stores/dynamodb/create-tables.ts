import {
  CreateTableCommand,
  DescribeTableCommand,
  type DescribeTableCommandOutput,
  type ScalarAttributeType,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoClient } from "./client.ts";
import { type TableDefinition, tableDefinitions } from "./tables.ts";

/**
 * Makes the tables that are not there, paid for by use, and resolves when all can be used. For engines on this machine and
 * for trying out; in AWS infra makes them, with backups and alarms.
 */
export async function createTables(client: DynamoClient, prefix: string): Promise<void> {
  await Promise.all(tableDefinitions.map((definition) => createTable(client, prefix, definition)));
}

async function createTable(client: DynamoClient, prefix: string, definition: TableDefinition): Promise<void> {
  const { partitionKey, sortKey, ttlAttribute, stream } = definition;
  const TableName = prefix + definition.name;
  const keys = [partitionKey, ...(sortKey ? [sortKey] : [])];
  try {
    await client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: keys.map(({ name, type }) => ({
          AttributeName: name,
          AttributeType: type as ScalarAttributeType,
        })),
        KeySchema: keys.map(({ name }, i) => ({ AttributeName: name, KeyType: i === 0 ? "HASH" : "RANGE" })),
        BillingMode: "PAY_PER_REQUEST",
        ...(stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } }),
      }),
    );
  } catch (error) {
    if ((error as Error).name !== "ResourceInUseException") throw error;
    return untilActive(client, TableName);
  }
  await untilActive(client, TableName);
  if (ttlAttribute)
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
      }),
    );
}

async function untilActive(client: DynamoClient, TableName: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { Table }: DescribeTableCommandOutput = await client.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === "ACTIVE") return;
    if (tries >= 120) throw new Error(`The table ${TableName} is ${Table?.TableStatus} for a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
