import { timeToString } from "./clock.ts";
import { encodeMessageId, type ShardRef } from "./shard.ts";

/** What one append wrote to one shard. Immutable once written. */
export interface Entry {
  readonly ticket: number;
  /** The sequence of its first message; the others follow without holes. */
  readonly firstSequence: number;
  readonly count: number;
  /** Never before the entry below it in the shard. */
  readonly publishedAtMs: number;
  /** One or more parts as `encodePart` makes them, end to end. */
  readonly payload: Uint8Array;
}

/** A message checked and ready to store. */
export interface DraftMessage {
  /** The message's JSON object without its opening brace, on one line: `"body":"hello"}`, in UTF-8. Delivered byte for byte. */
  readonly tail: Uint8Array;
  readonly key?: string;
  readonly ttlSeconds?: number;
}

/** A draft without key and time to live. */
export function draftOf(tail: string): DraftMessage {
  return { tail: Buffer.from(tail) };
}

/** A message as an entry holds it. */
export interface StoredMessage {
  readonly index: number;
  readonly sequence: number;
  readonly publisherId: string;
  /** Infinity when only the topic's retention ends it. */
  readonly expiresAtMs: number;
  readonly tail: string;
}

const partVersion = 1;

/**
 * The messages of one call in one shard:
 * `u8 version | u8 n, publisherId | u32 count | count x (u32 ttlSeconds, u32 length) | tails`, integers little-endian.
 * Parts can be put end to end, which is how a group commit makes one entry of many calls.
 */
export function encodePart(publisherId: string, messages: readonly DraftMessage[]): Uint8Array {
  const idLength = Buffer.byteLength(publisherId, "latin1");
  const headLength = 2 + idLength + 4 + 8 * messages.length;
  let length = headLength;
  for (const { tail } of messages) length += tail.length;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = partVersion;
  bytes[1] = idLength;
  bytes.write(publisherId, 2, "latin1");
  let at = bytes.writeUInt32LE(messages.length, 2 + idLength);
  let end = headLength;
  for (const { tail, ttlSeconds } of messages) {
    at = bytes.writeUInt32LE(ttlSeconds ?? 0, at);
    at = bytes.writeUInt32LE(tail.length, at);
    bytes.set(tail, end);
    end += tail.length;
  }
  return bytes;
}

/**
 * The messages of an entry in order. Tails are cut out, not parsed. Throws an Error for bytes that are no entry of so many
 * messages, before it has made more of them than they are.
 */
export function decodeEntry(entry: Entry): StoredMessage[] {
  const { payload, publishedAtMs } = entry;
  const within = (end: number): number => {
    if (end <= payload.length) return end;
    throw new Error(`entry ${entry.ticket}: damaged; it ends at ${payload.length} of ${end} bytes or more`);
  };
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const messages: StoredMessage[] = [];
  let start = 0;
  while (start < bytes.length) {
    if (bytes[start] !== partVersion) throw new Error(`entry ${entry.ticket}: unknown part version ${bytes[start]}`);
    const idEnd = start + 2 + (bytes[start + 1] ?? 0);
    let at = within(idEnd + 4);
    const publisherId = bytes.toString("latin1", start + 2, idEnd);
    const count = bytes.readUInt32LE(idEnd);
    let tailStart = within(at + 8 * count);
    for (let i = 0; i < count; i++, at += 8) {
      const ttlSeconds = bytes.readUInt32LE(at);
      const tailEnd = within(tailStart + bytes.readUInt32LE(at + 4));
      messages.push({
        index: messages.length,
        sequence: entry.firstSequence + messages.length,
        publisherId,
        expiresAtMs: ttlSeconds === 0 ? Number.POSITIVE_INFINITY : publishedAtMs + ttlSeconds * 1000,
        tail: bytes.toString("utf8", tailStart, tailEnd),
      });
      tailStart = tailEnd;
    }
    start = tailStart;
  }
  if (messages.length !== entry.count)
    throw new Error(`entry ${entry.ticket}: damaged; it holds ${messages.length} messages of ${entry.count}`);
  return messages;
}

/** The delivered JSON of a message: a head built here, and the stored tail as it is. */
export function renderMessage(ref: ShardRef, publishedAtMs: number, message: StoredMessage): string {
  const { sequence, publisherId, expiresAtMs, tail } = message;
  const expires = expiresAtMs === Number.POSITIVE_INFINITY ? "" : `"expiresAt":"${timeToString(expiresAtMs)}",`;
  return `{"id":"${encodeMessageId(ref.shard, sequence)}","topic":"${ref.topic}","sequence":${sequence},"publisherId":"${publisherId}","publishedAt":"${timeToString(publishedAtMs)}",${expires}${tail}`;
}
