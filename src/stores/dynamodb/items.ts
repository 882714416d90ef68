import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** An item as the SDK has it. */
export type Item = Record<string, AttributeValue>;

/** A value as the code of this folder has it. */
export type Value = string | number | Uint8Array | boolean | readonly string[] | undefined;

/** Attributes of these values; what is undefined is left out, a list of texts is a list. */
export function toItem(values: Readonly<Record<string, Value>>): Item {
  const item: Item = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) item[name] = toAttribute(value);
  return item;
}

export function toAttribute(value: Exclude<Value, undefined>): AttributeValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  return { L: value.map((text) => ({ S: text })) };
}

export function textOf(item: Item, name: string): string {
  return item[name]?.S ?? "";
}

/** `otherwise` when the item has no such attribute. */
export function numberOf(item: Item, name: string, otherwise = 0): number {
  const value = item[name]?.N;
  return value === undefined ? otherwise : Number(value);
}

export function bytesOf(item: Item, name: string): Uint8Array | undefined {
  return item[name]?.B;
}

export function textsOf(item: Item, name: string): string[] {
  return (item[name]?.L ?? []).map((each) => each.S ?? "");
}
