import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * `bellwether/terms` as it is installed: built, below `node_modules` of a folder of its own, and used by the programs of its
 * page, which must print what the page says.
 */
const root = fileURLToPath(new URL("../", import.meta.url));
const run = promisify(execFile);
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "bellwether-terms-"));
  const installed = join(folder, "node_modules", "bellwether");
  await mkdir(installed, { recursive: true });
  await run(process.execPath, [join(root, "scripts/build.ts"), join(installed, "dist")]);
  await cp(join(root, "package.json"), join(installed, "package.json"));
  await symlink(join(root, "node_modules/stopword"), join(folder, "node_modules/stopword"));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
});

after(() => rm(folder, { recursive: true, force: true }));

const page = await readFile(join(root, "docs/guides/terms-library.md"), "utf8");
const samples = [...page.matchAll(/^```ts\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)];

test("every program of the page has its output beside it", () => {
  assert.equal(samples.length, page.match(/^```ts$/gm)?.length);
  assert.ok(samples.length >= 3);
});

for (const [i, [, program, output]] of samples.entries()) {
  test(`program ${i + 1} of the page prints what the page says`, async () => {
    const file = join(folder, `program-${i + 1}.ts`);
    await writeFile(file, program!);
    const { stdout } = await run(process.execPath, [file], { cwd: folder });
    assert.equal(stdout, output);
  });
}

test("the programs and the declarations of the built library agree, without the types of Node", async () => {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    module: "nodenext",
    target: "es2024",
    lib: ["es2024", "dom"],
    types: [],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const { stdout } = await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]);
  assert.equal(stdout, "");
});

test("the library exports what its page and its types name, and loads nothing of Node", async () => {
  const file = join(folder, "names.js");
  await writeFile(file, 'console.log(Object.keys(await import("bellwether/terms")).join());');
  const names = (await run(process.execPath, [file], { cwd: folder })).stdout.trim().split(",");
  for (const name of ["MessageCounter", "mergeEncoded", "topOfEncoded", "SummaryFormatError"])
    assert.ok(names.includes(name), name);
  const { metafile } = await (await import("esbuild")).build({
    stdin: { contents: 'export * from "bellwether/terms"', resolveDir: folder },
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "esm",
    logLevel: "silent",
  });
  assert.deepEqual(
    Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter(({ external }) => external)),
    [],
  );
});
