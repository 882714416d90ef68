import { limits } from "#contract/limits.ts";
import type { Amount, Json, Page, Table, TableItem } from "#contract/types.ts";
import { decodeItemKey, encodeItemKey, shownBytes, shownItem } from "#core/shown-item.ts";
import type { Row, Statements } from "./database.ts";
import { type TableSpec, tableSpecs } from "./table-list.ts";

/** Rows are counted up to this many, and measured by the first few: a few milliseconds for the largest table. */
const countedMax = 10_000;
const measuredRows = 100;

/** The tables of the schema, as far as a bounded time can tell. */
export const tableReads = {
  listTables(db: Statements): Table[] {
    return Object.entries(tableSpecs).map(([table, spec]) => {
      const { description, keys, indexes, trigger } = spec;
      return {
        table,
        description,
        kind: "sqlite",
        keys,
        indexes,
        state: "active",
        createdAt: null,
        ...(table === "entries" ? sizeOfLog(db) : sizeOf(db, table, spec)),
        stream: trigger === undefined ? null : { view: "new items", trigger },
        capacity: null,
        alarms: null,
        region: null,
        arn: null,
      };
    });
  },

  listTableItems(db: Statements, table: string, after: string | undefined, limit: number): Page<TableItem> | undefined {
    if (!Object.hasOwn(tableSpecs, table)) return undefined;
    const spec = tableSpecs[table]!;
    const names = spec.keys.map(({ name }) => name);
    const types = spec.keys.map(({ type }) => (type === "text" ? "text" : "number"));
    const values = after === undefined ? [] : decodeItemKey(after, types);
    const where = after === undefined ? "" : `WHERE (${names.join()}) > (${names.map(() => "?").join()})`;
    const sql = `SELECT ${columnsOf(spec)} FROM ${table} ${where} ORDER BY ${names.join()} LIMIT ?`;
    const items: TableItem[] = [];
    let bytes = 0;
    let last: Row | undefined;
    for (const row of db.iterate(sql, ...values, limit + 1)) {
      if (items.length === limit || bytes >= limits.tablePageBytesMax)
        return { items, next: encodeItemKey(names.map((name) => last![name] as string | number)) };
      items.push(itemOf(spec, row));
      bytes += Number(row.blob_bytes ?? 0);
      last = row;
    }
    return { items };
  },
};

/** Of a large value the beginning, and its length. */
function columnsOf({ columns, blob }: TableSpec): string {
  if (blob === undefined) return columns.join();
  const shown = columns.map((column) =>
    column === blob ? `substr(${blob}, 1, ${limits.tableTextCharactersMax}) AS ${blob}` : column,
  );
  return `${shown.join()}, length(${blob}) AS blob_bytes`;
}

function itemOf({ columns, blob, json }: TableSpec, row: Row): TableItem {
  const value = (column: string): unknown => {
    if (column === blob) return undefined;
    return column === json ? JSON.parse(String(row[column])) : row[column];
  };
  const item = shownItem(Object.fromEntries(columns.map((column) => [column, value(column)])));
  const large: Record<string, Json> =
    blob === undefined ? {} : { [blob]: shownBytes(row[blob] as Uint8Array, Number(row.blob_bytes)) };
  return { ...item, ...large };
}

/** The shards know what the log holds. What deleted topics leave is in there until it is gone. */
function sizeOfLog(db: Statements): { items: Amount; bytes: Amount } {
  const row = db.get("SELECT sum(tickets - first_ticket) AS items, sum(stored_bytes) AS bytes FROM shards")!;
  return {
    items: { value: Number(row.items), precision: "exact" },
    bytes: { value: Number(row.bytes), precision: "estimate" },
  };
}

function sizeOf(db: Statements, table: string, { columns }: TableSpec): { items: Amount; bytes: Amount } {
  const counted = Number(
    db.get(`SELECT count(*) AS items FROM (SELECT 1 FROM ${table} LIMIT ${countedMax + 1})`)!.items,
  );
  const lengths = columns.map((column) => `coalesce(length(${column}), 0)`).join(" + ");
  const { bytes } = db.get(`SELECT avg(${lengths}) AS bytes FROM (SELECT * FROM ${table} LIMIT ${measuredRows})`)!;
  const items = Math.min(counted, countedMax);
  const isAll = counted <= countedMax;
  return {
    items: { value: items, precision: isAll ? "exact" : "at-least" },
    bytes: { value: Math.round(items * Number(bytes ?? 0)), precision: isAll ? "estimate" : "at-least" },
  };
}
