import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Json, TableItem } from "#contract/types.ts";

/** In place of what proves who somebody is, and of hashes of it. */
const hidden = "(hidden)";
const secretNames: ReadonlySet<string> = new Set(["secretHash", "secret_hash"]);

/** A stored record as people may see it: no secret's hash, long texts cut, bytes as text. */
export function shownItem(record: object): TableItem {
  return shown(record) as TableItem;
}

/** Bytes of which the first are at hand. */
export function shownBytes(head: Uint8Array, bytes: number): Json {
  // Cut before it is decoded: what is shown is the beginning anyway. Control characters would be noise.
  const text = Buffer.from(head.subarray(0, limits.tableTextCharactersMax)).toString("utf8");
  const isCut = bytes > limits.tableTextCharactersMax;
  return { bytes, text: text.replace(/[\p{Cc}\ufffd]+/gu, "·") + (isCut ? "…" : "") };
}

function shown(value: unknown): Json {
  if (typeof value === "string")
    return value.length > limits.tableTextCharactersMax ? `${value.slice(0, limits.tableTextCharactersMax)}…` : value;
  if (value instanceof Uint8Array) return shownBytes(value, value.length);
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) return [...value].map(shown);
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([name, field]) => [name, secretNames.has(name) ? hidden : shown(field)]));
  }
  return value === null || typeof value === "boolean" || Number.isFinite(value) ? (value as Json) : String(value);
}

/** The key of an item as the `next` of a page. */
export function encodeItemKey(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

/** What `encodeItemKey` gave, with as many values of these types. Throws `invalid_request` for anything else. */
export function decodeItemKey(text: string, types: readonly ("text" | "number")[]): (string | number)[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    const isKey = (value: unknown, i: number): boolean => typeof value === (types[i] === "text" ? "string" : "number");
    if (Array.isArray(values) && values.length === types.length && values.every(isKey)) return values;
  } catch {
    // Not JSON: refused below.
  }
  const message = "must be the `next` of the page before, as it was given";
  throw new BellwetherError("invalid_request", `query.after ${message}.`, {
    errors: [{ path: "query.after", message }],
  });
}
