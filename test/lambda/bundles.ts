import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";
import { bundleFunctions } from "../../scripts/lambda/bundle.ts";

/** Functions of tests reach the store that the tests share. */
const sharedStore: Plugin = {
  name: "shared-store",
  setup({ onResolve }) {
    const path = fileURLToPath(new URL("shared-store-client.ts", import.meta.url));
    onResolve({ filter: /\/store\.main\.ts$/ }, () => ({ path }));
  },
};

let built: Promise<string> | undefined;

/** The folder of the bundles, built once in a process from the sources as they are, and removed when it ends. */
export function bundles(): Promise<string> {
  built ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), "bellwether-bundles-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    await bundleFunctions(folder, [sharedStore]);
    return folder;
  })();
  return built;
}
