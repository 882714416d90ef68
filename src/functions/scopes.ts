import { hash32 } from "#core/shard.ts";
import type { StoreTraits, SummaryKey, TopicRecord } from "#core/store.ts";
import type { Bucket, ScopeKind } from "#terms/windows.ts";

/** The scope of all topics together. */
export const overall = "overall";

/** A topic's scope in the store: a later topic of the same name has another. */
export function topicScope({ topic, incarnation }: Pick<TopicRecord, "topic" | "incarnation">): string {
  return `topic:${topic}#${incarnation}`;
}

/** Whose terms the summaries of a scope count. */
export function kindOf(scope: string): ScopeKind {
  return scope.startsWith("topic:") ? "topic" : "overall";
}

/** The leaf that counts what one source published: in `overall`, the source decides which of several. */
export function leafKey(traits: StoreTraits, scope: string, source: string, startMs: number): SummaryKey {
  const leaves = leavesOf(traits, scope);
  return { scope: leafScope(scope, leaves, leaves === 1 ? 0 : hash32(source) % leaves), level: 0, startMs };
}

/** The summaries that together hold a bucket: one, but for the leaves of `overall`. */
export function summaryKeys(traits: StoreTraits, scope: string, { level, startMs }: Bucket): SummaryKey[] {
  const leaves = level === 0 ? leavesOf(traits, scope) : 1;
  return Array.from({ length: leaves }, (_, part) => ({ scope: leafScope(scope, leaves, part), level, startMs }));
}

/** A summary's key as text. */
export function keyText({ scope, level, startMs }: SummaryKey): string {
  return `${scope} ${level} ${startMs}`;
}

function leavesOf(traits: StoreTraits, scope: string): number {
  return kindOf(scope) === "overall" ? traits.overallLeaves : 1;
}

function leafScope(scope: string, leaves: number, part: number): string {
  return leaves === 1 ? scope : `${scope}/${part}`;
}
