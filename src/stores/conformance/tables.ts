import assert from "node:assert/strict";
import type { TableItem } from "#contract/types.ts";
import type { Store, SummaryKey } from "#core/store.ts";
import type { Check } from "./check.ts";
import {
  append,
  logOfTen,
  publisherRecord,
  rejects,
  save,
  secretHash,
  subscriberRecord,
  summaryRecord,
  t0,
  tokenRecord,
} from "./fixtures.ts";

export function tablesTests(check: Check): void {
  /** What can be seen of everything, a few items at a time. */
  const everything = async (store: Store, limit: number): Promise<Map<string, TableItem[]>> => {
    const found = new Map<string, TableItem[]>();
    for (const { table } of await store.listTables()) {
      const items: TableItem[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await store.listTableItems(table, after, limit);
        assert.ok(page && page.items.length <= limit);
        items.push(...page.items);
        after = page.next;
        more = after !== undefined;
      }
      found.set(table, items);
    }
    return found;
  };

  const fill = async (store: Store): Promise<void> => {
    const topic = await logOfTen(store);
    const key: SummaryKey = { scope: "overall", level: 0, startMs: t0 };
    await save(store, { puts: [summaryRecord(key, 1)], setMarks: [{ ...key, stamp: "s" }] });
    for (const id of ["p1", "p2", "p3"]) await store.createPublisher(publisherRecord(id), 10);
    for (const id of ["s1", "s2"]) await store.createSubscriber(subscriberRecord(id), 10);
    await store.putStreamToken(tokenRecord("t1"));
    const idempotency = { recordKey: "r1", fingerprint: "f", expiresAtMs: t0 + 1_000 };
    await append(store, topic, [`long ${"x".repeat(5_000)}`], { idempotency });
  };

  check("are listed, and their items come in pages, each once", async (store) => {
    await fill(store);
    const whole = await everything(store, 100);
    for (const limit of [1, 3]) assert.deepEqual(await everything(store, limit), whole);
    for (const { table, items } of await store.listTables()) {
      const seen = whole.get(table)!.length;
      if (items?.precision === "exact") assert.equal(items.value, seen, table);
      if (items?.precision === "at-least") assert.ok(items.value <= seen, table);
    }
    const all = JSON.stringify([...whole]);
    for (const text of ["news", "Name of p2", "s2", "t1", "r1", "9b"]) assert.ok(all.includes(text), text);
  });

  check("show no secret's hash, and of long values the beginning", async (store) => {
    await fill(store);
    const all = JSON.stringify([...(await everything(store, 100))]);
    assert.ok(!all.includes(secretHash));
    assert.ok(all.includes("(hidden)"));
    assert.ok(all.includes("long xxx") && !all.includes("x".repeat(2_000)));
  });

  check("that are not there, and positions that were not given, are told apart", async (store) => {
    assert.equal(await store.listTableItems("no-such-table", undefined, 10), undefined);
    assert.equal(await store.listTableItems("constructor", undefined, 10), undefined);
    const [{ table } = { table: "" }] = await store.listTables();
    for (const after of ["x", "W10", "bnVsbA", Buffer.from('[{"a":1}]').toString("base64url")])
      await rejects(store.listTableItems(table, after, 10), "invalid_request");
  });
}
