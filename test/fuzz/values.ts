import fc from "fast-check";
import type { Schema } from "./document.ts";

/** What a run has learned of the service and can put into later requests. */
export type Pool =
  | "topic"
  | "publisherId"
  | "subscriberId"
  | "messageId"
  | "cursor"
  | "cursorAhead"
  | "next"
  | "continue"
  | "streamToken"
  | "time"
  | "hour"
  | "idempotencyKey";

/** Stands in a plan for something that is known only when the request is made: the `at`-th of a pool. */
export class Known {
  readonly pool: Pool;
  readonly at: number;

  constructor(pool: Pool, at: number) {
    this.pool = pool;
    this.at = at;
  }
}

export const known = (pool: Pool): fc.Arbitrary<Known> => fc.nat(1_000_000).map((at) => new Known(pool, at));

/** Pools that a field of this name is mostly taken from. */
const poolsOf: Readonly<Record<string, readonly Pool[]>> = {
  topic: ["topic"],
  topics: ["topic"],
  publisherId: ["publisherId"],
  subscriberId: ["subscriberId"],
  messageId: ["messageId"],
  cursor: ["cursor", "cursor", "cursor", "cursorAhead"],
  after: ["cursor", "cursor", "next", "topic", "publisherId", "cursorAhead"],
  from: ["cursor", "hour", "hour", "cursorAhead"],
  to: ["hour"],
  at: ["time"],
  lastEventId: ["cursor"],
  "Last-Event-ID": ["cursor"],
  "Idempotency-Key": ["idempotencyKey"],
  streamToken: ["streamToken"],
  continue: ["continue"],
};

const words: Readonly<Record<string, readonly string[]>> = {
  from: ["latest", "earliest"],
  languages: ["en", "de", "fr", "zh"],
};

/** Values that a schema allows; a field that names something is mostly given something that is there. */
export function valid(schema: Schema, name: string): fc.Arbitrary<unknown> {
  const own = bySchema(schema, name);
  if (schema.type === "array" || schema.type === "object" || schema.anyOf) return own;
  // A cursor is longer than what pages of lists go on from.
  const pools = (poolsOf[name] ?? []).filter((pool) => !pool.startsWith("cursor") || (schema.maxLength ?? 200) >= 200);
  const options = [
    ...pools.map((pool) => ({ weight: 8, arbitrary: known(pool) as fc.Arbitrary<unknown> })),
    ...(words[name] ?? []).map((word) => ({ weight: 3, arbitrary: fc.constant(word) as fc.Arbitrary<unknown> })),
    { weight: pools.length > 0 && name !== "topics" ? 1 : 4, arbitrary: own },
  ];
  return fc.oneof(...options);
}

function bySchema(schema: Schema, name: string): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return json;
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => bySchema(each, name)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "integer":
    case "number":
      return integer(schema, name);
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(valid(schema.items!, name), { minLength: schema.minItems ?? 0, maxLength: few(schema.maxItems) });
    case "object":
      return object(schema);
    default:
      return text(schema);
  }
}

const json = fc.oneof({ weight: 3, arbitrary: fc.string() }, { weight: 2, arbitrary: fc.jsonValue() });

function few(max: number | undefined): number {
  return Math.min(max ?? 5, 5);
}

function integer({ minimum = -1e9, maximum = 1e9 }: Schema, name: string): fc.Arbitrary<unknown> {
  // A long poll takes a caller out for as long as it waits.
  if (name === "wait")
    return fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) });
  const max = Math.min(maximum, Number.MAX_SAFE_INTEGER);
  return fc.oneof(
    fc.constantFrom(minimum, max),
    fc.integer({ min: minimum, max: Math.min(max, minimum + 20) }),
    fc.integer({ min: minimum, max: Math.min(max, 2 ** 31 - 1) }),
  );
}

function object(schema: Schema): fc.Arbitrary<unknown> {
  if (typeof schema.additionalProperties === "object") {
    const { maxLength = 20 } = schema.additionalProperties;
    return fc.dictionary(
      fc.string({ minLength: 1, maxLength: 10 }),
      fc.string({ maxLength: Math.min(maxLength, 30) }),
      {
        maxKeys: few(schema.maxProperties),
        noNullPrototype: true,
      },
    );
  }
  const fields = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, valid(each, name)]);
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: [...(schema.required ?? [])] as never[],
    noNullPrototype: true,
  });
}

function text({ pattern, format, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<unknown> {
  if (format === "date-time") return known("hour");
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).filter((each) => each.length <= 128);
  return fc.oneof(
    { weight: 9, arbitrary: fc.string({ unit: "grapheme-composite", minLength, maxLength: Math.min(maxLength, 20) }) },
    { weight: 1, arbitrary: fc.constant("x".repeat(maxLength)) },
  );
}

/** A valid value with one place of it made wrong: another type, a missing or unknown field, past a limit. */
export function almostValid(schema: Schema, name: string): fc.Arbitrary<unknown> {
  return fc.tuple(valid(schema, name), fc.nat(), hostile).map(([value, at, wrong]) => spoil(value, at, wrong));
}

function spoil(value: unknown, at: number, wrong: unknown): unknown {
  if (value instanceof Known || typeof value !== "object" || value === null) return wrong;
  const names = Object.keys(value);
  const deeper = Math.floor(at / 7);
  const name = names[deeper % Math.max(1, names.length)];
  if (Array.isArray(value)) {
    if (name === undefined || at % 7 === 0) return [...value, wrong];
    return value.map((each, i) => (String(i) === name ? spoil(each, deeper, wrong) : each));
  }
  const copy: Record<string, unknown> = { ...value };
  switch (at % 7) {
    case 0:
      return wrong;
    case 1:
      return { ...copy, unknown: wrong };
    case 2:
      if (name !== undefined) delete copy[name];
      return copy;
    default:
      if (name !== undefined) copy[name] = spoil(copy[name], deeper, wrong);
      return copy;
  }
}

const nested = (depth: number, isArray: boolean): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = isArray ? [value] : { a: value };
  return value;
};

/** JSON values that nobody expects where they come. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    0.5,
    1e308,
    2 ** 53,
    -(2 ** 63),
    "",
    " ",
    "null",
    "\0",
    "\ud800",
    "\u202e",
    "__proto__",
    "constructor",
    "../..",
    "latest ",
    "c1.",
    "c1.AAAA",
    "9999-12-31T23:59:59.999Z",
    "0000-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01T00:00:00+23:59",
    "+275760-09-13T00:00:00Z",
    [],
    {},
    [[]],
    { toString: 1 },
    "x".repeat(5_000),
    Array.from({ length: 40 }, () => "t"),
  ),
  fc.constantFrom(5, 30, 60, 100, 500).chain((depth) => fc.boolean().map((isArray) => nested(depth, isArray))),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue(),
  fc.double(),
);
