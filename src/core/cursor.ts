import { crc32 } from "node:zlib";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { ByteReader, ByteWriter } from "./varint.ts";

/** Where a reader stands in one shard: before message `index` of entry `ticket`, whose number would be `sequence`. */
export interface Position {
  readonly ticket: number;
  readonly index: number;
  readonly sequence: number;
}

/** A reader's positions in one topic. `incarnation` tells a topic from an earlier one of the same name. */
export interface TopicCursor {
  /** The first 32 bits of SHA-256 of the topic's name: keeps ten long names inside 2 KB. */
  readonly topicHash: number;
  readonly incarnation: number;
  /** By shard. A shard that is not named is read from its beginning. */
  readonly positions: ReadonlyMap<number, Position>;
}

/** Where a reader stands. `generation` is raised by each seek, so that what began before it is told apart. */
export interface Cursor {
  readonly generation: number;
  readonly topics: readonly TopicCursor[];
}

/** The beginning of every shard. */
export const startOfShard: Position = { ticket: 0, index: 0, sequence: 0 };

const prefix = "c1.";

const writer = new ByteWriter();

/** An opaque text of at most 2 KB, with a checksum against damage. Equal cursors have equal texts. */
export function encodeCursor(cursor: Cursor): string {
  writer.clear().varint(cursor.generation).varint(cursor.topics.length);
  for (const { topicHash, incarnation, positions } of cursor.topics) {
    writer.varint(topicHash).varint(incarnation).varint(positions.size);
    const byShard = positions.size > 1 ? [...positions].sort((a, b) => a[0] - b[0]) : positions;
    for (const [shard, { ticket, index, sequence }] of byShard)
      writer.varint(shard).varint(ticket).varint(index).varint(sequence);
  }
  return prefix + writer.uint32(crc32(writer.bytes())).base64url();
}

/** Reads what `encodeCursor` gave; anything else throws `invalid_cursor`. */
export function decodeCursor(text: string): Cursor {
  const invalid = (why: string): BellwetherError =>
    new BellwetherError("invalid_cursor", `The cursor ${why}. Use a cursor exactly as Bellwether gave it.`);
  if (!text.startsWith(prefix)) throw invalid(`does not begin with "${prefix}"`);
  if (text.length > limits.cursorBytesMax) throw invalid(`is longer than ${limits.cursorBytesMax} characters`);
  const bytes = Buffer.from(text.slice(prefix.length), "base64url");
  if (bytes.length < 6 || bytes.toString("base64url") !== text.slice(prefix.length)) throw invalid("is not base64url");
  const body = bytes.subarray(0, -4);
  if (crc32(body) !== bytes.readUInt32LE(body.length)) throw invalid("is damaged");
  const reader = new ByteReader(body);
  const generation = reader.varint();
  const topics = Array.from({ length: atMost(reader.varint(), limits.topicsPerRegistrationMax) }, () => {
    const topicHash = reader.varint();
    const incarnation = reader.varint();
    const count = atMost(reader.varint(), limits.shardsMax);
    const positions = new Map<number, Position>();
    for (let i = 0, before = -1; i < count; i++) {
      const shard = atMost(reader.varint(), limits.shardsMax - 1);
      if (shard <= before) throw invalid("names its shards out of order");
      before = shard;
      positions.set(shard, { ticket: reader.varint(), index: reader.varint(), sequence: reader.varint() });
    }
    return { topicHash, incarnation, positions };
  });
  if (!reader.ended) throw invalid("has bytes left over");
  return { generation, topics };

  function atMost(value: number, max: number): number {
    if (value > max) throw invalid("holds a number beyond its limit");
    return value;
  }
}

/** The part-wise maximum of two cursors of one reader; of two incarnations the later wins. The generation is `a`'s. */
export function mergeCursors(a: Cursor, b: Cursor): Cursor {
  const byTopic = new Map(a.topics.map((topic) => [topic.topicHash, topic]));
  for (const topic of b.topics) {
    const other = byTopic.get(topic.topicHash);
    byTopic.set(topic.topicHash, other ? mergeTopics(other, topic) : topic);
  }
  return { generation: a.generation, topics: [...byTopic.values()].sort((x, y) => x.topicHash - y.topicHash) };
}

function mergeTopics(a: TopicCursor, b: TopicCursor): TopicCursor {
  if (a.incarnation !== b.incarnation) return a.incarnation > b.incarnation ? a : b;
  const positions = new Map(a.positions);
  for (const [shard, position] of b.positions) {
    const other = positions.get(shard);
    if (!other || comparePositions(other, position) < 0) positions.set(shard, position);
  }
  return { ...a, positions };
}

/** Negative when `a` comes before `b` in their shard. */
export function comparePositions(a: Position, b: Position): number {
  return a.ticket - b.ticket || a.index - b.index;
}
