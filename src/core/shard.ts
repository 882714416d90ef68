import { hash } from "node:crypto";

/** One shard of one incarnation of a topic. */
export interface ShardRef {
  readonly topic: string;
  readonly incarnation: number;
  readonly shard: number;
}

/** The first 32 bits of SHA-256 of a text, as an unsigned integer. */
export function hash32(text: string): number {
  return Number.parseInt(hash("sha256", text, "hex").slice(0, 8), 16);
}

const hashesOfTopics = new Map<string, number>();
const hashesMax = 10_000;

/** `hash32` of a topic's name, which every page asks for several times. */
export function topicHashOf(topic: string): number {
  const known = hashesOfTopics.get(topic);
  if (known !== undefined) return known;
  if (hashesOfTopics.size >= hashesMax) hashesOfTopics.clear();
  const made = hash32(topic);
  hashesOfTopics.set(topic, made);
  return made;
}

/** The shard of a key: first 32 bits of SHA-256 mod the number of shards. Never changes for a topic, as its shards never do. */
export function shardOfKey(key: string, shards: number): number {
  return shards === 1 ? 0 : hash32(key) % shards;
}

/** A text that names a shard among all, for use as a key. */
export function shardKey(ref: ShardRef): string {
  return `${ref.topic}#${ref.incarnation}#${ref.shard}`;
}

/** All shards of a topic. */
export function shardsOf(topic: {
  readonly topic: string;
  readonly incarnation: number;
  readonly shards: number;
}): ShardRef[] {
  return Array.from({ length: topic.shards }, (_, shard) => ({
    topic: topic.topic,
    incarnation: topic.incarnation,
    shard,
  }));
}

/** `<shard>-<sequence>`, unique within the topic. */
export function encodeMessageId(shard: number, sequence: number): string {
  return `${shard}-${sequence}`;
}

/** The parts of a message id, or undefined when the text is none. */
export function decodeMessageId(id: string): { shard: number; sequence: number } | undefined {
  const match = /^(\d{1,2})-(\d{1,15})$/.exec(id);
  return match ? { shard: Number(match[1]), sequence: Number(match[2]) } : undefined;
}
