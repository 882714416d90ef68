import { readFileSync } from "node:fs";

/**
 * What `npm run unicode` took from the Unicode Character Database for tests to compare with.
 */
const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

/** Unicode's own cases of word borders: the segments that a text must fall into. */
export function wordBreakCases(): string[][] {
  return read("word-break-test.txt")
    .split("\n")
    .filter((line) => line.startsWith("÷"))
    .map((line) => line.split("÷").filter((segment) => segment.trim() !== ""))
    .map((segments) => segments.map((segment) => textOf(segment.split("×").join(" "))));
}

const [assignedText = "", casefoldText = ""] = read("nfkc-casefold.txt")
  .split(/^#.*\n/m)
  .filter((part) => part !== "");
const items = (text: string): string[] => text.trim().split(/[,\n]/);

/** Every code point that is assigned in this version of Unicode, surrogates excepted. */
export const assignedCodePoints: ReadonlySet<number> = new Set(
  items(assignedText).flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map((code) => parseInt(code, 16));
    return Array.from({ length: last - first + 1 }, (_, i) => first + i).filter(
      (code) => code < 0xd800 || code > 0xdfff,
    );
  }),
);

const casefolds: ReadonlyMap<string, string> = new Map(
  items(casefoldText).map((item) => {
    const [from = "", to = ""] = item.split(";");
    return [textOf(from), textOf(to)];
  }),
);

/** NFKC_Casefold of one assigned character. */
export function casefoldOf(character: string): string {
  return casefolds.get(character) ?? character;
}

function textOf(codes: string): string {
  return String.fromCodePoint(
    ...codes
      .split(" ")
      .filter((code) => code !== "")
      .map((code) => parseInt(code, 16)),
  );
}
