import type { Page, Table, TableItem, TableKey } from "#contract/types.ts";
import { decodeItemKey, encodeItemKey, shownItem } from "#core/shown-item.ts";

/** One of the store's maps, for people to look at. */
export interface MemoryTable {
  readonly description: string;
  /** What its keys are made of, in their order. */
  readonly keys: readonly TableKey[];
  /** Each item with the values of its key, in any order. */
  items(): Iterable<readonly [key: readonly (string | number)[], record: object]>;
  readonly trigger?: string;
}

/** What is known of a map. Its size in bytes is not: that is V8's. */
export function describeMemoryTable(table: string, { description, keys, items, trigger }: MemoryTable): Table {
  return {
    table,
    description,
    kind: "memory",
    keys,
    indexes: [],
    state: "active",
    createdAt: null,
    items: { value: [...items()].length, precision: "exact" },
    bytes: null,
    stream: trigger === undefined ? null : { view: "new items", trigger },
    capacity: null,
    alarms: null,
    region: null,
    arn: null,
  };
}

export function pageOfMemoryTable(
  { keys, items }: MemoryTable,
  after: string | undefined,
  limit: number,
): Page<TableItem> {
  const types = keys.map(({ type }) => (type === "text" ? "text" : "number"));
  const afterKey = after === undefined ? undefined : decodeItemKey(after, types);
  const behind = [...items()]
    .filter(([key]) => afterKey === undefined || compareKeys(key, afterKey) > 0)
    .sort(([a], [b]) => compareKeys(a, b));
  const page = behind.slice(0, limit).map(([, record]) => shownItem(record));
  return behind.length > limit ? { items: page, next: encodeItemKey(behind[limit - 1]![0]) } : { items: page };
}

function compareKeys(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [i, value] of a.entries()) {
    if (value < b[i]!) return -1;
    if (value > b[i]!) return 1;
  }
  return 0;
}
