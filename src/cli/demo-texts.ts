import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { limits } from "#contract/limits.ts";

/** Paragraphs to publish to a topic. */
export interface DemoText {
  readonly topic: string;
  readonly paragraphs: readonly string[];
}

/** A larger file is a corpus and not for a tour: its beginning is read. */
const charactersMax = 20_000_000;

/** Of what is found on the machine, as much as can be followed by eye. */
const installedParagraphsMax = 3_000;

/** The texts of the given files, each in a topic of its own up to three; the rest go round. */
export async function readGivenTexts(files: readonly string[]): Promise<DemoText[]> {
  const topics = files.slice(0, 3).map(topicOf);
  const paragraphs = topics.map((): string[] => []);
  for (const [index, file] of files.entries()) {
    paragraphs[index % topics.length]?.push(...cutParagraphs(await readFile(file, "utf8")));
  }
  return mergeTopics(topics.map((topic, index) => ({ topic, paragraphs: paragraphs[index] ?? [] })));
}

/** English text that is on every installation: the documents of this package, and of Node and npm. */
export async function readInstalledTexts(packageFolder: string): Promise<DemoText[]> {
  const nodeFolder = dirname(dirname(process.execPath));
  const npmDocs = join("node_modules", "npm", "docs", "content");
  const sources = {
    "demo-bellwether": [join(packageFolder, "README.md"), join(packageFolder, "docs")],
    "demo-node": [
      ...["README.md", "share/doc"].map((name) => join(nodeFolder, name)),
      join(nodeFolder, "lib", npmDocs),
      "/usr/share/doc/nodejs/api",
      "/usr/share/nodejs/npm/docs/content",
      join("/usr/lib", npmDocs),
    ],
    "demo-licenses": [join(packageFolder, "LICENSE"), join(nodeFolder, "LICENSE"), "/usr/share/common-licenses"],
  };
  const texts: DemoText[] = [];
  for (const [topic, paths] of Object.entries(sources)) {
    const paragraphs: string[] = [];
    for (const path of paths) {
      for (const text of await readTextsBelow(path)) paragraphs.push(...cutParagraphs(text));
    }
    if (paragraphs.length > 0) texts.push({ topic, paragraphs: paragraphs.slice(0, installedParagraphsMax) });
  }
  return texts;
}

/** Paragraphs by blank lines, each on one line; what has hardly a word is left out. */
export function cutParagraphs(text: string): string[] {
  return text
    .slice(0, charactersMax)
    .split(/\r?\n\s*\r?\n/)
    .map((paragraph) =>
      paragraph
        .replace(/\s+/g, " ")
        .trim()
        .slice(0, limits.messageBytesMax / 8),
    )
    .filter((paragraph) => /\p{L}{2,}.*\s\p{L}{2,}/u.test(paragraph));
}

function topicOf(file: string): string {
  const name = basename(file, extname(file))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `demo-${name.slice(0, 40) || "text"}`;
}

function mergeTopics(texts: readonly DemoText[]): DemoText[] {
  const byTopic = new Map<string, string[]>();
  for (const { topic, paragraphs } of texts) byTopic.set(topic, [...(byTopic.get(topic) ?? []), ...paragraphs]);
  return [...byTopic]
    .map(([topic, paragraphs]) => ({ topic, paragraphs }))
    .filter((text) => text.paragraphs.length > 0);
}

/** The text of a file, or of the documents in a folder and two levels below; nothing if it is not there or not to be read. */
async function readTextsBelow(path: string, depth = 3): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return found.size > charactersMax ? [] : [await readFile(path, "utf8").catch(() => "")];
  if (!found?.isDirectory() || depth === 0) return [];
  const texts: string[] = [];
  for (const entry of (await readdir(path, { withFileTypes: true }).catch(() => [])).slice(0, 200)) {
    const isDocument = entry.isFile() && /^(\.md|\.txt|)$/.test(extname(entry.name));
    if (isDocument || entry.isDirectory()) texts.push(...(await readTextsBelow(join(path, entry.name), depth - 1)));
  }
  return texts;
}
