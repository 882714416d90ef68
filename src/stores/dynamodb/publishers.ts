import type { PublisherRecord } from "#core/store.ts";
import { directoryKey, getRegistered, listRegistered, register, unregister } from "./directory.ts";
import { type Item, numberOf, textOf, textsOf } from "./items.ts";
import type { Requests } from "./requests.ts";
import { newToken } from "./token.ts";

/** A publisher's item: `n` name, `o` topics, `h` hash of the secret, `c` time of creation. */
export async function createPublisher(
  requests: Requests,
  record: PublisherRecord,
  publishersMax: number,
): Promise<void> {
  const { publisherId, name, topics, secretHash, createdAtMs } = record;
  const [p, s] = directoryKey("publishers", publisherId);
  const outcome = await register(requests, "publishers", publishersMax, newToken(requests.timing), {
    table: "Publishers",
    put: { p, s, n: name, o: topics, h: secretHash, c: createdAtMs },
    condition: { text: "attribute_not_exists(p)" },
  });
  if (outcome === "there") throw new Error(`There is a publisher "${publisherId}" already.`);
}

export async function getPublisher(requests: Requests, publisherId: string): Promise<PublisherRecord | undefined> {
  const item = await getRegistered(requests, "publishers", publisherId);
  return item && decodePublisher(item);
}

export async function listPublishers(
  requests: Requests,
  after: string | undefined,
  limit: number,
): Promise<PublisherRecord[]> {
  return (await listRegistered(requests, "publishers", after, limit)).map(decodePublisher);
}

export async function putPublisherTopics(
  requests: Requests,
  publisherId: string,
  topics: readonly string[],
): Promise<PublisherRecord | undefined> {
  const written = await requests.update(
    "Publishers",
    directoryKey("publishers", publisherId),
    { text: "SET o = :topics", values: { ":topics": topics } },
    { text: "attribute_exists(p)" },
  );
  return written.refused ? undefined : decodePublisher(written.item!);
}

export function deletePublisher(requests: Requests, publisherId: string): Promise<boolean> {
  return unregister(requests, "publishers", newToken(requests.timing), {
    table: "Publishers",
    delete: directoryKey("publishers", publisherId),
    condition: { text: "attribute_exists(p)" },
  });
}

function decodePublisher(item: Item): PublisherRecord {
  return {
    publisherId: textOf(item, "s"),
    name: textOf(item, "n"),
    topics: textsOf(item, "o"),
    secretHash: textOf(item, "h"),
    createdAtMs: numberOf(item, "c"),
  };
}
