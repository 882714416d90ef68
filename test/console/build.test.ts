import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { consoleOutput, freshenConsole } from "../../scripts/build-console.ts";

/** What the build gives: small, and nothing in it that a strict policy would refuse. */
before(() => freshenConsole());

const read = (path: string): Buffer => readFileSync(join(consoleOutput, path));
const files = (): string[] => globSync("**/*.{html,js,css,svg}", { cwd: consoleOutput });

test("the first load is under 150 KB gzipped in all", () => {
  assert.ok(files().length >= 4, files().join());
  const sizes = files().map((path) => gzipSync(read(path), { level: 9 }).length);
  const total = sizes.reduce((sum, each) => sum + each, 0);
  assert.ok(total > 10_000 && total < 150_000, `${total} bytes`);
});

test("the page has no inline script or style, and names only files of its own folder", () => {
  const page = read("index.html").toString();
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=/i);
  const named = [...page.matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  assert.ok(named.length >= 3, page);
  for (const path of named) assert.match(path, /^\.\/assets\/[\w.-]+$/);
});

test("nothing is loaded from elsewhere", () => {
  const styles = files().filter((path) => path.endsWith(".css"));
  for (const path of styles) assert.doesNotMatch(read(path).toString(), /@import|url\(["']?(?:https?:|\/\/|data:)/);
  const code = files().filter((path) => path.endsWith(".js"));
  for (const path of code) {
    const urls = [
      ...read(path)
        .toString()
        .matchAll(/https?:\/\/[\w./-]+/g),
    ].map(([url]) => url);
    // Names, not addresses: those of XML, which a view library compares with.
    assert.deepEqual(
      urls.filter((url) => !url.startsWith("http://www.w3.org/")),
      [],
    );
  }
});
