import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { stopWordsFor } from "#terms/stop-words.ts";
import { messageTerms } from "#terms/tokenize.ts";
import { readBenchText } from "../text.ts";

/** About what people write in a chat: a dozen words. */
const chatBytes = 100;
/** What `readBenchText` puts around the text of a message. */
const jsonBytes = 40;

/** Messages to count, as their terms; `texts` where they are real. */
export interface Material {
  readonly name: string;
  readonly texts: readonly string[];
  readonly terms: readonly ReadonlySet<string>[];
}

/** Real text in chat-size messages, in reading order: of a file, or what every bench uses. */
export function readText(file: string | undefined): Material {
  const { source, texts } =
    file === undefined ? benchTexts() : { source: basename(file), texts: chatTexts(readFile(file)) };
  const stopWords = stopWordsFor(["en"]);
  return { name: source, texts, terms: texts.map((body) => messageTerms({ body }, { stopWords })) };
}

function benchTexts(): { source: string; texts: string[] } {
  const { source, messages } = readBenchText(chatBytes + jsonBytes);
  return {
    source: source.includes(",") ? "own texts" : source,
    texts: messages.map((bytes) => (JSON.parse(bytes.toString()) as { body: string }).body),
  };
}

/** Plain text, or a JSON object with a `text` in each line. */
function readFile(file: string): string {
  const text = readFileSync(file, "utf8");
  if (!text.startsWith("{")) return text;
  const lines = text.trim().split("\n");
  return lines.map((line) => (JSON.parse(line) as { text: string }).text).join("\n");
}

function chatTexts(text: string): string[] {
  const texts: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length >= chatBytes) {
      texts.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return texts;
}

/** Messages drawn from those of a material with replacement: as much text as is asked for, with its words. */
export function redrawn({ name, texts, terms }: Material, count: number): Material {
  const random = randomFrom(1);
  const drawn = Array.from({ length: count }, () => Math.floor(random() * texts.length));
  return {
    name: `${name}, ${count.toLocaleString("en")} messages drawn`,
    texts: drawn.map((i) => texts[i]!),
    terms: drawn.map((i) => terms[i]!),
  };
}

/** Twelve draws a message from 100,000 words, the i-th being 1 / i as frequent as the first. */
export function zipf(count: number): Material {
  const words = 100_000;
  const random = randomFrom(2);
  const sums = new Float64Array(words);
  for (let i = 0; i < words; i++) sums[i] = (sums[i - 1] ?? 0) + 1 / (i + 1);
  const draw = (): string => {
    const at = random() * sums[words - 1]!;
    let low = 0;
    for (let high = words - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return `w${low.toString(36)}`;
  };
  const terms = Array.from({ length: count }, () => new Set(Array.from({ length: 12 }, draw)));
  return { name: `Zipf, ${count.toLocaleString("en")} messages`, texts: terms.map((set) => [...set].join(" ")), terms };
}

/** Equal stretches of a material, in its order. */
export function stretches<T>(items: readonly T[], count: number): T[][] {
  return Array.from({ length: count }, (_, i) =>
    items.slice(Math.floor((i * items.length) / count), Math.floor(((i + 1) * items.length) / count)),
  );
}

/** Numbers in 0..1, the same for a seed. Source: mulberry32, by Tommy Ettinger. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
