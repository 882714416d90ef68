import { CfnOutput, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, StreamViewType, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { type KeyDefinition, type TableDefinition, tableDefinitions } from "../src/stores/dynamodb/tables.ts";

/** The store's tables by the name that it gives them, each paid for by use, restorable to any second of 35 days, and kept when the stack goes. */
export function createTables(scope: Construct, prefix: string): ReadonlyMap<string, TableV2> {
  return new Map(tableDefinitions.map((definition) => [definition.name, createTable(scope, prefix, definition)]));
}

function createTable(scope: Construct, prefix: string, definition: TableDefinition): TableV2 {
  const { name, partitionKey, sortKey, ttlAttribute, stream } = definition;
  const table = new TableV2(scope, `Table${pascalCase(name)}`, {
    tableName: prefix + name,
    partitionKey: attribute(partitionKey),
    ...(sortKey && { sortKey: attribute(sortKey) }),
    ...(ttlAttribute && { timeToLiveAttribute: ttlAttribute }),
    ...(stream && { dynamoStream: StreamViewType[stream] }),
    billing: Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(scope, `TableName${pascalCase(name)}`, { value: table.tableName });
  return table;
}

function attribute({ name, type }: KeyDefinition): { name: string; type: AttributeType } {
  return { name, type: { S: AttributeType.STRING, N: AttributeType.NUMBER, B: AttributeType.BINARY }[type] };
}

/** `term-work` becomes `TermWork`. */
export function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}
