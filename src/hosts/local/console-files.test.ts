import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import type { HttpRequest, HttpResponse } from "../http-types.ts";
import { type ConsoleFiles, createConsoleFiles } from "./console-files.ts";

async function builtConsole(t: TestContext): Promise<{ folder: string; files: ConsoleFiles }> {
  const root = await mkdtemp(join(tmpdir(), "bellwether-console-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, "console");
  await mkdir(join(folder, "assets"), { recursive: true });
  await writeFile(join(root, "secret.txt"), "secret");
  await writeFile(join(folder, "index.html"), "<title>built</title>");
  await writeFile(join(folder, "assets", "main-abc.js"), "let a = 1;");
  await writeFile(join(folder, "assets", "main-abc.js.br"), brotliCompressSync("let a = 1;"));
  return { folder, files: createConsoleFiles(folder, ["https://other.example"]) };
}

function call(
  files: ConsoleFiles,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<HttpResponse | undefined> {
  const request: HttpRequest = {
    method,
    target,
    header: (name) => headers[name],
    body: async () => new Uint8Array(),
    signal: AbortSignal.timeout(10_000),
  };
  return files(request);
}

const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const textOf = (response: HttpResponse | undefined): string => Buffer.from(response!.bytes!).toString();

test("a browser gets the page under a policy that lets it load and call nothing foreign", async (t) => {
  const { files } = await builtConsole(t);
  const page = await call(files, "/?x=1", html);
  assert.equal(textOf(page), "<title>built</title>");
  const policy = page!.headers["content-security-policy"]!;
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.match(policy, /connect-src 'self' https:\/\/other\.example;/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.deepEqual(
    [page!.headers["x-content-type-options"], page!.headers["referrer-policy"], page!.headers["cache-control"]],
    ["nosniff", "no-referrer", "no-cache"],
  );
  assert.equal(await call(files, "/", { accept: "*/*" }), undefined, "curl is answered as before");
});

test("files with a hash in their name are kept for ever, compressed for whom takes it, and not sent again when known", async (t) => {
  const { files } = await builtConsole(t);
  const plain = await call(files, "/assets/main-abc.js");
  assert.equal(textOf(plain), "let a = 1;");
  assert.match(plain!.headers["content-type"]!, /^text\/javascript/);
  assert.match(plain!.headers["cache-control"]!, /immutable/);
  const small = await call(files, "/assets/main-abc.js", { "accept-encoding": "gzip, br" });
  assert.equal(small!.headers["content-encoding"], "br");
  assert.deepEqual(Buffer.from(small!.bytes!), brotliCompressSync("let a = 1;"));
  assert.notEqual(small!.headers.etag, plain!.headers.etag);
  const known = await call(files, "/assets/main-abc.js", { "if-none-match": `"x", ${plain!.headers.etag}` });
  assert.deepEqual([known!.status, known!.bytes], [304, undefined]);
});

test("HEAD, OPTIONS and other methods are answered as for every page", async (t) => {
  const { files } = await builtConsole(t);
  const head = await call(files, "/", html, "HEAD");
  assert.deepEqual([head!.status, head!.bytes!.length, head!.headers["content-length"]], [200, 0, "20"]);
  assert.equal((await call(files, "/", html, "OPTIONS"))!.status, 204);
  assert.equal((await call(files, "/assets/main-abc.js", {}, "DELETE"))!.status, 405);
});

test("no path leads out of the folder", async (t) => {
  const { files } = await builtConsole(t);
  await call(files, "/", html);
  for (const path of [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/assets/../../secret.txt",
    "//secret.txt",
    "/%2e%2e/secret.txt",
    "/..\\secret.txt",
    "/assets",
    "/assets/",
    "/__proto__",
  ])
    assert.equal(await call(files, path, html), undefined, path);
});

test("without a build the page says how to make one, and what was built meanwhile is served", async (t) => {
  const { folder } = await builtConsole(t);
  const missing = createConsoleFiles(join(folder, "not-there"), []);
  const page = await call(missing, "/", html);
  assert.deepEqual([page!.status, /npm run console:build/.test(page!.body!)], [200, true]);
  assert.equal(await call(missing, "/assets/main-abc.js"), undefined);

  const files = createConsoleFiles(folder, []);
  await call(files, "/", html);
  await writeFile(join(folder, "index.html"), "<title>again</title>");
  await utimes(join(folder, "index.html"), new Date(), new Date(Date.now() + 5_000));
  assert.equal(textOf(await call(files, "/", html)), "<title>again</title>");
});
