import { shardKey } from "#core/shard.ts";
import type { Store, SummaryKey, TopicRecord } from "#core/store.ts";
import { leafKey, overall, topicScope } from "#functions/scopes.ts";
import { decodeSummary } from "#terms/codec.ts";
import { bucketOf } from "#terms/windows.ts";
import type { Logged } from "./history.ts";

/** Compares the leaves of the last hours with the messages that they should count, each of which is a term of its own. */
export async function wrongCounts(
  store: Store,
  topic: TopicRecord,
  logged: readonly Logged[],
  sinceMs: number,
): Promise<string[]> {
  const expected = new Map<string, { key: SummaryKey; texts: string[] }>();
  for (const { shard, publishedAtMs, text } of logged) {
    const { startMs } = bucketOf(0, publishedAtMs);
    if (startMs < sinceMs) continue;
    const source = shardKey({ topic: topic.topic, incarnation: topic.incarnation, shard });
    for (const scope of [topicScope(topic), overall]) {
      const key = leafKey(store.traits, scope, source, startMs);
      const name = `${key.scope} ${startMs}`;
      if (!expected.has(name)) expected.set(name, { key, texts: [] });
      expected.get(name)!.texts.push(text);
    }
  }
  const found = await store.getSummaries([...expected.values()].map(({ key }) => key));
  const wrong: string[] = [];
  for (const [name, { key, texts }] of expected) {
    const record = found.find(({ scope, startMs }) => scope === key.scope && startMs === key.startMs);
    const summary = record && decodeSummary(record.bytes).summary;
    if (summary?.messages !== texts.length)
      wrong.push(`${name} counts ${summary?.messages ?? "no"} messages of ${texts.length}`);
    for (const text of texts)
      if (summary?.terms.get(text)?.count !== 1)
        wrong.push(`${name} counts ${text} ${summary?.terms.get(text)?.count ?? 0} times`);
  }
  return wrong;
}
