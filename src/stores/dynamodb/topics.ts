import { BellwetherError } from "#contract/errors.ts";
import { shardsOf } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import { counterKey, decodeCounter, newCounter } from "./counter.ts";
import { directoryKey, getRegistered, listRegistered, register, unregister } from "./directory.ts";
import { type Item, numberOf, textOf } from "./items.ts";
import type { Requests } from "./requests.ts";
import { closeShard, newSweep } from "./sweeps.ts";
import { newToken } from "./token.ts";
import { newAwake } from "./wakefulness.ts";

/*
 * A topic's item: `n` incarnation, `k` shards, `r` retention, `j` terms as JSON. What is left of a deleted topic has only
 * `u`, until when its name is reserved. A topic appears, with the counters of its shards, in one transaction.
 */

/** Past it a change of retention is refused: each is kept in the counters until what it concerns has expired. */
const pastRetentionsMax = 6;
const triesMax = 20;

export async function createTopic(requests: Requests, record: TopicRecord, topicsMax: number): Promise<TopicRecord> {
  const { topic, incarnation, shards, retentionSeconds, terms } = record;
  const [p, s] = directoryKey("topics", topic);
  const refs = shardsOf(record);
  for (let tries = 0; tries < triesMax; tries++) {
    const item = await getRegistered(requests, "topics", topic);
    if (item && isLive(item)) return decodeTopic(item);
    const reservedMs = item ? numberOf(item, "u") - incarnation : 0;
    if (reservedMs > 0) throw topicReserved(topic, Math.ceil(reservedMs / 1000));
    const outcome = await register(
      requests,
      "topics",
      topicsMax,
      newToken(requests.timing),
      {
        table: "Topics",
        put: { p, s, n: incarnation, k: shards, r: retentionSeconds, j: JSON.stringify(terms) },
        condition: {
          text: "attribute_not_exists(n) AND (attribute_not_exists(u) OR u <= :n)",
          values: { ":n": incarnation },
        },
      },
      [
        ...refs.map((ref) => ({ table: "Topics" as const, put: newCounter(ref, retentionSeconds) })),
        ...refs.map(newAwake),
      ],
    );
    if (outcome === "done") return record;
  }
  throw new Error(`The topic "${topic}" is created and deleted again and again.`);
}

export async function getTopic(requests: Requests, topic: string): Promise<TopicRecord | undefined> {
  const item = await getRegistered(requests, "topics", topic);
  return item && isLive(item) ? decodeTopic(item) : undefined;
}

export async function listTopics(requests: Requests, after: string | undefined, limit: number): Promise<TopicRecord[]> {
  return (await listRegistered(requests, "topics", after, limit, isLive)).map(decodeTopic);
}

/** The counters first: an entry's end is reckoned with the retention that its ticket was given out under. */
export async function updateTopic(
  requests: Requests,
  topic: string,
  { retentionSeconds, terms }: Pick<TopicRecord, "retentionSeconds" | "terms">,
): Promise<TopicRecord | undefined> {
  const record = await getTopic(requests, topic);
  if (!record) return undefined;
  for (const ref of shardsOf(record)) await setRetention(requests, counterKey(ref), retentionSeconds);
  const written = await requests.update(
    "Topics",
    directoryKey("topics", topic),
    { text: "SET r = :r, j = :j", values: { ":r": retentionSeconds, ":j": JSON.stringify(terms) } },
    { text: "n = :n", values: { ":n": record.incarnation } },
  );
  return written.refused ? undefined : decodeTopic(written.item!);
}

/** Changes a counter's retention, and notes how far its log had come under the one before. */
async function setRetention(
  requests: Requests,
  key: ReturnType<typeof counterKey>,
  retentionSeconds: number,
): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++) {
    const item = await requests.get("Topics", key, true);
    const counter = item && decodeCounter(item);
    if (!counter || counter.isGone || counter.retentionSeconds === retentionSeconds) return;
    if (counter.past.length >= pastRetentionsMax)
      throw new BellwetherError(
        "limit_reached",
        `The retention was changed ${pastRetentionsMax} times while messages of the first of them are kept. Wait until they have expired.`,
      );
    const index = (counter.past.at(-1)?.index ?? -1) + 1;
    const written = await requests.update(
      "Topics",
      key,
      {
        text: "SET #H = t, #I = m, #J = b, #Q = r, r = :r",
        values: { ":r": retentionSeconds },
        names: { "#H": `H${index}`, "#I": `I${index}`, "#J": `J${index}`, "#Q": `Q${index}` },
      },
      {
        text: "r = :before AND attribute_not_exists(#H) AND attribute_not_exists(g)",
        values: { ":before": counter.retentionSeconds },
      },
    );
    if (!written.refused) return;
  }
  throw new Error("The retention is changed by others again and again.");
}

/** The name is reserved and the work of clearing noted in one transaction; then no shard takes an append any more. */
export async function deleteTopic(requests: Requests, topic: string, reservedUntilMs: number): Promise<boolean> {
  for (let tries = 0; tries < triesMax; tries++) {
    const record = await getTopic(requests, topic);
    if (!record) return false;
    const [p, s] = directoryKey("topics", topic);
    const isDone = await unregister(
      requests,
      "topics",
      newToken(requests.timing),
      {
        table: "Topics",
        put: { p, s, u: reservedUntilMs, x: Math.ceil(reservedUntilMs / 1000) + 86_400 },
        condition: { text: "n = :n", values: { ":n": record.incarnation } },
      },
      [newSweep(record)],
    );
    if (!isDone) continue;
    await Promise.all(shardsOf(record).map((ref) => closeShard(requests, ref)));
    return true;
  }
  throw new Error(`The topic "${topic}" is created and deleted again and again.`);
}

function isLive(item: Item): boolean {
  return item.n !== undefined;
}

function decodeTopic(item: Item): TopicRecord {
  return {
    topic: textOf(item, "s"),
    incarnation: numberOf(item, "n"),
    shards: numberOf(item, "k"),
    retentionSeconds: numberOf(item, "r"),
    terms: JSON.parse(textOf(item, "j")),
  };
}

function topicReserved(topic: string, retryAfterSeconds: number): BellwetherError {
  const message = `The topic "${topic}" was deleted a short while ago. Create it again in ${retryAfterSeconds} s, or use another name.`;
  return new BellwetherError("topic_reserved", message, { retryAfterSeconds });
}
