import { BellwetherError } from "#contract/errors.ts";
import { hash32 } from "#core/shard.ts";
import { type Item, numberOf, textOf } from "./items.ts";
import type { Key, Requests, TransactWrite } from "./requests.ts";
import type { TableName } from "./tables.ts";

/** What is registered, by kind: each has its partitions in one table, and a counter. */
export type Kind = "topics" | "publishers" | "subscribers";

const tables: Readonly<Record<Kind, TableName>> = {
  topics: "Topics",
  publishers: "Publishers",
  subscribers: "Subscribers",
};

/** Partitions of a kind, by a hash of the name: none bears all reads and writes, and a list still asks few. */
const partitions = 8;
const pageItems = 50;
const pageItemsMax = 400;

export function directoryKey(kind: Kind, name: string): Key {
  return [`${kind}/${hash32(name) % partitions}`, name];
}

export function getRegistered(requests: Requests, kind: Kind, name: string): Promise<Item | undefined> {
  return requests.get(tables[kind], directoryKey(kind, name), true);
}

/** At most `limit` items whose names follow `after`, in byte order (names are ASCII), those that are wanted. */
export async function listRegistered(
  requests: Requests,
  kind: Kind,
  after: string | undefined,
  limit: number,
  isWanted: (item: Item) => boolean = () => true,
): Promise<Item[]> {
  const from = after === undefined ? undefined : `${after}\u0000`;
  const lists = await Promise.all(
    Array.from({ length: partitions }, (_, i) => startList(requests, tables[kind], `${kind}/${i}`, from, limit)),
  );
  const found: Item[] = [];
  while (found.length < limit) {
    const heads = lists.filter(({ items }) => items.length > 0);
    if (heads.length === 0) break;
    const least = heads.reduce((a, b) => (textOf(a.items[0]!, "s") < textOf(b.items[0]!, "s") ? a : b));
    const item = least.items.shift()!;
    if (least.items.length === 0) await least.refill(textOf(item, "s"));
    if (isWanted(item)) found.push(item);
  }
  return found;
}

interface PartitionList {
  items: Item[];
  refill(after: string): Promise<void>;
}

async function startList(
  requests: Requests,
  table: TableName,
  partition: string,
  from: string | undefined,
  limit: number,
): Promise<PartitionList> {
  let pageMax = Math.min(pageItemsMax, Math.ceil(limit / partitions) + Math.min(limit, pageItems));
  const read = (at: string | undefined) =>
    requests.query(table, partition, { limit: pageMax, consistent: true, ...(at !== undefined && { from: at }) });
  let page = await read(from);
  const list: PartitionList = {
    items: page.items,
    async refill(after) {
      while (page.more && list.items.length === 0) {
        pageMax = pageItemsMax;
        page = await read(`${after}\u0000`);
        list.items = page.items;
        if (page.items.length === 0) return;
      }
    },
  };
  return list;
}

/** The write that counts one more (or fewer) of a kind, within its limit. */
export function counting(kind: Kind, by: 1 | -1, max: number): Extract<TransactWrite, { key: unknown }> {
  return {
    table: "Topics",
    key: ["counts", kind],
    update: { text: "ADD n :by", values: { ":by": by } },
    condition: { text: "attribute_not_exists(n) OR n < :max", values: { ":max": max } },
  };
}

/** Puts one more of a kind, whole or not at all. "there" when its name is taken; throws `limit_reached`. */
export async function register(
  requests: Requests,
  kind: Kind,
  max: number,
  token: string,
  own: TransactWrite,
  others: readonly TransactWrite[] = [],
): Promise<"done" | "there"> {
  const refused = await requests.transact(token, [own, counting(kind, 1, max), ...others]);
  if (!refused) return "done";
  if (refused[0]) return "there";
  const item = await requests.get("Topics", ["counts", kind], true);
  const count = item ? numberOf(item, "n") : max;
  const message = `There are ${count} ${kind}, and the service is set to hold at most ${max}. Delete some, or raise the setting.`;
  throw new BellwetherError("limit_reached", message);
}

/** Takes one of a kind away. false when it is not there. */
export async function unregister(
  requests: Requests,
  kind: Kind,
  token: string,
  own: TransactWrite,
  others: readonly TransactWrite[] = [],
): Promise<boolean> {
  const refused = await requests.transact(token, [own, counting(kind, -1, Number.MAX_SAFE_INTEGER), ...others]);
  return refused === undefined;
}
