import type { Entry } from "#core/entry.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import type { SummaryKey, SummaryRecord, TermsChange, TopicRecord, WorkMark } from "#core/store.ts";
import { mergeEncoded } from "#terms/merge-encoded.ts";
import { bucketOf, capacityOf, keptUntilMs, parentOf } from "#terms/windows.ts";
import type { Context } from "./context.ts";
import { TopicStopWords } from "./count-entry.ts";
import { CountingBatch } from "./counting-batch.ts";
import { isSwitching, type Rebuilds, readRebuilds, saveRebuilds, scopeIn } from "./rebuilds.ts";
import { keyText, kindOf, leafKey, overall, topicScope } from "./scopes.ts";

/**
 * What one pass reads of one shard, and of how many shards: up to some hundred milliseconds of work. Writing the two
 * summaries is most of a small pass: passes of 10,000 messages count twice as fast as passes of 1,000 (measured:
 * `npm run bench:terms -- --only counting`).
 */
const messagesPerShard = 20_000;
const bytesPerShard = 8_388_608;
const shardsPerPass = 32;
/** Among how many shards with news a pass chooses. */
const uncountedMax = 10_000;

/** How often a pass reads the leaves again when another counter has changed them; past it, the next pass goes on. */
const savesMax = 4;

/** What one leaf of a scope is to hold: of each source what it published in that bucket. */
interface Counting {
  readonly scope: string;
  readonly key: SummaryKey;
  readonly batches: CountingBatch[];
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
 * repeated, cut off or run twice at once, also over a store without transactions (`Store.saveTerms`).
 */
export class TermCounting {
  readonly #context: Context;
  readonly #stopWords = new TopicStopWords();
  /** The shards that have been counted in this turn, by key. */
  readonly #counted = new Set<string>();
  /** The leaves written last, so that a busy bucket is not read back at each pass. Held to by version. */
  #leaves = new Map<string, SummaryRecord>();

  constructor(context: Context) {
    this.#context = context;
  }

  async countTerms(): Promise<CountResult> {
    const { store } = this.#context;
    const uncounted = this.#inTurn(await store.listUncounted(uncountedMax));
    // After the cursors: docs/decisions/0012-rebuilding-terms.md.
    const rebuilds = await readRebuilds(store);
    const countings = new Map<string, Counting>();
    const batches: CountingBatch[] = [];
    const cursors: TermsChange["cursors"][number][] = [];
    let messages = 0;
    for (const { ref, ticket } of uncounted) {
      const topic = await this.#topicOf(ref);
      const entries = await store.readEntries(ref, ticket, messagesPerShard, bytesPerShard);
      if (!topic || entries.length === 0) continue;
      if (topic.terms.enabled) {
        for (const entry of entries) messages += entry.count;
        for (const batch of this.#batchesOf(ref, topic, entries)) {
          batches.push(batch);
          for (const scope of [topicScope(topic), overall]) this.#add(countings, rebuilds, scope, batch);
        }
      }
      cursors.push({ ref, fromTicket: ticket, toTicket: entries.at(-1)!.ticket + 1 });
    }
    if (cursors.length > 0) await this.#save([...countings.values()], rebuilds, cursors);
    const uncuttable = batches.reduce((sum, batch) => sum + batch.uncuttable, 0);
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

  async #save(countings: readonly Counting[], rebuilds: Rebuilds, cursors: TermsChange["cursors"]): Promise<void> {
    const { store } = this.#context;
    const isWatched = countings.some(({ scope, key: { startMs } }) =>
      isSwitching(rebuilds, scope, { level: 0, startMs }),
    );
    for (let saves = 0; saves < savesMax; saves++) {
      const puts = await this.#puts(countings);
      this.#leaves.clear();
      const saved = await store.saveTerms({
        puts,
        setMarks: this.#marks(countings),
        clearMarks: [],
        cursors: isWatched ? [] : cursors,
      });
      if (saved && isWatched && !(await saveRebuilds(store, rebuilds, {}, cursors))) return;
      if (saved) this.#leaves = new Map(puts.map((put) => [keyText(put), put]));
      // With nothing to put, it is a cursor that has moved: all of this is counted.
      if (saved || puts.length === 0) return;
    }
  }

  /** The leaves with what they do not hold yet of these entries; those that hold all of it are left out. */
  async #puts(countings: readonly Counting[]): Promise<TermsChange["puts"][number][]> {
    const { store, clock } = this.#context;
    const nowMs = clock.nowMs();
    const stored = await this.#stored(countings.map(({ key }) => key));
    const merging = new Merging();
    return countings.flatMap(({ scope, key, batches }) => {
      const leaf = stored.get(keyText(key));
      const included = { ...leaf?.included };
      const fresh: Uint8Array[] = [];
      for (const batch of batches) {
        const encoded = batch.from(included[batch.source] ?? 0);
        if (encoded === undefined) continue;
        fresh.push(encoded);
        included[batch.source] = batch.toTicket;
      }
      if (fresh.length === 0) return [];
      const capacity = capacityOf(store.traits.caps, 0, kindOf(scope));
      const bytes = merging.merge(leaf ? [leaf.bytes, ...fresh] : fresh, capacity);
      const expiresAtMs = keptUntilMs({ level: 0, startMs: key.startMs }, nowMs);
      return [{ ...key, version: (leaf?.version ?? 0) + 1, included, bytes, expiresAtMs }];
    });
  }

  /**
   * A mark for each minute that these entries fall into, also where a leaf holds them already: whoever put them there may
   * have ended before it marked the minute.
   */
  #marks(countings: readonly Counting[]): WorkMark[] {
    const marks = new Map<string, WorkMark>();
    for (const { scope, key } of countings) {
      const { level, startMs } = parentOf({ level: 0, startMs: key.startMs })!;
      const minute = { scope, level, startMs };
      if (!marks.has(keyText(minute))) marks.set(keyText(minute), { ...minute, stamp: this.#context.ids.id() });
    }
    return [...marks.values()];
  }

  async #stored(keys: readonly SummaryKey[]): Promise<Map<string, SummaryRecord>> {
    const missing = keys.filter((key) => !this.#leaves.has(keyText(key)));
    const leaves = new Map(this.#leaves);
    for (const record of await this.#context.store.getSummaries(missing)) leaves.set(keyText(record), record);
    return leaves;
  }

  async #topicOf(ref: ShardRef): Promise<TopicRecord | undefined> {
    const topic = await this.#context.registry.topic(ref.topic);
    if (topic?.incarnation === ref.incarnation) return topic;
    this.#context.registry.forget("topic", ref.topic);
    const fresh = await this.#context.registry.topic(ref.topic);
    return fresh?.incarnation === ref.incarnation ? fresh : undefined;
  }

  /** A message's bucket is its publish time alone, never the clock: a retry would otherwise count it twice. */
  #batchesOf(ref: ShardRef, topic: TopicRecord, entries: readonly Entry[]): CountingBatch[] {
    const batches = new Map<number, CountingBatch>();
    for (const entry of entries) {
      const { startMs } = bucketOf(0, entry.publishedAtMs);
      const batch = batches.get(startMs) ?? new CountingBatch(shardKey(ref), startMs, this.#stopWords.of(topic));
      batches.set(startMs, batch);
      batch.add(entry);
    }
    return [...batches.values()];
  }

  #add(countings: Map<string, Counting>, rebuilds: Rebuilds, scope: string, batch: CountingBatch): void {
    const { source, startMs } = batch;
    const generation = scopeIn(rebuilds, scope, { level: 0, startMs });
    const key = leafKey(this.#context.store.traits, generation, source, startMs);
    const counting = countings.get(keyText(key)) ?? { scope, key, batches: [] };
    countings.set(keyText(key), counting);
    counting.batches.push(batch);
  }
}

/** A topic that is alone in its bucket has the leaf of overall, which comes next: the same parts, so the same bytes. */
class Merging {
  #last: { parts: readonly Uint8Array[]; capacity: number; bytes: Uint8Array } | undefined;

  merge(parts: readonly Uint8Array[], capacity: number): Uint8Array {
    const last = this.#last;
    const isSame =
      last?.capacity === capacity &&
      last.parts.length === parts.length &&
      last.parts.every((part, i) => part === parts[i]);
    if (isSame) return last.bytes;
    const bytes = mergeEncoded(parts, capacity);
    this.#last = { parts, capacity, bytes };
    return bytes;
  }
}
