import type { SummaryKey, SummaryRecord, TermsChange } from "#core/store.ts";
import { bytesOf, type Item, numberOf, textOf } from "./items.ts";
import type { Key, Requests } from "./requests.ts";
import { newToken } from "./token.ts";

/*
 * A summary's item: partition `scope/level`, sorted by its start; `v` version, `w` who wrote that version, `b` what it
 * includes as JSON with its length before it, then the summary's bytes. One that is too large for an item has `n` instead
 * of `b`: so many pieces, in the partition `scope/level+`, written before the item that names them and never changed.
 */

type Put = TermsChange["puts"][number];

/** An item is at most 400 KB with its key and names. */
const pieceBytesMax = 360_000;

/**
 * A summary past its time is kept for another week: DynamoDB deletes by the item's own time alone, and rolling up may lie
 * behind (`mayForgetSummaries`).
 */
const keptOnSeconds = 7 * 86_400;

const readsMax = 10;

export async function getSummaries(requests: Requests, keys: readonly SummaryKey[]): Promise<SummaryRecord[]> {
  const byItem = new Map(keys.map((key) => [itemKey(key).join(" "), key]));
  const items = await requests.getAll("WordCount", [...byItem.values()].map(itemKey), true);
  const records = new Map<string, SummaryRecord>();
  for (const item of items) {
    const name = keyOfItem(item).join(" ");
    const { version, body } = await bodyOf(requests, byItem.get(name)!, item);
    if (body) records.set(name, decodeSummaryBody(byItem.get(name)!, version, body));
  }
  return keys.flatMap((key) => records.get(itemKey(key).join(" ")) ?? []);
}

/** Puts a summary if the one before its version is stored. */
export async function putSummary(requests: Requests, put: Put): Promise<boolean> {
  const [p, s] = itemKey(put);
  const { version, expiresAtMs } = put;
  const writer = newToken(requests.timing);
  const body = encodeBody(put);
  const pieces = Math.ceil(body.length / pieceBytesMax);
  const x = expiresAtMs < 1e14 ? Math.ceil(expiresAtMs / 1000) + keptOnSeconds : undefined;
  if (version === 1) await noteRebuilt(requests, put.scope);
  if (pieces > 1) await writePieces(requests, put, writer, body);
  const written = await requests.put(
    "WordCount",
    { p, s, v: version, w: writer, x, ...(pieces > 1 ? { n: pieces } : { b: body }) },
    version === 1 ? { text: "attribute_not_exists(p)" } : { text: "v = :before", values: { ":before": version - 1 } },
  );
  // Refused by an earlier try of this very put that was not answered.
  const isDone = !written.refused || (written.by !== undefined && textOf(written.by, "w") === writer);
  if (pieces > 1 && !isDone) await requests.deleteAll("WordCount", pieceKeys(put, version, writer, pieces));
  if (isDone && version > 1 && put.level === 5) await clearPieces(requests, put, version);
  return isDone;
}

/** Deletes a step's worth of the summaries of a topic, also of its rebuilds. Gives whether there may be more. */
export async function deleteSummaries(requests: Requests, topicScope: string): Promise<boolean> {
  const rebuilt = await requests.query("WordCount", rebuiltPartition(topicScope), { limit: 1 });
  const note = rebuilt.items[0];
  const scope = note ? textOf(note, "s") : topicScope;
  for (const level of [0, 1, 2, 3, 4, 5, "5+"]) {
    const { items } = await requests.query("WordCount", `${scope}/${level}`, { limit: 50 });
    if (items.length === 0) continue;
    await requests.deleteAll("WordCount", items.map(keyOfItem));
    return true;
  }
  if (note) await requests.delete("WordCount", keyOfItem(note));
  return note !== undefined;
}

/** Notes a scope `<topic's>@<generation>` by its topic's, from which it could not be found. */
async function noteRebuilt(requests: Requests, scope: string): Promise<void> {
  const end = scope.indexOf("@");
  if (scope.startsWith("topic:") && end !== -1)
    await requests.put("WordCount", { p: rebuiltPartition(scope.slice(0, end)), s: scope });
}

function rebuiltPartition(topicScope: string): string {
  return `rebuilt/${topicScope}`;
}

function keyOfItem(item: Item): Key {
  return [textOf(item, "p"), textOf(item, "s")];
}

function itemKey({ scope, level, startMs }: SummaryKey): Key {
  return [`${scope}/${level}`, sortableTime(startMs)];
}

/** Times of 15 digits, in the order of their texts. */
export function sortableTime(ms: number): string {
  return String(ms).padStart(15, "0");
}

function encodeBody({ included, bytes }: Put): Uint8Array {
  const head = Buffer.from(JSON.stringify(included));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, bytes]);
}

function decodeSummaryBody(key: SummaryKey, version: number, body: Uint8Array): SummaryRecord {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const end = 4 + buffer.readUInt32LE(0);
  const { scope, level, startMs } = key;
  const included = JSON.parse(buffer.toString("utf8", 4, end));
  return { scope, level, startMs, version, bytes: Uint8Array.from(buffer.subarray(end)), included };
}

// ── Pieces ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The item's body; where its pieces are gone, a later version has come, which is read instead. */
async function bodyOf(
  requests: Requests,
  key: SummaryKey,
  first: Item,
): Promise<{ version: number; body: Uint8Array | undefined }> {
  let item: Item | undefined = first;
  for (let reads = 0; item && reads < readsMax; reads++) {
    const version = numberOf(item, "v");
    if (item.b) return { version, body: bytesOf(item, "b")! };
    const keys = pieceKeys(key, version, textOf(item, "w"), numberOf(item, "n"));
    const found = await requests.getAll("WordCount", keys, true);
    if (found.length === keys.length) {
      const inOrder = found.sort((a, b) => (textOf(a, "s") < textOf(b, "s") ? -1 : 1));
      return { version, body: Buffer.concat(inOrder.map((piece) => bytesOf(piece, "b")!)) };
    }
    item = await requests.get("WordCount", itemKey(key), true);
  }
  if (item) throw new Error(`The pieces of a summary of ${key.scope} are not there.`);
  return { version: 0, body: undefined };
}

async function writePieces(requests: Requests, put: Put, writer: string, body: Uint8Array): Promise<void> {
  const keys = pieceKeys(put, put.version, writer, Math.ceil(body.length / pieceBytesMax));
  await Promise.all(
    keys.map(([p, s], i) =>
      requests.put("WordCount", { p, s, b: body.subarray(i * pieceBytesMax, (i + 1) * pieceBytesMax) }),
    ),
  );
}

/** Of earlier versions, also those of writers who ended before they could clear up. */
async function clearPieces(requests: Requests, key: SummaryKey, version: number): Promise<void> {
  const { items } = await requests.query("WordCount", piecePartition(key), {
    from: "0",
    to: `${sortableTime(version)}.`,
    limit: 50,
  });
  if (items.length > 0) await requests.deleteAll("WordCount", items.map(keyOfItem));
}

function piecePartition({ scope, level }: SummaryKey): string {
  return `${scope}/${level}+`;
}

function pieceKeys(key: SummaryKey, version: number, writer: string, pieces: number): Key[] {
  return Array.from(
    { length: pieces },
    (_, i): Key => [piecePartition(key), `${sortableTime(version)}.${writer}.${String(i).padStart(4, "0")}`],
  );
}
