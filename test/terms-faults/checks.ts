import { type ShardRef, shardKey } from "#core/shard.ts";
import type { SummaryKey } from "#core/store.ts";
import { allLevel } from "#functions/levels.ts";
import { type Rebuilds, rebuildsOf, scopeIn } from "#functions/rebuilds.ts";
import { kindOf, leafKey, overall, summaryKeys, topicScope } from "#functions/scopes.ts";
import { decodeSummary, encodeSummary } from "#terms/codec.ts";
import { exactSummary, mergeSummaries, type Summary } from "#terms/summary.ts";
import { tokenizerVersion } from "#terms/tokenizer-version.ts";
import { bucketOf, capacityOf, childrenOf, type Level } from "#terms/windows.ts";
import { keyText, type ModelStore } from "./model-store.ts";

/** A message as the model keeps it. */
export interface Published {
  readonly ref: ShardRef;
  readonly publishedAtMs: number;
  readonly terms: readonly string[];
}

/**
 * Compares every summary of a store in which all is counted, rolled up and folded with what was published, and gives a
 * line for each that is wrong. A summary that has expired is left out, but what it held must be in those above and in
 * `all`.
 */
export function findWrongCounts(model: ModelStore, published: readonly Published[]): string[] {
  const wrong: string[] = [];
  for (const [text, { key, messages }] of expectedSummaries(model, published)) {
    if (hasExpired(model, key)) continue;
    const stored = summaryOf(model, key);
    if (!stored) wrong.push(`${text} is missing; it should count ${messages.length} messages`);
    else wrong.push(...differences(stored, messages).map((difference) => `${text} ${difference}`));
    if (stored && key.level >= 1 && key.level <= 4) wrong.push(...differsFromChildren(model, key, stored));
  }
  for (const log of model.logs.values())
    if (log.counted !== log.entries.length) wrong.push(`${shardKey(log.ref)} is counted to ${log.counted} only`);
  for (const mark of model.marks.values()) wrong.push(`${keyText(mark)} is marked for ever`);
  return wrong;
}

/** Every summary that should be there, with the messages that it should count. */
function expectedSummaries(
  model: ModelStore,
  published: readonly Published[],
): Map<string, { key: SummaryKey; messages: Published[] }> {
  const rebuilds = rebuildsIn(model);
  const expected = new Map<string, { key: SummaryKey; messages: Published[] }>();
  const expect = (key: SummaryKey, message: Published): void => {
    const text = keyText(key);
    if (!expected.has(text)) expected.set(text, { key, messages: [] });
    expected.get(text)!.messages.push(message);
  };
  for (const message of published) {
    for (const scope of [topicScope(message.ref), overall]) {
      const leaf = bucketOf(0, message.publishedAtMs);
      expect(leafKey(model.traits, scopeIn(rebuilds, scope, leaf), shardKey(message.ref), leaf.startMs), message);
      for (const level of [1, 2, 3, 4] as const) {
        const bucket = bucketOf(level, message.publishedAtMs);
        expect({ scope: scopeIn(rebuilds, scope, bucket), ...bucket }, message);
      }
      expect({ scope, level: allLevel, startMs: 0 }, message);
    }
  }
  return expected;
}

/** Numbers are exact always; counts are within their error of the truth, which is 0 while the floor is. */
function differences(summary: Summary, messages: readonly Published[]): string[] {
  const truth = exactSummary(messages.map(({ terms }) => new Set(terms)));
  const found: string[] = [];
  for (const field of ["messages", "pairs"] as const)
    if (summary[field] !== truth[field]) found.push(`counts ${summary[field]} ${field} of ${truth[field]}`);
  for (const term of new Set([...summary.terms.keys(), ...truth.terms.keys()])) {
    const { count, error } = summary.terms.get(term) ?? { count: 0, error: summary.floor };
    const true_ = truth.terms.get(term)?.count ?? 0;
    if (count > true_ || true_ > count + error || error > summary.floor)
      found.push(`counts ${term} ${count} times, error ${error}; it was ${true_} times`);
  }
  return found;
}

/** A parent is the merge of all its children at once, to the byte, as long as all of them are there. */
function differsFromChildren(model: ModelStore, key: SummaryKey, stored: Summary): string[] {
  const level = key.level as Exclude<Level, 0>;
  const rebuilds = rebuildsIn(model);
  const scope = key.scope.split("@")[0]!;
  const keys = childrenOf({ level, startMs: key.startMs }).flatMap((child) =>
    summaryKeys(model.traits, scopeIn(rebuilds, scope, child), child),
  );
  if (keys.some((child) => hasExpired(model, child))) return [];
  const children = keys.flatMap((child) => summaryOf(model, child) ?? []);
  const merged = mergeSummaries(children, capacityOf(model.traits.caps, level, kindOf(key.scope)));
  return bytesOf(merged) === bytesOf(stored) ? [] : [`${keyText(key)} is not the merge of its children`];
}

/** It is past its time, or was when its hour was rebuilt without it. */
function hasExpired(model: ModelStore, key: SummaryKey): boolean {
  const rebuilt = { ...key, scope: key.scope.replace(/@[^/]*/, "") };
  return model.expired.has(keyText(key)) || (!model.getSummary(key) && model.expired.has(keyText(rebuilt)));
}

/** Which generation counts, as the functions would read it. */
function rebuildsIn(model: ModelStore): Rebuilds {
  return rebuildsOf([...model.summaries.values()].find(({ scope }) => scope === "rebuilds"));
}

function summaryOf(model: ModelStore, key: SummaryKey): Summary | undefined {
  const record = model.getSummary(key);
  return record && decodeSummary(record.bytes).summary;
}

function bytesOf(summary: Summary): string {
  return Buffer.from(encodeSummary(summary, tokenizerVersion)).toString("base64");
}
