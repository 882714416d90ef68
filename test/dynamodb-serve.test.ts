import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Table } from "#contract/types.ts";
import { type LocalService, startLocalService } from "#hosts/local/service.main.ts";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";

/* Two nodes over the same tables are one service: what is done at one is seen at the other. */

const engine = await startEngine();
const environment = { AWS_ENDPOINT_URL_DYNAMODB: engine.url };
const flags = {
  port: "0",
  store: "dynamodb",
  tablePrefix: `serve-${process.pid}-${Date.now()}-`,
  createTables: "true",
  logLevel: "silent",
};
const nodes: LocalService[] = [];
after(async () => {
  for (const node of nodes) await node.close();
  await engine.close();
});

async function start(): Promise<(path: string, init?: RequestInit & { json?: object }) => Promise<Response>> {
  const node = await startLocalService(flags, environment);
  nodes.push(node);
  return (path, { json, ...init } = {}) =>
    fetch(node.url + path, {
      ...init,
      ...(json && {
        method: "POST",
        body: JSON.stringify(json),
        headers: { "content-type": "application/json", ...(init.headers as Record<string, string>) },
      }),
    });
}

test("two nodes are one service", { skip: engine.missing, timeout: 60_000 }, async () => {
  const [a, b] = [await start(), await start()];
  const publisher = await (await a("/v1/publishers", { json: { name: "me", topics: ["news"] } })).json();
  const subscriber = await (await b("/v1/subscribers", { json: { topics: ["news"], from: "earliest" } })).json();
  const asPublisher = { authorization: `Bearer ${publisher.token}` };
  const asSubscriber = { headers: { authorization: `Bearer ${subscriber.token}` } };
  const path = `/v1/subscribers/${subscriber.subscriberId}/messages`;

  // One who waits at a node hears of what is published at the other.
  const waiting = b(`${path}?wait=20`, asSubscriber);
  const published = await a("/v1/topics/news/messages", { json: { body: "apple" }, headers: asPublisher });
  assert.equal(published.status, 201);
  const page = await (await waiting).json();
  assert.deepEqual(
    page.messages.map(({ body }: { body: string }) => body),
    ["apple"],
  );

  // Twins at two nodes make one copy, and get one answer.
  const twin = { json: { body: "pear" }, headers: { ...asPublisher, "idempotency-key": "k" } };
  const answers = await Promise.all(
    [a, b, a, b].map(async (node) => (await node("/v1/topics/news/messages", twin)).json()),
  );
  for (const answer of answers) assert.deepEqual(answer, answers[0]);

  const all = await (await a(`${path}?after=${page.cursor}&commit=true`, asSubscriber)).json();
  assert.equal(all.messages.length, 1);
  const { cursor } = await (await b(`/v1/subscribers/${subscriber.subscriberId}`, asSubscriber)).json();
  assert.equal(cursor, page.cursor, "committed at one, seen at the other");

  // Both messages are counted once, whichever node counts them.
  for (;;) {
    const terms = await (await b("/v1/popular-terms?topic=news")).json();
    if (terms.messages < 2) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    assert.deepEqual(
      terms.terms.map(({ term, count }: { term: string; count: number }) => [term, count]),
      [
        ["apple", 1],
        ["pear", 1],
      ],
    );
    break;
  }

  // What either took is told by it, its background thread's part included.
  const capacityOf = async (node: typeof a): Promise<Record<string, Table["capacity"]>> => {
    const { items } = (await (await node("/v1/tables")).json()) as { items: Table[] };
    return Object.fromEntries(items.map(({ table, capacity }) => [table, capacity]));
  };
  const capacities = [await capacityOf(a), await capacityOf(b)];
  const written = (table: string): number => capacities.reduce((sum, each) => sum + each[table]!.writeUnits, 0);
  for (const { Topics } of capacities) assert.ok(Date.parse(Topics!.since) <= Date.now() && Topics!.readUnits > 0);
  assert.ok(written("Messages") > 0, "one of them wrote each message");
  assert.ok(written("WordCount") > 0, "the background of one of them counted");
});

test("tables that are not there are said to be missing", { skip: engine.missing }, async () => {
  const missing = { ...flags, tablePrefix: "none-", createTables: "false" };
  await assert.rejects(startLocalService(missing, environment), /no DynamoDB table none-Topics.*CREATE_TABLES/);
});
