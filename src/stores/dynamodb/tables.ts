/** A key attribute, and whether it is a string, number or binary. */
export interface KeyDefinition {
  readonly name: string;
  readonly type: "S" | "N" | "B";
}

/** A table as data: whoever makes tables makes them so. */
export interface TableDefinition {
  /** What follows the prefix. */
  readonly name: TableName;
  readonly partitionKey: KeyDefinition;
  readonly sortKey?: KeyDefinition;
  /** When an item may go, in seconds since 1970. */
  readonly ttlAttribute?: string;
  /** Its changes wake countTerms. */
  readonly stream?: "KEYS_ONLY" | "NEW_IMAGE";
}

export type TableName = "Topics" | "Publishers" | "Subscribers" | "Messages" | "WordCount";

const partition: KeyDefinition = { name: "p", type: "S" };
const text: KeyDefinition = { name: "s", type: "S" };
const number: KeyDefinition = { name: "t", type: "N" };

/**
 * All tables. What their items are stands with the code that writes them; names of attributes are short, as they are paid
 * for with every item. `docs/decisions/0014-dynamodb-store.md` says why these tables and keys.
 */
export const tableDefinitions: readonly TableDefinition[] = Object.freeze([
  // Topics, the counters of their shards, the list of shards to look at for counting, what deleted topics left.
  { name: "Topics", partitionKey: partition, sortKey: text, ttlAttribute: "x" },
  // Publishers, and the records of their Idempotency-Keys.
  { name: "Publishers", partitionKey: partition, sortKey: text, ttlAttribute: "x" },
  // Subscribers with their cursors, by topic too, and stream tokens.
  { name: "Subscribers", partitionKey: partition, sortKey: text, ttlAttribute: "x" },
  // The log: an item is an entry, a partition a segment of a shard.
  { name: "Messages", partitionKey: partition, sortKey: number, ttlAttribute: "x", stream: "KEYS_ONLY" },
  // Summaries of terms, and the marks of what is to be rolled up.
  { name: "WordCount", partitionKey: partition, sortKey: text, ttlAttribute: "x" },
]);
