import { createReadStream } from "node:fs";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";

/** Where text comes from, with the name to call it by in errors. */
export interface Input {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array | string>;
}

/** The named files, or the standard input if there are none. */
export function* openInputs(files: readonly string[], stdin: NodeJS.ReadableStream): Generator<Input, void> {
  if (files.length === 0) yield { name: "the input", chunks: stdin };
  for (const file of files) yield { name: file, chunks: createReadStream(file) };
}

/** All the text of an input, refused when it is larger than any message. */
export async function readWhole(input: Input): Promise<string> {
  let whole = "";
  for await (const text of decode(input)) {
    whole += text;
    if (whole.length > limits.bodyBytesMax) throw tooLarge(`${input.name} is larger than a message can be`);
  }
  return whole;
}

/** The lines of an input with their numbers, without their ends (LF or CRLF); blank ones are left out. */
export async function* readLines(input: Input): AsyncGenerator<{ line: string; number: number }, void> {
  let partial = "";
  let number = 0;
  for await (const text of decode(input)) {
    const lines = text.split("\n");
    lines[0] = partial + lines[0];
    partial = lines.pop() ?? "";
    for (const each of lines) {
      number += 1;
      if (each.trim() !== "") yield { line: withoutReturn(each), number };
    }
    if (partial.length > limits.bodyBytesMax) throw tooLarge(`Line ${number + 1} of ${input.name} is too long`);
  }
  if (partial.trim() !== "") yield { line: withoutReturn(partial), number: number + 1 };
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

async function* decode({ name, chunks }: Input): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of chunks) yield typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new BellwetherError("invalid_text", `${name} is not UTF-8 text.`, {}, { cause });
  }
}

function tooLarge(what: string): BellwetherError {
  return new BellwetherError("payload_too_large", `${what}: at most ${limits.messageBytesMax} bytes.`);
}
