import { BellwetherError } from "#contract/errors.ts";
import { type Cursor, decodeCursor, encodeCursor, mergeCursors } from "#core/cursor.ts";
import type { StreamTokenRecord, SubscriberRecord } from "#core/store.ts";
import { directoryKey, getRegistered, listRegistered, register, unregister } from "./directory.ts";
import { type Item, numberOf, textOf, textsOf } from "./items.ts";
import type { Key, Requests, TransactWrite } from "./requests.ts";
import { unavailable } from "./retries.ts";
import { newToken } from "./token.ts";

/*
 * A subscriber's item: `n` name, `o` topics, `h` hash of the secret, `c` time of creation, `k` cursor, `a` last activity,
 * `v` version of the cursor, `w` who wrote that version. For each of its topics an item `topic#<name>` says that it reads it.
 */

/** Commits of one subscriber at once that may go before this one. */
const triesMax = 60;

export async function createSubscriber(
  requests: Requests,
  record: SubscriberRecord,
  subscribersMax: number,
): Promise<void> {
  const { subscriberId, name, topics, secretHash, createdAtMs, cursor, lastActiveAtMs } = record;
  const [p, s] = directoryKey("subscribers", subscriberId);
  const outcome = await register(
    requests,
    "subscribers",
    subscribersMax,
    newToken(requests.timing),
    {
      table: "Subscribers",
      put: {
        p,
        s,
        n: name,
        o: topics,
        h: secretHash,
        c: createdAtMs,
        k: encodeCursor(cursor),
        a: lastActiveAtMs,
        v: 0,
      },
      condition: { text: "attribute_not_exists(p)" },
    },
    topics.map((topic): TransactWrite => {
      const [partition, sort] = readerKey(topic, subscriberId);
      return { table: "Subscribers", put: { p: partition, s: sort } };
    }),
  );
  if (outcome === "there") throw new Error(`There is a subscriber "${subscriberId}" already.`);
}

export async function getSubscriber(requests: Requests, subscriberId: string): Promise<SubscriberRecord | undefined> {
  const item = await getRegistered(requests, "subscribers", subscriberId);
  return item && decodeSubscriber(item);
}

export async function listSubscribers(
  requests: Requests,
  after: string | undefined,
  limit: number,
  topic?: string,
): Promise<SubscriberRecord[]> {
  if (topic === undefined) return (await listRegistered(requests, "subscribers", after, limit)).map(decodeSubscriber);
  const from = after === undefined ? {} : { from: `${after}\u0000` };
  const { items } = await requests.query("Subscribers", readerKey(topic, "")[0], { ...from, limit, consistent: true });
  const keys = items.map((item) => directoryKey("subscribers", textOf(item, "s")));
  const found = await requests.getAll("Subscribers", keys, true);
  return found.map(decodeSubscriber).sort((a, b) => (a.subscriberId < b.subscriberId ? -1 : 1));
}

export async function deleteSubscriber(requests: Requests, subscriberId: string): Promise<boolean> {
  const record = await getSubscriber(requests, subscriberId);
  if (!record) return false;
  return unregister(
    requests,
    "subscribers",
    newToken(requests.timing),
    {
      table: "Subscribers",
      delete: directoryKey("subscribers", subscriberId),
      condition: { text: "attribute_exists(p)" },
    },
    record.topics.map((topic) => ({ table: "Subscribers", delete: readerKey(topic, subscriberId) })),
  );
}

/** Throws `cursor_superseded` when the subscriber was sought since. */
export function commitCursor(
  requests: Requests,
  subscriberId: string,
  cursor: Cursor,
  nowMs: number,
): Promise<Cursor | undefined> {
  return changeCursor(requests, subscriberId, nowMs, (stored) => {
    if (stored.generation !== cursor.generation) throw cursorSuperseded();
    return mergeCursors(stored, cursor);
  });
}

export function seekSubscriber(
  requests: Requests,
  subscriberId: string,
  topics: Cursor["topics"],
): Promise<Cursor | undefined> {
  return changeCursor(requests, subscriberId, undefined, ({ generation }) => ({ generation: generation + 1, topics }));
}

/** Reads the cursor, changes it, and writes it if nobody else did meanwhile; else again from what they wrote. */
async function changeCursor(
  requests: Requests,
  subscriberId: string,
  activeAtMs: number | undefined,
  change: (stored: Cursor) => Cursor,
): Promise<Cursor | undefined> {
  const key = directoryKey("subscribers", subscriberId);
  const writer = newToken(requests.timing);
  let item = await requests.get("Subscribers", key, true);
  for (let tries = 0; tries < triesMax; tries++) {
    if (!item) return undefined;
    const cursor = change(decodeCursor(textOf(item, "k")));
    const written = await requests.update(
      "Subscribers",
      key,
      {
        text: `SET k = :k, v = v + :one, w = :w${activeAtMs === undefined ? "" : ", a = :a"}`,
        values: {
          ":k": encodeCursor(cursor),
          ":one": 1,
          ":w": writer,
          ...(activeAtMs !== undefined && { ":a": activeAtMs }),
        },
      },
      { text: "v = :v", values: { ":v": numberOf(item, "v") } },
    );
    if (!written.refused) return cursor;
    // Refused by an earlier try of this very write that was not answered.
    if (written.by && textOf(written.by, "w") === writer) return cursor;
    item = written.by;
  }
  throw unavailable(new Error("The cursor is written by others again and again."));
}

export async function touchSubscriber(requests: Requests, subscriberId: string, nowMs: number): Promise<void> {
  await requests.update(
    "Subscribers",
    directoryKey("subscribers", subscriberId),
    { text: "SET a = :a", values: { ":a": nowMs } },
    { text: "attribute_exists(p)" },
  );
}

/** A stream token's item: `h` hash of the secret, `i` subscriber, `c` time of creation, `u` until when it opens streams. */
export async function putStreamToken(requests: Requests, record: StreamTokenRecord): Promise<void> {
  const [p, s] = tokenKey(record.id);
  const { secretHash, subscriberId, createdAtMs, usableUntilMs } = record;
  const x = Math.ceil(usableUntilMs / 1000) + 3_600;
  await requests.put("Subscribers", { p, s, h: secretHash, i: subscriberId, c: createdAtMs, u: usableUntilMs, x });
}

export async function getStreamToken(requests: Requests, id: string): Promise<StreamTokenRecord | undefined> {
  const item = await requests.get("Subscribers", tokenKey(id), true);
  return (
    item && {
      id,
      secretHash: textOf(item, "h"),
      subscriberId: textOf(item, "i"),
      createdAtMs: numberOf(item, "c"),
      usableUntilMs: numberOf(item, "u"),
    }
  );
}

function tokenKey(id: string): Key {
  return [`token#${id}`, "token"];
}

function readerKey(topic: string, subscriberId: string): Key {
  return [`topic#${topic}`, subscriberId];
}

function decodeSubscriber(item: Item): SubscriberRecord {
  return {
    subscriberId: textOf(item, "s"),
    ...(item.n && { name: textOf(item, "n") }),
    topics: textsOf(item, "o"),
    secretHash: textOf(item, "h"),
    createdAtMs: numberOf(item, "c"),
    cursor: decodeCursor(textOf(item, "k")),
    ...(item.a && { lastActiveAtMs: numberOf(item, "a") }),
  };
}

function cursorSuperseded(): BellwetherError {
  const message = "The subscriber was moved by a seek after this cursor was given. Read again from its present cursor.";
  return new BellwetherError("cursor_superseded", message);
}
