import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BundleSize, bundleFunctions } from "../../scripts/lambda/bundle.ts";

let built: Promise<{ folder: string; sizes: readonly BundleSize[] }> | undefined;

/** The bundles, built once in a process from the sources as they are, and removed when it ends. */
export function bundles(): Promise<{ readonly folder: string; readonly sizes: readonly BundleSize[] }> {
  built ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), "bellwether-bundles-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return { folder, sizes: await bundleFunctions(folder) };
  })();
  return built;
}
