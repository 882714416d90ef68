import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { MessageIn } from "#contract/types.ts";
import { inBatches } from "./batches.ts";
import { defineCommand } from "./command.ts";
import { openInputs, readLines, readWhole } from "./input.ts";
import { type LineFields, messageFromLine } from "./message-from-line.ts";
import { createProgress } from "./progress.ts";
import { openSession } from "./session.ts";
import { parseSeconds, UsageError } from "./usage.ts";

/** `bellwether publish`. */
export const publishCommand = defineCommand({
  summary: "publish a message, or many from files or the standard input",
  help: `
bellwether publish <topic> [text]

Publishes the text, or what comes in as one message. A publisher for the topic is registered at the first time and kept
in the profile; that makes the topic too.

  bellwether publish news "Hello, world"
  tail -f app.log | bellwether publish logs --lines
  bellwether publish books --ndjson --body-field text --title-field name --file books.ndjson

  --lines             each line is a message; blank lines are left out
  --ndjson            each line is a JSON value: a message if it has "body", else the body of one
  --body-field NAME   the body is this field of the line's object; so for the title and the key:
  --title-field NAME
  --key-field NAME
  --file FILE         read this file instead of the standard input; may be given again
  --title TEXT        the title of each message
  --key TEXT          the key of each message; messages of one key keep their order
  --ttl TIME          how long the messages live: 90, 90s, 15m, 12h, 7d
  --progress          say how far it is, also when the standard error is no terminal
  --json              print the answers of the service, one a line`,
  options: {
    lines: { type: "boolean" },
    ndjson: { type: "boolean" },
    "body-field": { type: "string" },
    "title-field": { type: "string" },
    "key-field": { type: "string" },
    file: { type: "string", multiple: true },
    title: { type: "string" },
    key: { type: "string" },
    ttl: { type: "string" },
    progress: { type: "boolean" },
    json: { type: "boolean" },
  },
  argumentsMax: 2,
  async run(context, values, [topic, text]) {
    if (topic === undefined) throw new UsageError("Name the topic to publish to.");
    checkSource(values, text, context.stdin.isTTY === true);
    const session = openSession(context);
    const progress = createProgress(context.stderr, values.progress === true);
    const messages = readMessages(values, text, context.stdin);
    let lastId = "";
    try {
      for await (const batch of inBatches(messages, context.signal)) {
        const published = await session.asPublisher(topic, (publisher) => publisher.publish(topic, batch));
        lastId = published.messages.at(-1)?.id ?? "";
        if (values.json) await context.stdout.write(`${JSON.stringify(published)}\n`);
        await progress.add(batch.length);
      }
      if (context.signal.aborted) throw new Error("Interrupted before the end of the input.");
    } catch (error) {
      if (progress.count > 0) await progress.stopped();
      throw error;
    }
    await progress.clear();
    const what = progress.count === 1 ? `message ${lastId}` : progress.summary();
    if (!values.json) await context.stdout.write(`Published ${what} to ${topic}.\n`);
  },
});

interface PublishValues {
  readonly lines?: boolean | undefined;
  readonly ndjson?: boolean | undefined;
  readonly "body-field"?: string | undefined;
  readonly "title-field"?: string | undefined;
  readonly "key-field"?: string | undefined;
  readonly file?: readonly string[] | undefined;
  readonly title?: string | undefined;
  readonly key?: string | undefined;
  readonly ttl?: string | undefined;
}

function checkSource(values: PublishValues, text: string | undefined, isTerminal: boolean): void {
  const { lines, ndjson, file } = values;
  if (lines && ndjson) throw new UsageError("Choose one of --lines and --ndjson.");
  if (text !== undefined && (lines || ndjson || file)) throw new UsageError("Give a text or an input, not both.");
  if (!ndjson && (values["body-field"] ?? values["title-field"] ?? values["key-field"]) !== undefined) {
    throw new UsageError("--body-field, --title-field and --key-field need --ndjson.");
  }
  if (text === undefined && !file && isTerminal) throw new UsageError("Give a text, --file, or an input by a pipe.");
}

async function* readMessages(
  values: PublishValues,
  text: string | undefined,
  stdin: NodeJS.ReadableStream,
): AsyncGenerator<MessageIn, void> {
  const common = commonFields(values);
  if (text !== undefined) {
    yield { ...common, body: text };
    return;
  }
  const fields: LineFields = { body: values["body-field"], title: values["title-field"], key: values["key-field"] };
  for (const input of openInputs(values.file ?? [], stdin)) {
    if (!values.lines && !values.ndjson) yield { ...common, body: await readWhole(input) };
    else {
      for await (const { line, number } of readLines(input)) {
        const message = values.lines
          ? { body: line }
          : messageFromLine(line, `Line ${number} of ${input.name}`, fields);
        yield checkSize({ ...common, ...message }, `Line ${number} of ${input.name}`);
      }
    }
  }
}

function commonFields({ title, key, ttl }: PublishValues): Partial<MessageIn> {
  const ttlSeconds = ttl === undefined ? undefined : parseSeconds("--ttl", ttl);
  if (ttlSeconds !== undefined && (ttlSeconds < 1 || ttlSeconds > limits.ttlSecondsMax)) {
    throw new UsageError("--ttl is at least 1 second and at most 365 days.");
  }
  return {
    ...(title === undefined ? {} : { title }),
    ...(key === undefined ? {} : { key }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
  };
}

/** A text that is too large can be named here by its line; the service could only tell its place in the batch. */
function checkSize(message: MessageIn, where: string): MessageIn {
  const bytes = typeof message.body === "string" ? Buffer.byteLength(message.body) : 0;
  if (bytes <= limits.messageBytesMax) return message;
  throw new BellwetherError("payload_too_large", `${where} is of ${bytes} bytes: at most ${limits.messageBytesMax}.`);
}
