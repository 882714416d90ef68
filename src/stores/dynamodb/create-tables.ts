import {
  CreateTableCommand,
  DescribeTableCommand,
  type DescribeTableCommandOutput,
  DescribeTimeToLiveCommand,
  type DescribeTimeToLiveCommandOutput,
  type ScalarAttributeType,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoClient } from "./client.ts";
import { type TableDefinition, tableDefinitions } from "./tables.ts";

/**
 * Makes the tables that are not there, paid for by use, and resolves when all can be used; without backups
 * and alarms, which are its owner's to choose.
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
  }
  await untilActive(client, TableName);
  if (ttlAttribute) await enableTimeToLive(client, TableName, ttlAttribute);
}

/** Also for a table that was there: whoever made it may have ended before this. */
async function enableTimeToLive(client: DynamoClient, TableName: string, AttributeName: string): Promise<void> {
  const described: DescribeTimeToLiveCommandOutput = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  if (/^ENABL(ED|ING)$/.test(described.TimeToLiveDescription?.TimeToLiveStatus ?? "")) return;
  const TimeToLiveSpecification = { AttributeName, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification })).catch((error) => {
    // Another node was faster.
    if (!/already enabled/i.test(String(error?.message))) throw error;
  });
}

async function untilActive(client: DynamoClient, TableName: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { Table }: DescribeTableCommandOutput = await client.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === "ACTIVE") return;
    if (tries >= 120) throw new Error(`The table ${TableName} is ${Table?.TableStatus} for a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
