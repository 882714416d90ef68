import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { asks, type LambdaFunctionName } from "#hosts/lambda/grants.main.ts";
import { functionEntries, lambdaFunctionNames } from "./entries.ts";
import { leaveOut } from "./leave-out.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Whose code is in a bundle, by the path that it came from. The rest is ours. */
const origins = {
  aws: /node_modules\/@(aws-sdk|smithy|aws)\//,
  powertools: /@aws-lambda-powertools/,
  zod: /node_modules\/zod\//,
};

/** What a bundle weighs, minified. */
export interface BundleSize {
  readonly name: LambdaFunctionName;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly ofOrigin: Readonly<Record<keyof typeof origins, number>>;
}

/** Builds `<target>/<function>/index.cjs` for every function, each with only what it uses. */
export async function bundleFunctions(target: string): Promise<BundleSize[]> {
  await rm(target, { recursive: true, force: true });
  const sizes = await Promise.all(
    lambdaFunctionNames.filter((name) => name !== lister).map((name) => bundle(name, join(target, name))),
  );
  // Last, as it is told the sizes of all; its own to within the digits of that.
  const known = (own: number): Record<string, number> => ({
    ...Object.fromEntries(sizes.map(({ name, bytes }) => [name, bytes])),
    [lister]: own,
  });
  const { bytes } = await bundle(lister, join(target, lister), known(100_000));
  return [...sizes, await bundle(lister, join(target, lister), known(bytes))];
}

/** The function that lists the others. */
const lister = "listFunctions";

async function bundle(
  name: LambdaFunctionName,
  folder: string,
  bundleBytes?: Readonly<Record<string, number>>,
): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: functionEntries[name], resolveDir: root, sourcefile: `${name}.ts`, loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    // CommonJS: loaded in one synchronous step.
    format: "cjs",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    conditions: ["module"],
    legalComments: "none",
    charset: "utf8",
    ...(bundleBytes && { define: { BUNDLE_BYTES: JSON.stringify(bundleBytes) } }),
    plugins: [leaveOut(root, asks[name])],
    logLevel: "error",
  });
  const { contents } = outputFiles[0]!;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.cjs"), contents);
  return { name, bytes: contents.length, gzipBytes: gzipSync(contents).length, ofOrigin: byOrigin(metafile) };
}

function byOrigin({ outputs }: Metafile): Record<keyof typeof origins, number> {
  const inputs = Object.entries(Object.values(outputs)[0]!.inputs);
  const sum = (pattern: RegExp): number =>
    inputs.reduce((bytes, [path, { bytesInOutput }]) => bytes + (pattern.test(path) ? bytesInOutput : 0), 0);
  return { aws: sum(origins.aws), powertools: sum(origins.powertools), zod: sum(origins.zod) };
}
