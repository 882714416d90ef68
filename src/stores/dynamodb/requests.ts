import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoClient } from "./client.ts";
import type { Consumption } from "./consumption.ts";
import { type Item, toAttribute, toItem, type Value } from "./items.ts";
import { unavailable, withRetries } from "./retries.ts";
import type { TableName } from "./tables.ts";
import type { Timing } from "./timing.ts";

/** An item's key: partition, and what sorts within it. */
export type Key = readonly [partition: string, sort: string | number];

/** An expression with its values by name (`:a`), and with names that are made up at run time (`#a`). */
export interface Expression {
  readonly text: string;
  readonly values?: Readonly<Record<string, Exclude<Value, undefined>>>;
  readonly names?: Readonly<Record<string, string>>;
}

/**
 * How a conditional write ended: `refused` with the item that refused it, if there was one. `wasUnsure`: a try before was not
 * answered, so that what refused it may be the write itself.
 */
export type Written =
  | { readonly item: Item | undefined; readonly refused?: undefined }
  | { readonly refused: true; readonly by: Item | undefined; readonly wasUnsure: boolean };

/** One write of a transaction. */
export type TransactWrite = { readonly table: TableName; readonly condition?: Expression } & (
  | { readonly put: Readonly<Record<string, Value>> }
  | { readonly update: Expression; readonly key: Key }
  | { readonly delete: Key }
);

export interface QueryOptions {
  readonly from?: string | number;
  readonly to?: string | number;
  readonly limit?: number;
  readonly consistent?: boolean;
}

/** What befell a log and is worth a measure: told as it happens. */
export interface LogEvents {
  /** A reader put a tombstone where a writer that took the ticket had not written. */
  gapFilled(): void;
  /** An append found a tombstone at its ticket, and takes another. */
  ticketRefused(): void;
}

export const noEvents: LogEvents = Object.freeze({ gapFilled() {}, ticketRefused() {} });

/** DynamoDB takes as many at once. */
const getsMax = 100;
const writesMax = 25;
/** How often a batch is asked again for what it left out. */
const roundsMax = 10;

/**
 * The requests that this store makes, each with retries, its conditions as outcomes rather than errors, and what it took
 * noted under the verb that asked.
 */
export class Requests {
  readonly timing: Timing;
  readonly events: LogEvents;
  readonly #client: DynamoClient;
  readonly #prefix: string;
  readonly #consumption: Consumption;
  readonly #verb: string;

  constructor(
    client: DynamoClient,
    prefix: string,
    consumption: Consumption,
    timing: Timing,
    events: LogEvents = noEvents,
    verb = "other",
  ) {
    this.events = events;
    this.#client = client;
    this.#prefix = prefix;
    this.#consumption = consumption;
    this.timing = timing;
    this.#verb = verb;
  }

  /** The same, with what it takes noted under this verb. */
  as(verb: string): Requests {
    return new Requests(this.#client, this.#prefix, this.#consumption, this.timing, this.events, verb);
  }

  async get(table: TableName, key: Key, consistent: boolean): Promise<Item | undefined> {
    const input = { ...this.#table(table), Key: keyOf(table, key), ConsistentRead: consistent };
    return (await this.#send("GetItem", () => new GetItemCommand(input))).Item;
  }

  put(table: TableName, values: Readonly<Record<string, Value>>, condition?: Expression): Promise<Written> {
    const input = { ...this.#table(table), Item: toItem(values), ...conditionOf(condition) };
    return this.#write("PutItem", () => new PutItemCommand(input));
  }

  /** Gives the item as it is after the update, or what refused it. */
  update(table: TableName, key: Key, update: Expression, condition?: Expression): Promise<Written> {
    const input = {
      ...this.#table(table),
      Key: keyOf(table, key),
      ...updateOf(update, condition),
      ReturnValues: "ALL_NEW" as const,
    };
    return this.#write("UpdateItem", () => new UpdateItemCommand(input));
  }

  /** Gives the item that was deleted, if there was one. */
  delete(table: TableName, key: Key, condition?: Expression): Promise<Written> {
    const input = {
      ...this.#table(table),
      Key: keyOf(table, key),
      ...conditionOf(condition),
      ReturnValues: "ALL_OLD" as const,
    };
    return this.#write("DeleteItem", () => new DeleteItemCommand(input));
  }

  /** One page of a partition in order: `more` when there may be items behind it. */
  async query(
    table: TableName,
    partition: string,
    options: QueryOptions = {},
  ): Promise<{ items: Item[]; more: boolean }> {
    const { from, to, limit, consistent = false } = options;
    const range = from === undefined ? "" : to === undefined ? " AND #s >= :from" : " AND #s BETWEEN :from AND :to";
    const input = {
      ...this.#table(table),
      KeyConditionExpression: `p = :p${range}`,
      ...(range !== "" && { ExpressionAttributeNames: { "#s": sortOf(table) } }),
      ExpressionAttributeValues: toItem({ ":p": partition, ":from": from, ":to": range === "" ? undefined : to }),
      ConsistentRead: consistent,
      ...(limit !== undefined && { Limit: limit }),
    };
    const output = await this.#send("Query", () => new QueryCommand(input));
    return { items: output.Items ?? [], more: output.LastEvaluatedKey !== undefined };
  }

  /** The items that are there, in any order. */
  async getAll(table: TableName, keys: readonly Key[], consistent: boolean): Promise<Item[]> {
    const items: Item[] = [];
    const batches = chunksOf(keys, getsMax).map(async (chunk) => {
      let left: Item[] = chunk.map((key) => keyOf(table, key));
      for (let round = 0; left.length > 0; round++) {
        if (round > 0) await this.#pause(round);
        const name = this.#prefix + table;
        const input = {
          RequestItems: { [name]: { Keys: left, ConsistentRead: consistent } },
          ReturnConsumedCapacity: "TOTAL" as const,
        };
        const output = await this.#send("BatchGetItem", () => new BatchGetItemCommand(input));
        items.push(...(output.Responses?.[name] ?? []));
        left = output.UnprocessedKeys?.[name]?.Keys ?? [];
      }
    });
    await Promise.all(batches);
    return items;
  }

  /** Deletes without a condition what may be there or not. */
  async deleteAll(table: TableName, keys: readonly Key[]): Promise<void> {
    for (const chunk of chunksOf(keys, writesMax)) {
      const name = this.#prefix + table;
      let left = chunk.map((key) => ({ DeleteRequest: { Key: keyOf(table, key) } }));
      for (let round = 0; left.length > 0; round++) {
        if (round > 0) await this.#pause(round);
        const input = { RequestItems: { [name]: left }, ReturnConsumedCapacity: "TOTAL" as const };
        const output = await this.#send("BatchWriteItem", () => new BatchWriteItemCommand(input));
        left = output.UnprocessedItems?.[name] ?? [];
      }
    }
  }

  /**
   * All of the writes or none. The token makes a second try of the same transaction none. Gives for each write whether its
   * condition was refused, or undefined when all was done.
   */
  async transact(token: string, writes: readonly TransactWrite[]): Promise<boolean[] | undefined> {
    const input = {
      ClientRequestToken: token,
      TransactItems: writes.map((write) => this.#transactItem(write)),
      ReturnConsumedCapacity: "TOTAL" as const,
    };
    try {
      await this.#send("TransactWriteItems", () => new TransactWriteItemsCommand(input));
      return undefined;
    } catch (error) {
      const { name, CancellationReasons } = error as { name?: string; CancellationReasons?: { Code?: string }[] };
      if (name !== "TransactionCanceledException" || !CancellationReasons) throw error;
      this.#consumption.refusedWrites += 1;
      const refused = CancellationReasons.map(({ Code }) => Code === "ConditionalCheckFailed");
      if (!refused.some(Boolean)) throw error;
      return refused;
    }
  }

  #transactItem(write: TransactWrite): object {
    const { table, condition } = write;
    const TableName = this.#prefix + table;
    if ("put" in write) return { Put: { TableName, Item: toItem(write.put), ...plainConditionOf(condition) } };
    if ("delete" in write)
      return { Delete: { TableName, Key: keyOf(table, write.delete), ...plainConditionOf(condition) } };
    return { Update: { TableName, Key: keyOf(table, write.key), ...updateExpressionsOf(write.update, condition) } };
  }

  /** Any other request that only reads, for those few that nobody makes often. */
  ask<Output>(operation: string, table: TableName, commandOf: (tableName: string) => object): Promise<Output> {
    return this.#send(operation, () => commandOf(this.#prefix + table));
  }

  async #write(operation: string, command: () => object): Promise<Written> {
    let tries = 0;
    try {
      const { Attributes } = await this.#send(operation, () => {
        tries += 1;
        return command();
      });
      return { item: Attributes };
    } catch (error) {
      const { name, Item } = error as { name?: string; Item?: Item };
      if (name !== "ConditionalCheckFailedException") throw error;
      this.#consumption.refusedWrites += 1;
      return { refused: true, by: Item, wasUnsure: tries > 1 };
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: each command has its own output
  #send(operation: string, command: () => object): Promise<any> {
    return withRetries(this.timing, async () => {
      const output = await this.#client.send(command());
      const consumed = output.ConsumedCapacity;
      this.#consumption.add(this.#verb, operation, Array.isArray(consumed) ? consumed : consumed ? [consumed] : []);
      return output;
    });
  }

  async #pause(round: number): Promise<void> {
    if (round >= roundsMax) throw unavailable(new Error("Parts of a batch were left out again and again."));
    await this.timing.sleep(this.timing.random() * Math.min(1_000, 25 * 2 ** round));
  }

  #table(table: TableName): { TableName: string; ReturnConsumedCapacity: "TOTAL" } {
    return { TableName: this.#prefix + table, ReturnConsumedCapacity: "TOTAL" };
  }
}

/** The name of a table's sort key. */
export function sortOf(table: TableName): "s" | "t" {
  return table === "Messages" ? "t" : "s";
}

function keyOf(table: TableName, [partition, sort]: Key): Item {
  return { p: toAttribute(partition), [sortOf(table)]: toAttribute(sort) };
}

function conditionOf(condition: Expression | undefined): object {
  return condition ? { ...plainConditionOf(condition), ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const } : {};
}

function plainConditionOf(condition: Expression | undefined): object {
  if (!condition) return {};
  return { ConditionExpression: condition.text, ...placeholders([condition]) };
}

function updateOf(update: Expression, condition: Expression | undefined) {
  return {
    ...updateExpressionsOf(update, condition),
    ...(condition && { ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const }),
  };
}

function updateExpressionsOf(update: Expression, condition: Expression | undefined) {
  return {
    UpdateExpression: update.text,
    ...(condition && { ConditionExpression: condition.text }),
    ...placeholders(condition ? [update, condition] : [update]),
  };
}

function placeholders(expressions: readonly Expression[]): object {
  const values = toItem(Object.assign({}, ...expressions.map((each) => each.values)));
  const names = Object.assign({}, ...expressions.map((each) => each.names));
  return {
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
  };
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
