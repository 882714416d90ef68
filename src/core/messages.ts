import { BellwetherError, type FieldError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { type DraftMessage, draftOf } from "./entry.ts";
import { nestsDeeperThan, splitElements } from "./json-elements.ts";

/** A body as it came, to be read as messages. */
export interface MessagesBody {
  /** The content type's media type in lower case without parameters; empty when none was sent. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a body as one message or a batch. A message's bytes are kept as they came (only line breaks between its values
 * become spaces), so that what is delivered is what was sent. The messages are views of the body until they are encoded:
 * cutting them out as texts and writing those again took a fifth of the serving thread's time under batches (measured by a
 * CPU profile). Throws `invalid_text`, `invalid_json`, `invalid_request`, `payload_too_large`, `unsupported_media_type`.
 */
export function parseMessages({ mediaType, bytes }: MessagesBody): DraftMessage[] {
  const body = bodyOf(bytes);
  switch (mediaType) {
    case "application/json":
      return checkBatch(parseJsonBody(body));
    case "application/x-ndjson":
    case "application/ndjson":
      return checkBatch(parseLines(body));
    case "text/plain":
      return checkBatch([textMessage(body.text)]);
    case "":
    case "application/x-www-form-urlencoded":
      // What `curl -d` sends by itself. JSON sent so is a slip worth naming, not a text.
      if (/^\s*[{[]/.test(body.text)) {
        throw new BellwetherError(
          "unsupported_media_type",
          "The body looks like JSON but is not marked as such. Use `curl --json`, or send `Content-Type: application/json` (text/plain for a text that begins with a bracket).",
        );
      }
      return checkBatch([textMessage(body.text)]);
    default:
      throw new BellwetherError(
        "unsupported_media_type",
        `The content type "${mediaType.slice(0, 100)}" is none of application/json, application/x-ndjson, text/plain.`,
      );
  }
}

/** A body in UTF-8 and the same as text. */
interface Body {
  readonly bytes: Buffer;
  readonly text: string;
  /** Whether a message may hold a line break, which is told of all of them at once. */
  readonly hasBreaks: boolean;
}

function bodyOf(sent: Uint8Array): Body {
  const hasMark = sent[0] === 0xef && sent[1] === 0xbb && sent[2] === 0xbf;
  const from = hasMark ? 3 : 0;
  const bytes = Buffer.from(sent.buffer, sent.byteOffset + from, sent.byteLength - from);
  return { bytes, text: decodeText(bytes), hasBreaks: bytes.includes(0x0a) || bytes.includes(0x0d) };
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BellwetherError("invalid_text", "The body is not valid UTF-8. Send UTF-8 text.");
  }
}

function parseJsonBody(body: Body): DraftMessage[] {
  const value = parseJson(body.text, "The body");
  if (isObject(value) && Object.hasOwn(value, "messages")) return parseBatch(value, body);
  checkDepth(body.text, "body");
  return [checkMessage(value, body.bytes, body.hasBreaks, "body")];
}

function parseBatch(value: Record<string, unknown>, { bytes, text, hasBreaks }: Body): DraftMessage[] {
  const { messages } = value;
  const unknown = Object.keys(value).filter((name) => name !== "messages");
  if (unknown.length > 0)
    throw invalid(
      unknown.map((name) => ({ path: `body.${name}`, message: "is not a field of a batch; it has only `messages`" })),
    );
  if (!Array.isArray(messages)) throw invalid([{ path: "body.messages", message: "must be an array of messages" }]);
  // A character for each byte: what separates elements is ASCII, which is never part of another character.
  const marks = bytes.length === text.length ? text : bytes.toString("latin1");
  const elements = splitElements(marks, messages.length);
  if (!elements)
    throw invalid([{ path: "body.messages", message: "must be given once, and its name spelled without escapes" }]);
  const { bounds, depth } = elements;
  return messages.map((message, i) => {
    const [start, end] = [bounds[2 * i]!, bounds[2 * i + 1]!];
    const path = `body.messages.${i}`;
    if (depth > limits.messageDepthMax) checkDepth(marks.slice(start, end), path);
    return checkMessage(message, bytes.subarray(start, end), hasBreaks, path);
  });
}

function parseLines({ bytes, hasBreaks }: Body): DraftMessage[] {
  const messages: DraftMessage[] = [];
  for (let start = 0, number = 1; start <= bytes.length; number++) {
    const found = bytes.indexOf(0x0a, start);
    const line = bytes.subarray(start, found < 0 ? bytes.length : found);
    start += line.length + 1;
    const text = line.toString();
    if (text.trim() === "") continue;
    const value = parseJson(text, `Line ${number}`);
    checkDepth(text, `line ${number}`);
    messages.push(checkMessage(value, line, hasBreaks, `line ${number}`));
  }
  return messages;
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BellwetherError("invalid_json", `${what} is not valid JSON: ${(error as Error).message.slice(0, 200)}.`);
  }
}

function textMessage(text: string): DraftMessage {
  return draftOf(`"body":${JSON.stringify(text)}}`);
}

function checkBatch(messages: DraftMessage[]): DraftMessage[] {
  if (messages.length === 0) throw invalid([{ path: "body", message: "holds no message; send at least one" }]);
  if (messages.length > limits.batchMessagesMax)
    throw invalid([
      { path: "body", message: `holds ${messages.length} messages; a batch is at most ${limits.batchMessagesMax}` },
    ]);
  let bytes = 0;
  messages.forEach(({ tail }, i) => {
    bytes += tail.length;
    if (tail.length > limits.messageBytesMax) throw tooLarge(`Message ${i}`, limits.messageBytesMax, tail.length);
  });
  if (messages.length > 1 && bytes > limits.batchBytesMax) throw tooLarge("The batch", limits.batchBytesMax, bytes);
  return messages;
}

function tooLarge(what: string, limitBytes: number, actualBytes: number): BellwetherError {
  return new BellwetherError(
    "payload_too_large",
    `${what} has ${actualBytes} bytes; the limit is ${limitBytes}. Send less at once.`,
    { limitBytes, actualBytes },
  );
}

/** Written by hand, as every message passes here: the schema in the contract says the same, and a test holds the two together. */
function checkMessage(value: unknown, bytes: Buffer, hasBreaks: boolean, path: string): DraftMessage {
  if (!isObject(value))
    throw invalid([{ path, message: 'must be a JSON object with a `body`, such as {"body":"hello"}' }]);
  const errors: FieldError[] = [];
  const wrong = (field: string, message: string): void => void errors.push({ path: `${path}.${field}`, message });
  for (const name of Object.keys(value)) {
    if (!knownFields.has(name))
      wrong(name.slice(0, 100), "is not a field of a message; put your own data into `body` or `attributes`");
  }
  const { title, attributes, key, ttlSeconds } = value;
  if (!Object.hasOwn(value, "body")) wrong("body", "is missing; it may be any JSON value, null too");
  if (title !== undefined && !isText(title, limits.titleCharactersMax))
    wrong("title", `must be a string of at most ${limits.titleCharactersMax} characters`);
  if (attributes !== undefined) checkAttributes(attributes, wrong);
  if (key !== undefined && !(typeof key === "string" && key !== "" && Buffer.byteLength(key) <= limits.keyBytesMax))
    wrong("key", `must be a string of 1..${limits.keyBytesMax} bytes`);
  if (
    ttlSeconds !== undefined &&
    !(Number.isInteger(ttlSeconds) && Number(ttlSeconds) >= 1 && Number(ttlSeconds) <= limits.ttlSecondsMax)
  ) {
    wrong("ttlSeconds", `must be a whole number of seconds, 1..${limits.ttlSecondsMax}`);
  }
  if (errors.length > 0) throw invalid(errors);
  const tail = tailOf(bytes, hasBreaks);
  if (key === undefined && ttlSeconds === undefined) return { tail };
  return {
    tail,
    ...(key !== undefined && { key: key as string }),
    ...(ttlSeconds !== undefined && { ttlSeconds: ttlSeconds as number }),
  };
}

function checkDepth(text: string, path: string): void {
  if (nestsDeeperThan(text, limits.messageDepthMax))
    throw invalid([
      { path, message: `nests deeper than ${limits.messageDepthMax} levels; send a flatter value, or a text` },
    ]);
}

const knownFields: ReadonlySet<string> = new Set(["title", "body", "attributes", "key", "ttlSeconds"]);

function checkAttributes(attributes: unknown, wrong: (field: string, message: string) => void): void {
  if (!isObject(attributes)) {
    wrong("attributes", "must be an object of strings");
    return;
  }
  const names = Object.keys(attributes);
  if (names.length > limits.attributesMax)
    wrong("attributes", `has ${names.length} attributes; at most ${limits.attributesMax}`);
  for (const name of names) {
    if (name === "" || name.length > limits.attributeNameCharactersMax)
      wrong("attributes", `has a name of ${name.length} characters; 1..${limits.attributeNameCharactersMax}`);
    else if (!isText(attributes[name], limits.attributeValueCharactersMax))
      wrong(`attributes.${name}`, `must be a string of at most ${limits.attributeValueCharactersMax} characters`);
  }
}

/** The object without its opening brace, on one line. A line break outside a string is white space; inside one JSON has none. */
function tailOf(bytes: Buffer, hasBreaks: boolean): Uint8Array {
  const tail = bytes.subarray(bytes.indexOf(0x7b) + 1, bytes.lastIndexOf(0x7d) + 1);
  return hasBreaks ? tail.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)) : tail;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown, charactersMax: number): boolean {
  return typeof value === "string" && value.length <= charactersMax;
}

function invalid(errors: readonly FieldError[]): BellwetherError {
  const [first] = errors;
  return new BellwetherError("invalid_request", `${first!.path} ${first!.message}.`, { errors: errors.slice(0, 20) });
}
