import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** `REAL_TEXT` names another book, or is `own`. */
const book = resolve(root, process.env.REAL_TEXT ?? "../shared/data/moby-dick.ndjson");

/**
 * Real text in messages of a sentence or two: of a file with a `text` in each line of JSON, of a book where it is at hand,
 * or else what the project is written in.
 */
export function readTexts(file?: string): { readonly name: string; readonly texts: readonly string[] } {
  const found = file ?? (existsSync(book) ? book : undefined);
  const paragraphs = found === undefined ? readOwn() : readLines(found);
  const texts = paragraphs.flatMap((text) => text.match(/[^.!?;]{20,300}[.!?;]*/g) ?? []);
  return { name: found === undefined ? "LICENSE, docs and sources of the project" : basename(found), texts };
}

function readLines(file: string): string[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line).text as string);
}

function readOwn(): string[] {
  const files = ["LICENSE", ...globSync("{*.md,docs/**/*.md,src/**/*.ts}", { cwd: root }).sort()];
  return files.flatMap((file) => readFileSync(join(root, file), "utf8").split(/\n\s*\n/));
}
