import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BundleSize, bundleFunctions } from "./lambda/bundle.ts";

/**
 * `npm run build:lambda`: one bundle a function into `dist-lambda/<function>/index.cjs`, and a table of their sizes.
 * `-- --cold` also measures how long a new environment takes to its first answer.
 */
const target = fileURLToPath(new URL("../dist-lambda", import.meta.url));

const { values } = parseArgs({ options: { cold: { type: "boolean" } } });
process.stdout.write(`${table(await bundleFunctions(target))}\n`);
if (values.cold) {
  const { printColdStarts } = await import("./lambda/cold-starts.ts");
  await printColdStarts(target);
}

function table(sizes: readonly BundleSize[]): string {
  const line = (name: string, columns: readonly string[]): string =>
    `${name.padEnd(20)}${columns.map((column) => column.padStart(12)).join("")}`;
  const kb = (bytes: number): string => (bytes / 1000).toFixed(1);
  const rows = sizes.map(({ name, bytes, gzipBytes, ofOrigin: { aws, powertools, zod } }) =>
    line(name, [bytes, gzipBytes, aws, powertools, zod, bytes - aws - powertools - zod].map(kb)),
  );
  return [line("function", ["KB minified", "gzip", "aws", "powertools", "zod", "ours"]), ...rows].join("\n");
}
