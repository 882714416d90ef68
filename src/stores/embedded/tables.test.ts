import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { upgradeSchema } from "./schema.ts";
import { tableSpecs } from "./table-list.ts";

test("the list of tables is the schema: every table with its columns, key and indexes", () => {
  const database = new DatabaseSync(":memory:");
  upgradeSchema(database);
  const rows = (sql: string, ...values: string[]): Record<string, unknown>[] =>
    database.prepare(sql).all(...values) as Record<string, unknown>[];
  const tables = rows("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name));
  assert.deepEqual(tables.toSorted(), Object.keys(tableSpecs).toSorted());
  for (const [table, spec] of Object.entries(tableSpecs)) {
    const columns = rows("SELECT name, pk FROM pragma_table_info(?)", table);
    assert.deepEqual(
      columns.map(({ name }) => name),
      [...spec.columns],
    );
    const keys = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
    assert.deepEqual(
      keys.map(({ name }) => name),
      spec.keys.map(({ name }) => name),
    );
    const indexes = rows(
      "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql NOT NULL",
      table,
    );
    assert.deepEqual(
      indexes.map(({ name }) => name),
      spec.indexes.map(({ name }) => name),
    );
    for (const { name, keys, where } of spec.indexes) {
      const { sql } = indexes.find((each) => each.name === name)!;
      assert.ok(String(sql).includes(`(${keys.map((key) => key.name).join(", ")})${where ? ` WHERE ${where}` : ""}`));
    }
  }
});

test("a page of items is found by its key, whatever the table holds", () => {
  const database = new DatabaseSync(":memory:");
  upgradeSchema(database);
  for (const [table, { keys }] of Object.entries(tableSpecs)) {
    const names = keys.map(({ name }) => name).join();
    const marks = keys.map(() => "?").join();
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE (${names}) > (${marks}) ORDER BY ${names} LIMIT 5`)
      .all(...keys.map(() => 0));
    const text = plan.map(({ detail }) => detail).join();
    assert.match(text, /^SEARCH/, table);
    assert.doesNotMatch(text, /TEMP B-TREE/, table);
  }
});
