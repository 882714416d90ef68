import { type Json, limits, type MessageIn } from "#client/mod.ts";

/** Room for commas, names and escapes beside what the service measures. */
const batchBytesMax = Math.floor(limits.batchBytesMax * 0.8);

/** The largest file that a page reads: beyond it, the command line sends a file line by line. */
const fileBytesMax = 64 * 1024 * 1024;

/** The messages of a file: one on each line of NDJSON, else the whole text as one. Throws with what is wrong, and on which line. */
export async function messagesFromFile(file: File): Promise<readonly MessageIn[]> {
  if (file.size > fileBytesMax) {
    throw new Error(
      `${file.name} is larger than 64 MB. Publish it with: npm run bellwether -- publish TOPIC --file FILE`,
    );
  }
  const text = await file.text();
  if (!/\.(ndjson|jsonl)$/i.test(file.name))
    return [{ body: text, title: file.name.slice(0, limits.titleCharactersMax) }];
  return messagesFromLines(text);
}

export function messagesFromLines(text: string): readonly MessageIn[] {
  return text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [messageFromLine(line, i + 1)]));
}

function messageFromLine(line: string, number: number): MessageIn {
  let value: Json;
  try {
    value = JSON.parse(line) as Json;
  } catch (cause) {
    throw new Error(`Line ${number} is not JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { body: value };
  const object = value as Readonly<Record<string, Json>>;
  if (object.body !== undefined) {
    const { body, title, attributes, key, ttlSeconds } = object;
    const given = Object.entries({ title, attributes, key, ttlSeconds }).filter(([, each]) => each !== undefined);
    return { body, ...Object.fromEntries(given) } as MessageIn;
  }
  if (typeof object.text !== "string") return { body: value };
  return { body: object.text, ...(typeof object.title === "string" && object.title !== "" && { title: object.title }) };
}

/** The messages in batches that the service takes: so many, and so many bytes. */
export function* batchesOf(messages: readonly MessageIn[]): Generator<readonly MessageIn[]> {
  let batch: MessageIn[] = [];
  let size = 0;
  for (const message of messages) {
    const own = new TextEncoder().encode(JSON.stringify(message)).length;
    if (batch.length > 0 && (size + own > batchBytesMax || batch.length === limits.batchMessagesMax)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(message);
    size += own;
  }
  if (batch.length > 0) yield batch;
}
