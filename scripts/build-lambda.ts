import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { functionEntries, type LambdaFunctionName } from "./lambda/entries.ts";
import { leaveOut } from "./lambda/leave-out.ts";

/**
 * `npm run build:lambda`: one bundle a function into `dist-lambda/<function>/index.cjs`, minified, with only what that
 * function uses, and a table of their sizes. `-- --cold` also measures cold starts.
 */
const root = fileURLToPath(new URL("../", import.meta.url));
const target = join(root, "dist-lambda");

/** Whose code is in a bundle, by the path that it came from. The rest is ours. */
const origins = {
  aws: /node_modules\/@(aws-sdk|smithy|aws)\//,
  powertools: /@aws-lambda-powertools/,
  zod: /node_modules\/zod\//,
};

interface Size {
  readonly name: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly ofOrigin: Readonly<Record<keyof typeof origins, number>>;
}

const { values } = parseArgs({ options: { cold: { type: "boolean" } } });
await rm(target, { recursive: true, force: true });
const sizes: Size[] = [];
for (const [name, entry] of Object.entries(functionEntries))
  sizes.push(await bundle(name as LambdaFunctionName, entry));
process.stdout.write(`${table(sizes)}\n`);
if (values.cold) await import("./lambda/cold-starts.ts").then(({ printColdStarts }) => printColdStarts(target));

async function bundle(name: LambdaFunctionName, contents: string): Promise<Size> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, sourcefile: `${name}.ts`, loader: "ts" },
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
    plugins: [leaveOut(root)],
    logLevel: "error",
  });
  const [file] = outputFiles;
  await mkdir(join(target, name), { recursive: true });
  await writeFile(join(target, name, "index.cjs"), file!.contents);
  return {
    name,
    bytes: file!.contents.length,
    gzipBytes: gzipSync(file!.contents).length,
    ofOrigin: byOrigin(metafile),
  };
}

function byOrigin({ outputs }: Metafile): Record<keyof typeof origins, number> {
  const inputs = Object.entries(Object.values(outputs)[0]!.inputs);
  const sum = (pattern: RegExp): number =>
    inputs.reduce((bytes, [path, { bytesInOutput }]) => bytes + (pattern.test(path) ? bytesInOutput : 0), 0);
  return { aws: sum(origins.aws), powertools: sum(origins.powertools), zod: sum(origins.zod) };
}

function table(rows: readonly Size[]): string {
  const kb = (bytes: number): string => (bytes / 1000).toFixed(1).padStart(10);
  const head = `${"function".padEnd(22)}${["KB", "gzip", "aws", "powertools", "zod", "the rest"].map((title) => title.padStart(10)).join("")}`;
  const lines = rows.map(({ name, bytes, gzipBytes, ofOrigin: { aws, powertools, zod } }) =>
    [name.padEnd(22), ...[bytes, gzipBytes, aws, powertools, zod, bytes - aws - powertools - zod].map(kb)].join(""),
  );
  return [head, ...lines].join("\n");
}
