import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/**
 * The dependency rule, read from the import lines of `src/`. Why each arrow is as it is stands in ARCHITECTURE.md. A
 * checker that finds nothing proves nothing: the last tests run it over lines that it must refuse.
 */
const root = fileURLToPath(new URL("../", import.meta.url));

/** Which folders of `src/` a folder may import from, besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  terms: [],
  core: ["contract", "terms"],
  functions: ["core", "contract", "terms"],
  stores: ["core", "contract", "terms"],
  hosts: ["functions", "core", "contract"],
  client: ["contract"],
  cli: ["client", "contract"],
};

/** Packages from outside, each with the only files that may name it. */
const packages: Readonly<Record<string, RegExp>> = {
  "zod/mini": /^contract\/((request-)?schemas|schema-parts|openapi)\.ts$/,
  stopword: /^terms\/stop-words\.ts$/,
  pino: /^hosts\/local\//,
  "prom-client": /^hosts\/local\//,
  "@aws-sdk/client-dynamodb": /^stores\/dynamodb\//,
  "@aws-lambda-powertools/logger": /^hosts\/lambda\/powertools\.ts$/,
  "@aws-lambda-powertools/metrics": /^hosts\/lambda\/powertools\.ts$/,
  "aws-lambda": /^hosts\/lambda\//,
};

/** Node's own modules, by the folders that may not use them all. core and terms do no I/O; what is not named may use any. */
const nodeModules: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  terms: ["node:crypto", "node:zlib"],
  core: ["node:crypto", "node:zlib"],
  functions: ["node:crypto"],
  client: [],
};

interface Source {
  /** Below `src/`. */
  readonly file: string;
  readonly text: string;
}

const isTest = (file: string): boolean =>
  /\.test\.ts$|(^|\/)fake-[^/]*\.ts$/.test(file) || file.startsWith("stores/conformance/");
const isRoot = (file: string): boolean => /(^|[./])main\.ts$/.test(file);

/** What a file breaks of the rule, one sentence each. */
function violationsOf({ file, text }: Source): string[] {
  if (isTest(file)) return [];
  const code = withoutComments(text);
  return [
    ...importsOf(code).flatMap((each) => refusals(file, each).map((why) => `${file}: "${each.specifier}" ${why}`)),
    ...wordsRefused(file, code).map((why) => `${file}: ${why}`),
  ];
}

interface Import {
  readonly specifier: string;
  readonly isDynamic: boolean;
}

function importsOf(code: string): Import[] {
  const fixed = code.matchAll(/^(?:import|export)\b(?:[^;"]*?\bfrom)?\s*"([^"]+)"/gm);
  const dynamic = code.matchAll(/\bimport\(\s*(?:"([^"]*)"|`([^`]*)`|([^)]*))/g);
  return [
    ...[...fixed].map(([, specifier]) => ({ specifier: specifier!, isDynamic: false })),
    ...[...dynamic].map(([, a, b, c]) => ({ specifier: a ?? b ?? c ?? "", isDynamic: true })),
  ];
}

function refusals(file: string, { specifier, isDynamic }: Import): string[] {
  const folder = file.split("/")[0]!;
  if (specifier.startsWith("node:")) {
    const may = nodeModules[folder];
    return may && !may.includes(specifier) ? [`is not for ${folder}`] : [];
  }
  const target = targetOf(file, specifier);
  if (target === undefined) {
    const name = specifier.replace(/\/lib\/.*$/, "");
    return packages[name]?.test(file) ? [] : ["is a package that this file may not use"];
  }
  const [to, part] = target.split("/");
  if (isTest(target)) return ["is a test, and this file is none"];
  if (to === folder) return to === "stores" ? otherStore(file, target) : [];
  if (!isTaken(file, folder, to!, isDynamic)) return [`is an arrow from ${folder} to ${to} that the rule has not`];
  // A client runs in browsers: it never takes the schemas, nor what is drawn from them.
  if (folder === "client" && /^((request-)?schemas|schema-parts|openapi)\.ts$/.test(part!))
    return ["brings zod into the client"];
  return [];
}

function isTaken(file: string, from: string, to: string, isDynamic: boolean): boolean {
  if (arrows[from]?.includes(to)) return true;
  // Composition roots name a concrete store; the one that embeds gives its client too.
  if (from === "hosts" && isRoot(file) && (to === "stores" || to === "client")) return true;
  // `serve` and `demo` start the local host, loaded only when they run; `main.ts` gives `serve` its options.
  return to === "hosts" && isDynamic && /^cli\/(serve|demo|main)\.ts$/.test(file);
}

function otherStore(file: string, target: string): string[] {
  const storeOf = (path: string): string | undefined => /^stores\/([^/]+)\//.exec(path)?.[1];
  const own = storeOf(file);
  return own !== storeOf(target) ? ["is another store"] : [];
}

/** The path below `src/` that a specifier names; undefined for a package. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (!specifier.startsWith(".")) return undefined;
  return resolve("/", dirname(file), specifier).slice(1);
}

function wordsRefused(file: string, code: string): string[] {
  const folder = file.split("/")[0]!;
  const found: string[] = [];
  if (/\bprocess\.env\b/.test(code) && !isRoot(file)) found.push("reads the environment, which is for main.ts");
  if (["core", "terms"].includes(folder) && /\b(Date\.now|performance\.now|Math\.random|setTimeout|fetch)\(/.test(code))
    found.push("reads a clock, chance or the network, which core and terms do not");
  if (["core", "functions", "stores", "terms"].includes(folder) && /\bstatus(OfCode)?\b/.test(code))
    found.push("knows a status code, which is for hosts");
  return found;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

const sources: Source[] = globSync("src/**/*.ts", { cwd: root })
  .filter((path) => !path.endsWith(".d.ts"))
  .map((path) => ({ file: path.slice("src/".length), text: readFileSync(join(root, path), "utf8") }));

test("every folder of src is in the rule, and every import line keeps to it", () => {
  const folders = new Set(sources.map(({ file }) => file.split("/")[0]!));
  assert.deepEqual([...folders].filter((folder) => !(folder in arrows)).sort(), []);
  assert.deepEqual(sources.flatMap(violationsOf), []);
});

test("nothing that a client loads, however far, is zod or a module of Node", () => {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  const reached = new Set(["client/mod.ts"]);
  for (const file of reached) {
    for (const { specifier } of importsOf(withoutComments(byFile.get(file)?.text ?? ""))) {
      const target = targetOf(file, specifier);
      assert.ok(target, `${file} imports ${specifier}, which a browser has not`);
      reached.add(target);
    }
  }
  assert.ok(reached.has("contract/errors.ts") && reached.size > 10, [...reached].join());
});

/** The console takes the SDK and the contract, itself, and what is built into it. */
const consoleMay =
  /^(\.{1,2}\/[\w./-]+\.tsx?|#client\/mod\.ts|#contract\/(?!schemas|openapi)[\w-]+\.ts|preact(\/hooks)?|@preact\/signals|uplot)$/;

test("the console imports itself, the client and the contract, and what is built into it", () => {
  const paths = globSync("console/**/*.{ts,tsx}", { cwd: root }).filter((path) => !path.endsWith("vite.config.ts"));
  assert.ok(paths.length > 30, paths.join());
  for (const path of paths) {
    const found = importsOf(withoutComments(readFileSync(join(root, path), "utf8")));
    const refused = found.filter(({ specifier }) => {
      const isOutside =
        specifier.startsWith(".") && !resolve(root, dirname(path), specifier).startsWith(join(root, "console"));
      return isOutside || !consoleMay.test(specifier);
    });
    assert.deepEqual(refused, [], path);
  }
  for (const other of ["#core/cursor.ts", "#contract/schemas.ts", "node:fs", "zod/mini", "https://cdn.example/x.js"]) {
    assert.doesNotMatch(other, consoleMay);
  }
});

test("all import lines are found, by a count of another kind", () => {
  const code = sources.map(({ text }) => withoutComments(text));
  const found = code.flatMap(importsOf).filter(({ isDynamic }) => !isDynamic);
  const lines = code.flatMap((text) => text.match(/^.*\bfrom "[^"]+";$|^import "[^"]+";$/gm) ?? []);
  assert.ok(lines.length > 200, `only ${lines.length} lines were found`);
  assert.equal(found.length, lines.length);
});

const refused: readonly (readonly [file: string, text: string])[] = [
  ["contract/limits.ts", 'import { hash32 } from "#core/shard.ts";'],
  ["contract/errors.ts", 'import * as z from "zod/mini";'],
  ["contract/schemas.ts", 'import { z } from "zod";'],
  ["terms/words.ts", 'import { limits } from "#contract/limits.ts";'],
  ["terms/words.ts", 'import { readFileSync } from "node:fs";'],
  ["core/reader.ts", 'import type { Context } from "#functions/context.ts";'],
  ["core/reader.ts", 'import { request } from "node:http";'],
  ["core/clock.ts", "const now = Date.now();"],
  ["functions/publish.ts", 'import { openMemoryStore } from "#stores/memory/store.ts";'],
  ["functions/publish.ts", 'import {\n  jsonResponse,\n  type HttpResponse,\n} from "../hosts/http.ts";'],
  ["functions/publish.ts", "return { status: 201 };"],
  ["functions/publish.ts", 'const { readFile } = await import("node:fs/promises");'],
  ["stores/embedded/store.ts", 'import { MemoryStore } from "../memory/store.ts";'],
  ["stores/embedded/store.ts", 'import { storeConformance } from "../conformance/suite.ts";'],
  ["stores/memory/store.ts", 'import { publish } from "#functions/publish.ts";'],
  ["hosts/http.ts", 'import { tokenize } from "#terms/tokenize.ts";'],
  ["hosts/http.ts", 'import { openEmbeddedStore } from "#stores/embedded/store.ts";'],
  ["hosts/local/settings.ts", "const port = process.env.PORT;"],
  ["hosts/http.ts", 'import { pino } from "pino";'],
  ["client/client.ts", 'import { schemas } from "#contract/schemas.ts";'],
  ["client/client.ts", 'import { setTimeout } from "node:timers/promises";'],
  ["client/client.ts", 'export { publish } from "#functions/publish.ts";'],
  ["cli/serve.ts", 'import { startLocalService } from "#hosts/local/service.main.ts";'],
  ["cli/publish.ts", 'const host = await import("#hosts/local/service.main.ts");'],
  ["cli/publish.ts", 'import { readOn } from "#core/reader.ts";'],
  ["cli/main.ts", 'import "left-pad";'],
  ["hosts/http.ts", 'import { DynamoDBClient } from "@aws-sdk/client-dynamodb";'],
];

for (const [file, text] of refused) {
  test(`refused in ${file}: ${text.replaceAll("\n", " ")}`, () => {
    assert.equal(violationsOf({ file, text }).length, 1);
  });
}

test("what looks like an arrow and is none is not refused", () => {
  const text =
    '/** As `import { z } from "zod"` would. */\n// import "node:fs";\nconst hint = "Use another name from it.";\n';
  assert.deepEqual(violationsOf({ file: "core/reader.ts", text }), []);
  assert.deepEqual(violationsOf({ file: "cli/serve.ts", text: 'await import("#hosts/local/service.main.ts");' }), []);
  assert.deepEqual(violationsOf({ file: "hosts/core.main.ts", text: 'import "#stores/embedded/store.ts";' }), []);
});
