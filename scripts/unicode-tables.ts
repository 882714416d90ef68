import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { kindSigns, kinds, unspacedScripts } from "#terms/character-kinds.ts";

/**
 * Writes the tables by which text becomes terms, and the data that their tests compare with, from the Unicode Character
 * Database: `npm run unicode`. Its files are found in `/usr/share/unicode` or the folder given as argument: Debian's
 * package `unicode-data` 15.0.0-1 holds them, as does www.unicode.org/Public/15.0.0. A newer version of Unicode is a new
 * version of the rule from text to terms: raise `tokenizerVersion` with it.
 */
export const unicodeVersion = "15.0.0";
export const unicodeFolder = "/usr/share/unicode";

const root = fileURLToPath(new URL("../", import.meta.url));
const codePoints = 0x110000;

/** Every file that is generated, by its path below the root. Throws if the folder holds another version of Unicode. */
export async function renderUnicode(folder: string): Promise<ReadonlyMap<string, string>> {
  const data = new UnicodeFiles(folder);
  return new Map([
    ["src/terms/unicode-data.ts", await tablesPage(data)],
    ["test/unicode/word-break-test.txt", await wordBreakTestPage(data)],
    ["test/unicode/nfkc-casefold.txt", await casefoldPage(data)],
  ]);
}

class UnicodeFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async text(path: string): Promise<string> {
    const text = await readFile(join(this.#folder, path), "utf8");
    // Three files of the database do not say their version in the first line.
    const isRight = text.startsWith(`# ${path.match(/[^/]+(?=\.txt$)/)![0]}-${unicodeVersion}.txt`);
    const isEmoji = path === "emoji/emoji-data.txt" && text.includes("Used with Emoji Version 15.0 ");
    if (isRight || isEmoji || path === "UnicodeData.txt") return text;
    throw new Error(`${join(this.#folder, path)} is not of Unicode ${unicodeVersion}: see the head of this script.`);
  }

  /** The rows `first..last; field; ...` of a file, comments cut off. */
  async rows(path: string): Promise<{ first: number; last: number; fields: string[] }[]> {
    return (await this.text(path)).split("\n").flatMap((line) => {
      const [codes = "", ...fields] = line.replace(/#.*/, "").split(";");
      if (fields.length === 0) return [];
      const [first = "", last = first] = codes.trim().split("..");
      return [{ first: parseInt(first, 16), last: parseInt(last, 16), fields: fields.map((field) => field.trim()) }];
    });
  }

  /** The value of a property for each code point, from a file of rows `codes; value`. */
  async property(path: string, missing: string): Promise<string[]> {
    const values = new Array<string>(codePoints).fill(missing);
    for (const { first, last, fields } of await this.rows(path)) values.fill(fields[0]!, first, last + 1);
    return values;
  }
}

// ---- unicode-data.ts

async function tablesPage(data: UnicodeFiles): Promise<string> {
  return `// Written by \`npm run unicode\` from the Unicode Character Database ${unicodeVersion}. Change scripts/unicode-tables.ts instead.
// SPDX-License-Identifier: Unicode-3.0. © 2022 Unicode, Inc. The notice is in docs/licenses/unicode.txt.

/** The version of Unicode by which text becomes terms. */
export const unicodeVersion = "${unicodeVersion}";

/** The kind of each code point from 0 on, in runs: its sign (\`kindSigns\`), and the length in base 36 if not 1. */
export const kindRuns =
  "${runs(await kindNumbers(data))}";

/** The lower-case letters that case folding changes, each followed by what it becomes, in UTF-16 by four hexadecimal digits. */
export const caseFoldings =
  "${(await caseFoldings(data)).join(" ")}";

/** The characters that folding drops (Default_Ignorable_Code_Point), as ranges in hexadecimal. */
export const ignorables =
  "${(await ignorables(data)).join(" ")}";
`;
}

async function kindNumbers(data: UnicodeFiles): Promise<number[]> {
  const wordBreak = await data.property("auxiliary/WordBreakProperty.txt", "Other");
  const category = await data.property("extracted/DerivedGeneralCategory.txt", "Cn");
  const script = await data.property("Scripts.txt", "Zzzz");
  const pictographic = new Set<number>();
  for (const { first, last, fields } of await data.rows("emoji/emoji-data.txt")) {
    if (fields[0] !== "Extended_Pictographic") continue;
    for (let code = first; code <= last; code++) pictographic.add(code);
  }
  const sigil = kinds.findIndex(({ name }) => name === "sigil");
  return Array.from({ length: codePoints }, (_, code) => {
    if (code === 0x23 || code === 0x40) return sigil;
    const letter = category[code]!.startsWith("L");
    const unspaced =
      wordBreak[code] === "Katakana" ||
      (["Other", "ALetter", "Extend"].includes(wordBreak[code]!) &&
        unspacedScripts.has(script[code]!) &&
        /^L|^M|^Nl/.test(category[code]!) &&
        !(letter && wordBreak[code] === "Extend"));
    const found = kinds.findIndex(
      (kind) =>
        kind.wordBreak === wordBreak[code] &&
        kind.letter === letter &&
        kind.inTag === (/^[LMN]/.test(category[code]!) || code === 0x5f) &&
        kind.unspaced === unspaced &&
        kind.pictographic === pictographic.has(code) &&
        kind.name !== "sigil" &&
        kind.name !== "surrogate",
    );
    if (found < 0) throw new Error(`U+${code.toString(16)} is of no kind in src/terms/character-kinds.ts.`);
    return found;
  });
}

function runs(numbers: readonly number[]): string {
  let text = "";
  for (let start = 0; start < numbers.length; ) {
    let end = start;
    while (numbers[end] === numbers[start]) end++;
    text += kindSigns[numbers[start]!] + (end - start > 1 ? (end - start).toString(36) : "");
    start = end;
  }
  return text;
}

/** The full case foldings (status C and F) of what is lower case already: all others are the lower case. */
async function caseFoldings(data: UnicodeFiles): Promise<string[]> {
  const lowerCases = new Set<number>();
  for (const { first, fields } of await data.rows("UnicodeData.txt")) if (fields[12] !== "") lowerCases.add(first);
  const rows = await data.rows("CaseFolding.txt");
  return rows
    .filter(({ first, fields }) => (fields[0] === "C" || fields[0] === "F") && !lowerCases.has(first))
    .map(({ first, fields }) => [first, ...fields[1]!.split(" ").map((code) => parseInt(code, 16))])
    .map((codes) => utf16Hex(String.fromCodePoint(...codes)));
}

function utf16Hex(text: string): string {
  return Array.from({ length: text.length }, (_, i) => hex(text.charCodeAt(i))).join("");
}

async function ignorables(data: UnicodeFiles): Promise<string[]> {
  const rows = await data.rows("DerivedCoreProperties.txt");
  const ranges: [number, number][] = [];
  for (const { first, last, fields } of rows.filter(({ fields }) => fields[0] === "Default_Ignorable_Code_Point")) {
    if (fields.length > 1) throw new Error("DerivedCoreProperties.txt has other columns than expected.");
    const before = ranges.at(-1);
    if (before && before[1] + 1 === first) before[1] = last;
    else ranges.push([first, last]);
  }
  return ranges.map(rangeText);
}

// ---- what the tests compare with

/** Unicode's own test cases of word borders, without the names of characters. */
async function wordBreakTestPage(data: UnicodeFiles): Promise<string> {
  const text = await data.text("auxiliary/WordBreakTest.txt");
  return `${notice("WordBreakTest.txt", "the comment behind each case is cut off")}${text.replace(/\t#.*/g, "")}`;
}

/** NFKC_Casefold of every code point that is not its own, and which code points are assigned. */
async function casefoldPage(data: UnicodeFiles): Promise<string> {
  const rows = (await data.rows("DerivedNormalizationProps.txt")).filter(({ fields }) => fields[0] === "NFKC_CF");
  const category = await data.property("extracted/DerivedGeneralCategory.txt", "Cn");
  const folded = rows.flatMap(({ first, last, fields }) => {
    const codes = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    return codes.map((code) => `${hex(code)};${fields[1]}`);
  });
  const assigned: string[] = [];
  for (let start = 0; start < codePoints; ) {
    let end = start;
    while (end < codePoints && (category[end] === "Cn") === (category[start] === "Cn")) end++;
    if (category[start] !== "Cn") assigned.push(rangeText([start, end - 1]));
    start = end;
  }
  return [
    notice("DerivedNormalizationProps.txt and DerivedGeneralCategory.txt", "NFKC_CF by code point, in brief"),
    "# Assigned code points, as ranges\n",
    `${lines(assigned)}\n`,
    "# NFKC_Casefold: code point;what it becomes. Those without a range do not become anything else\n",
    `${lines(folded.filter((each) => category[parseInt(each, 16)] !== "Cn"))}\n`,
  ].join("");
}

function notice(source: string, change: string): string {
  return `# Written by \`npm run unicode\` from ${source} of the Unicode Character Database ${unicodeVersion}; ${change}.
# SPDX-License-Identifier: Unicode-3.0. © 2022 Unicode, Inc. The notice is in docs/licenses/unicode.txt.
#
`;
}

function lines(items: readonly string[]): string {
  let text = "";
  let width = 0;
  for (const item of items) {
    const breaks = width + item.length > 118;
    text += width === 0 ? item : breaks ? `\n${item}` : `,${item}`;
    width = breaks ? item.length : width + item.length + 1;
  }
  return text;
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}

function rangeText([first, last]: readonly [number, number]): string {
  return first === last ? hex(first) : `${hex(first)}-${hex(last)}`;
}

if (import.meta.main) {
  const folder = process.argv[2] ?? unicodeFolder;
  for (const [path, text] of await renderUnicode(folder)) {
    await writeFile(join(root, path), text);
    console.log(`${relative(process.cwd(), join(root, path))}: ${Buffer.byteLength(text)} bytes`);
  }
}
