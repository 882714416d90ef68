import { glob, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

/**
 * Builds the console into `dist/console`, from where both the sources and the built package serve it. Beside each file lies
 * the same compressed by brotli and by gzip, as the service compresses nothing itself.
 */
const root = resolve(fileURLToPath(new URL("..", import.meta.url)));

/** Where the service looks for it. */
export const consoleOutput: string = join(root, "dist", "console");

/** Builds it into a folder, which is emptied first. Takes about a second. */
export async function buildConsole(outDir: string = consoleOutput): Promise<void> {
  const configFile = join(root, "console", "vite.config.ts");
  await build({ configFile, logLevel: "warn", build: { outDir, emptyOutDir: true } });
  for await (const path of glob("**/*.{html,js,css,svg}", { cwd: outDir })) await compress(join(outDir, path));
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, brotliCompressSync(bytes, { params }));
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildConsole();
