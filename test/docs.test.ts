import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { errorCodes } from "#contract/errors.ts";
import { statusOfCode } from "#hosts/problems.ts";
import { renderReference } from "../scripts/reference.ts";

/** The pages say what the code does, and name what is there. */
const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

test("the reference pages are what npm run reference writes", async () => {
  const pages = await renderReference();
  assert.deepEqual(globSync("docs/reference/*.md", { cwd: root }).sort(), [...pages.keys()].sort());
  for (const [path, text] of pages) assert.ok(read(path) === text, `${path} is stale: npm run reference`);
});

test("errors.md lists every code with its status, and no other", () => {
  const rows = [...read("docs/reference/errors.md").matchAll(/^\| `([a-z_]+)` \| (\d{3}) \| \S/gm)];
  const listed = Object.fromEntries(rows.map(([, code, status]) => [code!, Number(status)]));
  assert.deepEqual(Object.keys(listed).sort(), Object.keys(errorCodes).sort());
  assert.deepEqual(listed, { ...statusOfCode });
});

test("every guarantee names tests that are there, and a source that is there", () => {
  const sections = read("docs/guarantees.md").split(/^### /m).slice(1);
  const numbers = sections.map((section) => /^([GN]\d+)\. /.exec(section)?.[1]);
  assert.deepEqual(numbers.slice(0, 8), ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8"]);
  assert.deepEqual(
    numbers.slice(8),
    numbers.slice(8).map((_, i) => `N${i + 1}`),
  );
  for (const section of sections) {
    const [, enforcement = "", source = ""] = section.split(/^\*(?:Enforcement|Source)\*: /m);
    assert.deepEqual(missingTests(enforcement), [], section.split("\n", 1)[0]);
    assert.ok(testsNamed(enforcement).length > 0, section);
    assert.deepEqual(missingPaths(source), []);
    assert.ok(/`/.test(source), section);
  }
});

test("every line of the threat model names tests that are there", () => {
  const threats = read("docs/security.md").split("\n## ")[1]!;
  assert.match(threats, /^Threats\n/);
  const lines = threats
    .split("\n- ")
    .slice(1)
    .map((line) => line.split("\n### ", 1)[0]!);
  assert.ok(lines.length > 20);
  for (const line of lines) {
    assert.ok(testsNamed(line).length > 0, line);
    assert.deepEqual(missingTests(line), [], line);
  }
});

test("a test that is not there is noticed", () => {
  const [one] = testsNamed('`src/stores/conformance/expiry.ts`: "never passes the count cursor".');
  assert.deepEqual(one, { path: "src/stores/conformance/expiry.ts", name: "never passes the count cursor" });
  assert.equal(missingTests('`src/stores/conformance/expiry.ts`: "never passes the count curser".').length, 1);
  assert.equal(missingTests('`test/nowhere.test.ts`: "never passes the count cursor".').length, 1);
});

const pagePaths = globSync("{*.md,docs/**/*.md}", { cwd: root });

test("what the pages name as a path of this repository is there", () => {
  assert.ok(pagePaths.length > 20, pagePaths.join());
  for (const path of pagePaths) assert.deepEqual(missingPaths(read(path), dirname(path)), [], path);
});

test("the decisions are numbered without a hole and have their four parts", () => {
  const paths = globSync("docs/decisions/*.md", { cwd: root }).sort();
  paths.forEach((path, i) => {
    assert.ok(path.includes(`/${String(i + 1).padStart(4, "0")}-`), path);
    const text = read(path);
    assert.match(text, new RegExp(`^# ${i + 1}\\. `));
    assert.deepEqual(
      [...text.matchAll(/^\*\*(.+?)\.\*\*/gm)].map(([, part]) => part),
      ["Context", "Decision", "Consequences", "What would change our mind"],
      path,
    );
  });
});

test("the pages use none of the words that make a reader feel slow", () => {
  for (const path of pagePaths) assert.doesNotMatch(read(path), /\b(just|simply|easy|easily|obviously)\b/i, path);
});

function testsNamed(text: string): { path: string; name: string }[] {
  return [...text.matchAll(/`([^`\s]+\.ts)`:\s+"([^"]+)"/g)].map(([, path, name]) => ({ path: path!, name: name! }));
}

function missingTests(text: string): string[] {
  return testsNamed(text)
    .filter(({ path, name }) => {
      if (!existsSync(join(root, path))) return true;
      const named = [...read(path).matchAll(/\b(?:test|check)\(\s*(?:"([^"]+)"|'([^']+)'|`([^`]+)`)/g)];
      return !named.some(([, a, b, c]) => (a ?? b ?? c) === name);
    })
    .map(({ path, name }) => `${path}: ${name}`);
}

/** Paths in backticks that begin with a folder of the repository, or end as a page, and lead nowhere. */
function missingPaths(text: string, folder = "."): string[] {
  return [...text.matchAll(/`((?:src|test|docs|scripts|bench)(?:\/[\w./-]+)?|[\w./-]+\.md|[a-z]+\/[\w./-]+\.ts)`/g)]
    .map(([, path]) => path!)
    .filter((path) => ![path, join(folder, path), join("src", path)].some((each) => existsSync(join(root, each))));
}
