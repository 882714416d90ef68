import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Code } from "aws-cdk-lib/aws-lambda";

const folder = fileURLToPath(new URL("../dist-lambda", import.meta.url));
const standIn = fileURLToPath(new URL("stand-in", import.meta.url));

/**
 * A function's bundle as `npm run build:lambda` left it. Without one a stand-in that only throws takes its place, so that
 * the template can be drawn from a fresh clone; `required` refuses that, for what is deployed.
 */
export function bundleOf(name: string, required: boolean): Code {
  const path = join(folder, name);
  if (existsSync(join(path, "index.cjs"))) return Code.fromAsset(path);
  if (required)
    throw new Error(`There is no bundle of ${name}. Run \`npm ci && npm run build:lambda\` in the root first.`);
  return Code.fromAsset(standIn);
}
