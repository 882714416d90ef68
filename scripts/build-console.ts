import { glob, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/**
 * Builds the console into `dist/console`, from where both the sources and the built package serve it. Beside each file lies
 * the same compressed by brotli and by gzip, as the service compresses nothing itself.
 */
const root = resolve(fileURLToPath(new URL("..", import.meta.url)));

/** Where the service looks for it. */
export const consoleOutput: string = join(root, "dist", "console");

/** Builds it unless what is there is newer than all it is made of. */
export async function freshenConsole(target: string = consoleOutput): Promise<void> {
  if (!(await isFresh(target))) await buildConsole(target);
}

/** Builds it, beside what is there, and puts it in its place at once: a service that runs never serves half of it. */
export async function buildConsole(target: string = consoleOutput): Promise<void> {
  // Loaded only now: who builds nothing does not wait for it.
  const { build } = await import("vite");
  const configFile = join(root, "console", "vite.config.ts");
  await mkdir(dirname(target), { recursive: true });
  const outDir = await mkdtemp(`${target}-`);
  try {
    await build({ configFile, logLevel: "warn", build: { outDir, emptyOutDir: true } });
    for await (const path of glob("**/*.{html,js,css,svg}", { cwd: outDir })) await compress(join(outDir, path));
    await rm(target, { recursive: true, force: true });
    await rename(outDir, target);
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}

async function isFresh(target: string): Promise<boolean> {
  const builtMs = await modifiedMs(join(target, "index.html"));
  const sources = [join(root, "package-lock.json"), fileURLToPath(import.meta.url)];
  for await (const path of glob("{console,src/client,src/contract}/**/*", { cwd: root }))
    sources.push(join(root, path));
  return (await Promise.all(sources.map(modifiedMs))).every((ms) => ms < builtMs);
}

/** 0 for a file that is not there. */
async function modifiedMs(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, brotliCompressSync(bytes, { params }));
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildConsole();
