import { glob, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

/**
 * Builds the console: `console/dist`, from where the sources serve it, or another folder. Beside each file that gains by
 * it lies the same once compressed by brotli and by gzip, as the service compresses nothing itself.
 */
const root = resolve(fileURLToPath(new URL("../console", import.meta.url)));

export async function buildConsole(outDir: string = join(root, "dist")): Promise<void> {
  await build({ configFile: join(root, "vite.config.ts"), logLevel: "warn", build: { outDir } });
  for await (const path of glob("**/*.{html,js,css,svg}", { cwd: outDir })) await compress(join(outDir, path));
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, brotliCompressSync(bytes, { params }));
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildConsole();
