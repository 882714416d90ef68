import { spawnSync } from "node:child_process";
import { chmod, glob, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { freshenConsole } from "./build-console.ts";

/**
 * Builds `dist/`, the package as it is installed: the tree of `src/` as JavaScript, file by file, so that what a file
 * finds beside itself (a worker thread, the package's root) is found the same way from the sources and from the build;
 * the types of the SDK, of the embedded service and of the library of terms beside their code; the SDK once more as one
 * file, `dist/client.js`, for a page without a bundler; and the console. With `--code`, as `npm start` calls it, only what
 * the service runs and serves, and nothing when that is newer than all it is built from: run from the sources the service
 * would take 45 MB more.
 * A folder named `dist` elsewhere can be given to build into.
 */
const { values, positionals } = parseArgs({
  options: { code: { type: "boolean", default: false } },
  allowPositionals: true,
});
const codeOnly = values.code;
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src");
const target = resolve(positionals[0] ?? join(root, "dist"));
if (basename(target) !== "dist") throw new Error(`${target}: it would be emptied; give a folder named dist.`);
const validation = /^zod(\/|$)/;

/** What is started or imported from outside. Worker threads are named by URL, which no import shows. */
const libraries = ["client/mod", "hosts/in-process/main", "terms/mod"];
const entries = [...libraries, "cli/main", "hosts/local/main"].map((path) => join(source, `${path}.ts`));
for await (const path of glob("**/*-thread{,.main}.ts", { cwd: source })) entries.push(join(source, path));

if (!codeOnly || !(await isUpToDate())) {
  await emptyTarget();
  const reached = await filesReached(entries);
  await buildTree(reached.filter(({ validates }) => !validates));
  await buildValidation(reached.filter(({ validates }) => validates));
  if (!codeOnly) {
    await buildBrowserFile();
    await buildTypes();
  }
  await chmod(join(target, "cli", "main.js"), 0o755);
}
await freshenConsole(join(target, "console"));

/** The console is left to `build-console.ts`, which replaces it at once: a service that runs may be serving it. */
async function emptyTarget(): Promise<void> {
  for await (const path of glob("*", { cwd: target })) {
    if (!path.startsWith("console")) await rm(join(target, path), { recursive: true });
  }
}

/** Whether the last file that a build makes is newer than every source. */
async function isUpToDate(): Promise<boolean> {
  const built = await modifiedMs(join(target, "cli", "main.js"));
  const sources = [join(root, "package.json"), fileURLToPath(import.meta.url)];
  for await (const path of glob("**/*", { cwd: source })) sources.push(join(source, path));
  const modified = await Promise.all(sources.map(modifiedMs));
  return modified.every((ms) => ms < built);
}

/** 0 for a file that is not there. */
async function modifiedMs(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

interface SourceFile {
  readonly path: string;
  /** It imports the library that validates. */
  readonly validates: boolean;
}

/** The files of `src/` that the entries import, themselves included: no tests, no fakes, no other hosts. */
async function filesReached(entryPoints: readonly string[]): Promise<SourceFile[]> {
  const { metafile } = await build({
    entryPoints: [...entryPoints],
    absWorkingDir: root,
    bundle: true,
    write: false,
    outdir: target,
    metafile: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "error",
  });
  return Object.entries(metafile.inputs).map(([path, { imports }]) => ({
    path: join(root, path),
    validates: imports.some((each) => validation.test(each.path)),
  }));
}

async function buildTree(files: readonly SourceFile[]): Promise<void> {
  await build({ ...treeOptions(files), plugins: [keepImports()] });
}

/**
 * The files that validate take along what they use of their library, in a file they share: as a whole it takes 6 MB of
 * memory, most of it for error messages in 40 languages.
 */
async function buildValidation(files: readonly SourceFile[]): Promise<void> {
  const chunkNames = "contract/validation-[hash]";
  await build({ ...treeOptions(files), splitting: true, chunkNames, plugins: [keepImports(validation)] });
}

function treeOptions(files: readonly SourceFile[]): BuildOptions {
  return {
    entryPoints: files.map(({ path }) => path),
    outdir: target,
    outbase: source,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
  };
}

/** Every import but those taken along stays one: of our files by the path of what is built from them, of the rest as it is. */
function keepImports(takenAlong?: RegExp): Plugin {
  return {
    name: "keep-imports",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind, importer, resolveDir }) => {
        if (kind === "entry-point" || takenAlong?.test(path) || importer.includes("node_modules")) return undefined;
        return { path: builtSpecifier(path, resolveDir), external: true };
      });
    },
  };
}

async function buildBrowserFile(): Promise<void> {
  await build({
    entryPoints: [join(source, "client", "mod.ts")],
    outfile: join(target, "client.js"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    minify: true,
    logLevel: "warning",
  });
}

/** The declarations that the libraries show, and no others: of the rest of the service nothing is imported from outside. */
async function buildTypes(): Promise<void> {
  await emitDeclarations(libraries.map((path) => join(source, `${path}.ts`)));
  const wanted = new Set<string>();
  const waiting = libraries.map((path) => join(target, `${path}.d.ts`));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (wanted.has(file)) continue;
    wanted.add(file);
    for (const specifier of await pointToNeighbours(file)) {
      if (specifier.startsWith(".")) waiting.push(join(dirname(file), specifier.replace(/\.js$/, ".d.ts")));
    }
  }
  for await (const path of glob("**/*.d.ts", { cwd: target })) {
    if (!wanted.has(join(target, path))) await rm(join(target, path));
  }
}

async function emitDeclarations(files: readonly string[]): Promise<void> {
  const config = join(target, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    typeRoots: [join(root, "node_modules", "@types")],
    rootDir: source,
    outDir: target,
  };
  const include = [join(source, "**", "*.d.ts")];
  await writeFile(config, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, files, include }));
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", config], { cwd: root, stdio: "inherit" });
  await rm(config);
  if (status !== 0) throw new Error("The declarations could not be made.");
}

/** Rewrites the imports of a declaration file, as the `imports` of package.json name the sources, and gives them. */
async function pointToNeighbours(file: string): Promise<string[]> {
  const folder = join(source, relative(target, dirname(file)));
  const specifiers: string[] = [];
  const text = await readFile(file, "utf8");
  const pointed = text.replace(/(from |import\()"([^"\n]+)"/g, (_whole, before: string, specifier: string) => {
    const built = builtSpecifier(specifier, folder);
    specifiers.push(built);
    return `${before}"${built}"`;
  });
  await writeFile(file, pointed);
  return specifiers;
}

/** `#contract/errors.ts`, as the sources in a folder name it, becomes `../contract/errors.js`. */
function builtSpecifier(specifier: string, folder: string): string {
  if (!/^[#.]/.test(specifier)) return specifier;
  const path = specifier.startsWith("#") ? join(source, specifier.slice(1)) : join(folder, specifier);
  const near = relative(folder, path).replaceAll("\\", "/").replace(/\.ts$/, ".js");
  return near.startsWith(".") ? near : `./${near}`;
}
