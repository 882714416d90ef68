import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const book = resolve(root, "../shared/data/moby-dick.ndjson");

/** Real text in messages of a sentence or two: a book where it is at hand, else what the project is written in. */
export function readTexts(): { readonly name: string; readonly texts: readonly string[] } {
  const isBook = existsSync(book) && process.env.REAL_TEXT !== "own";
  const paragraphs = isBook ? readBook() : readOwn();
  const texts = paragraphs.flatMap((text) => text.match(/[^.!?;]{20,300}[.!?;]*/g) ?? []);
  return { name: isBook ? "moby-dick.ndjson" : "LICENSE, docs and sources of the project", texts };
}

function readBook(): string[] {
  const lines = readFileSync(book, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line).text as string);
}

function readOwn(): string[] {
  const files = ["LICENSE", ...globSync("{*.md,docs/**/*.md,src/**/*.ts}", { cwd: root }).sort()];
  return files.flatMap((file) => readFileSync(join(root, file), "utf8").split(/\n\s*\n/));
}
