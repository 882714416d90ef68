import type { Entry } from "#core/entry.ts";
import { decodeEntry } from "#core/entry.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import type { SummaryKey, SummaryRecord, TermsChange, TopicRecord, WorkMark } from "#core/store.ts";
import { decodeSummary, encodeSummary } from "#terms/codec.ts";
import { stopWordsFor } from "#terms/stop-words.ts";
import { emptySummary, exactSummary, mergeSummaries } from "#terms/summary.ts";
import { messageTerms, tokenizerVersion } from "#terms/tokenize.ts";
import { bucketOf, capacityOf, levels, parentOf } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { overall, topicScope } from "./scopes.ts";

/**
 * What one pass reads of one shard, and of how many shards: up to some hundred milliseconds of work. Writing the two
 * summaries is most of a small pass: passes of ten times as many messages count 1.7 times as fast (measured).
 */
const messagesPerShard = 20_000;
const bytesPerShard = 8_388_608;
const shardsPerPass = 32;
/** Among how many shards with news a pass chooses. */
const uncountedMax = 10_000;

/** The entries of one source that fall into one bucket, each as the terms of its messages. */
interface Counting {
  readonly key: SummaryKey;
  readonly sources: Map<string, { ticket: number; terms: ReadonlySet<string>[] }[]>;
}

/** What a pass did. `uncuttable` messages were counted as having no terms. */
export interface CountResult {
  readonly messages: number;
  readonly uncuttable: number;
  readonly more: boolean;
}

/**
 * Counts the terms of what was published since the last pass, each message exactly once: a leaf holds, for each source,
 * the ticket before which entries are included, and content and position change in one conditional step. Passes may be
 * repeated, cut off or run twice at once. (`design: popular-terms, section 4`.)
 */
export class TermCounting {
  readonly #context: Context;
  readonly #stopWords = new Map<string, ReadonlySet<string>>();
  /** The shards that have been counted in this turn, by key. */
  readonly #counted = new Set<string>();
  /** The leaves written last, so that a busy bucket is not read back and decoded at each pass. Held to by version. */
  #leaves = new Map<string, SummaryRecord & { readonly summary: ReturnType<typeof decodeSummary>["summary"] }>();

  constructor(context: Context) {
    this.#context = context;
  }

  async countTerms(): Promise<CountResult> {
    const { store } = this.#context;
    const uncounted = this.#inTurn(await store.listUncounted(uncountedMax));
    const countings = new Map<string, Counting>();
    const cursors: TermsChange["cursors"][number][] = [];
    let messages = 0;
    let uncuttable = 0;
    for (const { ref, ticket } of uncounted) {
      const topic = await this.#topicOf(ref);
      const entries = await store.readEntries(ref, ticket, messagesPerShard, bytesPerShard);
      if (!topic || entries.length === 0) continue;
      if (topic.terms.enabled) {
        for (const entry of entries) {
          const cut = this.#cut(entry, topic);
          messages += entry.count;
          uncuttable += cut.uncuttable;
          add(countings, topicScope(topic), ref, entry, cut.terms);
          add(countings, overall, ref, entry, cut.terms);
        }
      }
      cursors.push({ ref, fromTicket: ticket, toTicket: entries.at(-1)!.ticket + 1 });
    }
    if (cursors.length > 0) await this.#save([...countings.values()], cursors);
    return { messages, uncuttable, more: cursors.length > 0 };
  }

  /** Those first that were not counted in this turn: shards that always have news must not starve the others. */
  #inTurn<S extends { readonly ref: ShardRef }>(uncounted: readonly S[]): S[] {
    const waiting = uncounted.filter(({ ref }) => !this.#counted.has(shardKey(ref)));
    const others = uncounted.filter(({ ref }) => this.#counted.has(shardKey(ref)));
    if (waiting.length <= shardsPerPass) this.#counted.clear();
    const chosen = [...waiting, ...others].slice(0, shardsPerPass);
    for (const { ref } of chosen) this.#counted.add(shardKey(ref));
    return chosen;
  }

  async #save(countings: readonly Counting[], cursors: TermsChange["cursors"]): Promise<void> {
    const { store, clock, ids } = this.#context;
    const nowMs = clock.nowMs();
    const stored = new Map(
      (await this.#stored(countings.map(({ key }) => key))).map((record) => [keyText(record), record]),
    );
    const puts: (SummaryRecord & { expiresAtMs: number; summary: ReturnType<typeof decodeSummary>["summary"] })[] = [];
    const setMarks: WorkMark[] = [];
    for (const { key, sources } of countings) {
      const leaf = stored.get(keyText(key));
      const included = { ...leaf?.included };
      const fresh: ReadonlySet<string>[] = [];
      for (const [source, entries] of sources) {
        const from = included[source] ?? 0;
        for (const { ticket, terms } of entries) {
          if (ticket < from) continue;
          fresh.push(...terms);
          included[source] = ticket + 1;
        }
      }
      if (fresh.length === 0) continue;
      const capacity = capacityOf(store.traits.caps, 0, key.scope === overall ? "overall" : "topic");
      const summary = mergeSummaries([leaf?.summary ?? emptySummary, exactSummary(fresh)], capacity);
      const bytes = encodeSummary(summary, tokenizerVersion);
      puts.push({
        ...key,
        version: (leaf?.version ?? 0) + 1,
        included,
        bytes,
        summary,
        expiresAtMs: nowMs + levels[0]!.retainMs,
      });
      const minute = parentOf({ level: 0, startMs: key.startMs })!;
      setMarks.push({ scope: key.scope, level: minute.level, startMs: minute.startMs, stamp: ids.id() });
    }
    const change = { puts: puts.map(({ summary: _, ...put }) => put), setMarks, clearMarks: [], cursors };
    const saved = await store.saveTerms(change);
    this.#leaves = new Map(saved ? puts.map((put) => [keyText(put), put]) : []);
  }

  async #stored(
    keys: readonly SummaryKey[],
  ): Promise<(SummaryRecord & { summary: ReturnType<typeof decodeSummary>["summary"] })[]> {
    const kept = keys.flatMap((key) => this.#leaves.get(keyText(key)) ?? []);
    const missing = keys.filter((key) => !this.#leaves.has(keyText(key)));
    const read = await this.#context.store.getSummaries(missing);
    return [...kept, ...read.map((record) => ({ ...record, summary: decodeSummary(record.bytes).summary }))];
  }

  async #topicOf(ref: ShardRef): Promise<TopicRecord | undefined> {
    const topic = await this.#context.registry.topic(ref.topic);
    if (topic?.incarnation === ref.incarnation) return topic;
    this.#context.registry.forget("topic", ref.topic);
    const fresh = await this.#context.registry.topic(ref.topic);
    return fresh?.incarnation === ref.incarnation ? fresh : undefined;
  }

  #cut(entry: Entry, topic: TopicRecord): { terms: ReadonlySet<string>[]; uncuttable: number } {
    const stopWords = this.#stopWordsOf(topic);
    let uncuttable = 0;
    const terms = decodeEntry(entry).map(({ tail }) => {
      try {
        return messageTerms(JSON.parse(`{${tail}`), { stopWords });
      } catch {
        uncuttable += 1;
        return new Set<string>();
      }
    });
    return { terms, uncuttable };
  }

  #stopWordsOf({ terms }: TopicRecord): ReadonlySet<string> {
    const key = terms.languages.join();
    let words = this.#stopWords.get(key);
    if (!words) {
      words = stopWordsFor(terms.languages);
      this.#stopWords.set(key, words);
    }
    return words;
  }
}

/** A message's bucket is its publish time alone, never the clock: a retry would otherwise count it twice. */
function add(
  countings: Map<string, Counting>,
  scope: string,
  ref: ShardRef,
  entry: Entry,
  terms: ReadonlySet<string>[],
): void {
  const key = { scope, level: 0 as const, startMs: bucketOf(0, entry.publishedAtMs).startMs };
  let counting = countings.get(keyText(key));
  if (!counting) {
    counting = { key, sources: new Map() };
    countings.set(keyText(key), counting);
  }
  const source = shardKey(ref);
  const entries = counting.sources.get(source) ?? [];
  entries.push({ ticket: entry.ticket, terms });
  counting.sources.set(source, entries);
}

function keyText({ scope, level, startMs }: SummaryKey): string {
  return `${scope} ${level} ${startMs}`;
}
