import { BellwetherError } from "#contract/errors.ts";
import type { Json, MessageIn } from "#contract/types.ts";

/** Which fields of a line's object become the body, the title and the key. */
export interface LineFields {
  readonly body: string | undefined;
  readonly title: string | undefined;
  readonly key: string | undefined;
}

/** What the service adds to a message; left out, so that what `subscribe --json` printed can be published again. */
const addedFields = ["id", "topic", "sequence", "publisherId", "publishedAt", "expiresAt"];

/** The message of a line of NDJSON. Throws `invalid_json` and `invalid_request`, naming the line by `where`. */
export function messageFromLine(line: string, where: string, fields: LineFields): MessageIn {
  const value = parseLine(line, where);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const object = isObject ? (value as Readonly<Record<string, Json>>) : {};
  const title = fields.title === undefined ? undefined : textField(object, fields.title);
  const key = fields.key === undefined ? undefined : textField(object, fields.key);
  return {
    ...contentOf(value, object, where, fields.body),
    ...(title === undefined ? {} : { title }),
    ...(key === undefined ? {} : { key }),
  };
}

function contentOf(
  value: Json,
  object: Readonly<Record<string, Json>>,
  where: string,
  field: string | undefined,
): MessageIn {
  if (field !== undefined) {
    const body = Object.hasOwn(object, field) ? object[field] : undefined;
    if (body === undefined) throw new BellwetherError("invalid_request", `${where} has no field "${field}".`);
    return { body };
  }
  if (!Object.hasOwn(object, "body")) return { body: value };
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => !addedFields.includes(name)),
  ) as unknown as MessageIn;
}

/** A title or key from a string or number; none if it is absent, empty or something else. */
function textField(object: Readonly<Record<string, Json>>, name: string): string | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function parseLine(line: string, where: string): Json {
  try {
    return JSON.parse(line) as Json;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BellwetherError("invalid_json", `${where} is not JSON: ${why}.`, {}, { cause });
  }
}
