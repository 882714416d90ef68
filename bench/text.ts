import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** Messages made of real text, so that words, JSON escapes and UTF-8 are what they are in use. */
export interface BenchText {
  /** Where the text is from, for the report. */
  readonly source: string;
  /** Message texts as JSON, each at most `messageBytes`, with a number in them that `numberOf` finds. */
  readonly messages: readonly Buffer[];
}

/** A message's number is 7 digits after this; patched in place to tell messages apart on their way. Letters only: no escaping changes it. */
export const numberMarker = Buffer.from("numbered");
export const numberDigits = 7;

const head = '{"attributes":{"n":"numbered0000000"},"body":"';
const tail = '"}';

/** Cuts Moby-Dick (or the book that `REAL_TEXT` names), or the project's own texts where that is not at hand, into messages of about `messageBytes`. */
export function readBenchText(messageBytes: number): BenchText {
  const { source, text } = readText();
  const messages: Buffer[] = [];
  let line = "";
  let lineBytes = 0;
  const room = messageBytes - head.length - tail.length;
  for (const word of text.split(/\s+/)) {
    const escaped = JSON.stringify(word).slice(1, -1);
    const bytes = Buffer.byteLength(escaped);
    if (bytes > room) continue;
    if (lineBytes + 1 + bytes > room) {
      messages.push(Buffer.from(head + line + tail));
      line = "";
      lineBytes = 0;
    }
    line += line === "" ? escaped : ` ${escaped}`;
    lineBytes = Buffer.byteLength(line);
  }
  return { source, messages };
}

/** Where the digits of a message's number begin; undefined where there is no message. */
export function numberOffset(bytes: Buffer): number | undefined {
  const at = bytes.indexOf(numberMarker);
  return at < 0 ? undefined : at + numberMarker.length;
}

export function writeNumber(bytes: Buffer, offset: number, value: number): void {
  let rest = value;
  for (let at = offset + numberDigits - 1; at >= offset; at--) {
    bytes[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

export function readNumber(bytes: Buffer, offset: number): number {
  let value = 0;
  for (let at = offset; at < offset + numberDigits; at++) value = value * 10 + bytes[at]! - 48;
  return value;
}

function readText(): { source: string; text: string } {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const book = process.env.REAL_TEXT ?? `${root}../shared/data/moby-dick.ndjson`;
  if (existsSync(book)) {
    const lines = readFileSync(book, "utf8").trim().split("\n");
    return {
      source: process.env.REAL_TEXT === undefined ? "Moby-Dick" : basename(book, ".ndjson"),
      text: lines.map((line) => (JSON.parse(line) as { text: string }).text).join("\n"),
    };
  }
  const own = ["LICENSE", "README.md", "ARCHITECTURE.md", "docs/guarantees.md"].filter((name) =>
    existsSync(root + name),
  );
  const text = own.map((name) => readFileSync(root + name, "utf8")).join("\n");
  return { source: own.join(", "), text };
}
