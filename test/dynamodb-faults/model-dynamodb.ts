import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { holds, type Item, type Placeholders, updated } from "./expressions.ts";

/** A command of the SDK as data. */
export interface Request {
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own input
  readonly input: any;
}

/** A version of an item: from when on it was so. */
interface Version {
  readonly atMs: number;
  readonly item: Item | undefined;
}

const pageItemsMax = 1_000;
const pageBytesMax = 1_048_576;

/** Raised as the SDK raises it. */
export class ModelError extends Error {
  readonly Item: Item | undefined;
  readonly CancellationReasons: { Code: string }[] | undefined;
  readonly $metadata: { httpStatusCode: number };

  constructor(
    name: string,
    details: { Item?: Item | undefined; reasons?: { Code: string }[]; statusCode?: number } = {},
  ) {
    super(name);
    this.name = name;
    this.Item = details.Item;
    this.CancellationReasons = details.reasons;
    this.$metadata = { httpStatusCode: details.statusCode ?? 400 };
  }
}

/**
 * The operations of DynamoDB that the store uses, in memory and each at one moment. It remembers what items were before, so
 * that an eventually consistent read can be of a moment ago. `model-dynamodb.test.ts` holds it to a real engine.
 */
export class ModelDynamoDb {
  readonly #tables = new Map<string, Map<string, Map<string, Version[]>>>();
  readonly #tokens = new Set<string>();
  #nowMs = 0;

  /** Runs a request at a time. `lagMs`: how old what an eventually consistent read gives is. */
  run({ operation, input }: Request, nowMs: number, lagMs = 0): object {
    this.#nowMs = nowMs;
    const atMs = (consistent: unknown): number => (consistent ? nowMs : nowMs - lagMs);
    switch (operation) {
      case "GetItem":
        return { Item: this.#read(input.TableName, input.Key, atMs(input.ConsistentRead)) };
      case "PutItem":
        this.#check(input, input.Item);
        this.#write(input.TableName, input.Item, input.Item);
        return {};
      case "UpdateItem": {
        this.#check(input, input.Key);
        const before = this.#read(input.TableName, input.Key, nowMs);
        const after = updated(input.UpdateExpression, before, input.Key, input);
        this.#write(input.TableName, after, after);
        return { Attributes: after };
      }
      case "DeleteItem": {
        this.#check(input, input.Key);
        const before = this.#read(input.TableName, input.Key, nowMs);
        this.#write(input.TableName, input.Key, undefined);
        return { Attributes: before };
      }
      case "Query":
        return this.#query(input, atMs(input.ConsistentRead));
      case "BatchGetItem": {
        const [[table, { Keys, ConsistentRead }]] = Object.entries(input.RequestItems) as [
          [string, { Keys: Item[]; ConsistentRead?: boolean }],
        ];
        const items = Keys.map((key) => this.#read(table, key, atMs(ConsistentRead))).filter(isThere);
        return { Responses: { [table]: items }, UnprocessedKeys: {} };
      }
      case "BatchWriteItem": {
        const [[table, writes]] = Object.entries(input.RequestItems) as [[string, { DeleteRequest: { Key: Item } }[]]];
        for (const { DeleteRequest } of writes) this.#write(table, DeleteRequest.Key, undefined);
        return { UnprocessedItems: {} };
      }
      case "TransactWriteItems":
        return this.#transact(input);
      default:
        throw new Error(`The model has no ${operation}.`);
    }
  }

  /** The items of a table as they are now. */
  items(table: string): Item[] {
    return [...(this.#tables.get(table)?.values() ?? [])].flatMap((partition) =>
      [...partition.values()].map((versions) => versions.at(-1)!.item).filter(isThere),
    );
  }

  /** Changes what is stored from outside. */
  set(table: string, item: Item): void {
    this.#write(table, item, item);
  }

  /** What DynamoDB deletes by itself some time after an item's time is over; `isDue` says which it does now. */
  deleteExpired(attribute: string, nowMs: number, isDue: () => boolean): number {
    this.#nowMs = nowMs;
    let deleted = 0;
    for (const table of this.#tables.keys()) {
      for (const item of this.items(table)) {
        if (!item[attribute] || Number(item[attribute].N) * 1000 > nowMs || !isDue()) continue;
        this.#write(table, item, undefined);
        deleted += 1;
      }
    }
    return deleted;
  }

  #transact(input: { ClientRequestToken: string; TransactItems: readonly Record<string, object>[] }): object {
    if (this.#tokens.has(input.ClientRequestToken)) return {};
    const writes = input.TransactItems.map(
      (write) => Object.entries(write)[0] as [string, Placeholders & Record<string, never>],
    );
    const reasons = writes.map(([, write]) => {
      const { TableName, Key, Item: put, ConditionExpression } = write as unknown as Record<string, never>;
      return {
        Code: holds(ConditionExpression, this.#read(TableName!, Key ?? put!, this.#nowMs), write)
          ? "None"
          : "ConditionalCheckFailed",
      };
    });
    if (reasons.some(({ Code }) => Code !== "None")) throw new ModelError("TransactionCanceledException", { reasons });
    this.#tokens.add(input.ClientRequestToken);
    for (const [operation, write] of writes) {
      const { ConditionExpression: _, ReturnValuesOnConditionCheckFailure: __, ...unconditional } = write;
      this.run({ operation: `${operation}Item`, input: unconditional }, this.#nowMs);
    }
    return {};
  }

  #check(input: Placeholders & { TableName: string; ConditionExpression?: string }, key: Item): void {
    const item = this.#read(input.TableName, key, this.#nowMs);
    if (!holds(input.ConditionExpression, item, input))
      throw new ModelError("ConditionalCheckFailedException", { Item: item });
  }

  #query(input: Placeholders & Record<string, never>, atMs: number): object {
    const {
      TableName,
      KeyConditionExpression,
      Limit = pageItemsMax,
    } = input as unknown as {
      TableName: string;
      KeyConditionExpression: string;
      Limit?: number;
    };
    const values = input.ExpressionAttributeValues!;
    const { ":p": p, ":from": from, ":to": to } = values as Record<string, AttributeValue | undefined>;
    if (!/^p = :p( AND #s (>= :from|BETWEEN :from AND :to))?$/.test(KeyConditionExpression))
      throw new Error(`The model does not know ${KeyConditionExpression}`);
    const partition = this.#tables.get(TableName)?.get(p!.S!) ?? new Map<string, Version[]>();
    const sorted = [...partition.values()]
      .map((versions) => versionAt(versions, atMs))
      .filter(isThere)
      .filter((item) => (!from || compareSorts(item, from) >= 0) && (!to || compareSorts(item, to) <= 0))
      .sort((a, b) => compareSorts(a, sortOf(b)));
    const page: Item[] = [];
    let bytes = 0;
    for (const item of sorted) {
      if (page.length >= Limit || bytes >= pageBytesMax) return { Items: page, LastEvaluatedKey: keyOf(page.at(-1)!) };
      page.push(item);
      bytes += sizeOf(item);
    }
    // As DynamoDB: a page that ends at its limit says that there may be more.
    return { Items: page, ...(page.length >= Limit && page.length > 0 && { LastEvaluatedKey: keyOf(page.at(-1)!) }) };
  }

  #read(table: string, key: Item, atMs: number): Item | undefined {
    const versions = this.#tables.get(table)?.get(key.p!.S!)?.get(sortText(key));
    return versions && versionAt(versions, atMs);
  }

  #write(table: string, key: Item, item: Item | undefined): void {
    const partitions = this.#tables.get(table) ?? new Map<string, Map<string, Version[]>>();
    this.#tables.set(table, partitions);
    const partition = partitions.get(key.p!.S!) ?? new Map<string, Version[]>();
    partitions.set(key.p!.S!, partition);
    const versions = partition.get(sortText(key)) ?? [];
    // What was written later than the clock says now cannot be: the model's time goes forward only.
    partition.set(sortText(key), [...versions.slice(-20), { atMs: this.#nowMs, item }]);
  }
}

function isThere(item: Item | undefined): item is Item {
  return item !== undefined;
}

function versionAt(versions: readonly Version[], atMs: number): Item | undefined {
  return versions.findLast((version) => version.atMs <= atMs)?.item;
}

function sortOf(item: Item): AttributeValue {
  return (item.s ?? item.t)!;
}

function sortText(item: Item): string {
  // Items of Topics and the like have `s`, entries have `t`; a counter has both, and `s` is its key.
  return item.s?.S ?? String(item.t!.N);
}

function compareSorts(item: Item, with_: AttributeValue): number {
  const sort = sortOf(item);
  if (with_.N !== undefined) return Number(sort.N) - Number(with_.N);
  return Buffer.compare(Buffer.from(sort.S!), Buffer.from(with_.S!));
}

function keyOf(item: Item): Item {
  return item.s ? { p: item.p!, s: item.s } : { p: item.p!, t: item.t! };
}

function sizeOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + name.length + (value.B?.length ?? value.S?.length ?? 8),
    0,
  );
}
