import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";

/**
 * What the client of DynamoDB carries and Lambda never needs, each with what stands in its place. Lambda gives credentials
 * and region in the environment, so no chain of other sources is asked; DynamoDB has no event streams; Node has SHA-256.
 * Whatever is left out throws when it is called, so that nothing is missed in silence.
 */
const replacements: readonly (readonly [filter: RegExp, contents: string])[] = [
  [
    /^@aws-sdk\/credential-provider-node$/,
    'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
  ],
  [/^@smithy\/core\/event-streams$/, absent("EventStreamSerde", "eventStreamSerdeProvider")],
  [/^@aws-sdk\/endpoint-cache$/, "export class EndpointCache {}"],
  [/\/Sha256Js$/, absent("Sha256Js")],
  [/\/AdaptiveRetryStrategy$/, absent("AdaptiveRetryStrategy")],
  [
    /\/loadSharedConfigFiles$/,
    'export const CONFIG_PREFIX_SEPARATOR = "."; export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });',
  ],
  [/^\.\/endpoint\/endpointResolver$/, endpointResolver()],
  [/\/getInstanceMetadataRegion$/, absent("getInstanceMetadataRegion")],
  // Whose regions have which names is asked only by the rules of endpoints.
  [/^\.\/partitions$/, "export const partitionsInfo = { partitions: [] };"],
  [/^@smithy\/core\/retry$/, retries()],
];

/** The errors that the store reads more of than their name; others are made without a class of their own. */
const readErrors = ["ConditionalCheckFailedException", "TransactionCanceledException"];

/** The endpoint of a region, or the one that is set. The rules of all AWS services and their interpreter are 18 KB. */
function endpointResolver(): string {
  return `export function defaultEndpointResolver({ Endpoint, Region, UseFIPS, UseDualStack }) {
    if (UseFIPS || UseDualStack) throw new Error("FIPS and dual-stack endpoints are left out of this bundle.");
    const suffix = Region?.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    return { url: new URL(Endpoint ?? "https://dynamodb." + Region + "." + suffix), properties: {}, headers: {} };
  }`;
}

/** The client is made to try once (`src/stores/dynamodb/client.ts`). */
function retries(): string {
  return `export const RETRY_MODES = { STANDARD: "standard", ADAPTIVE: "adaptive" };
  export const DEFAULT_RETRY_MODE = "standard";
  export const NODE_RETRY_MODE_CONFIG_OPTIONS = { environmentVariableSelector() {}, configFileSelector() {}, default: "standard" };
  export const NODE_MAX_ATTEMPT_CONFIG_OPTIONS = { environmentVariableSelector() {}, configFileSelector() {}, default: 1 };
  export const resolveRetryConfig = (config) => {
    if (config.maxAttempts !== 1) throw new Error("Retries are left out of this bundle; maxAttempts must be 1.");
    return config;
  };
  const once = { name: "retryMiddleware", step: "finalizeRequest", priority: "high" };
  export const getRetryPlugin = () => ({ applyToStack: (stack) => stack.add((next) => next, once) });`;
}

function absent(...names: readonly string[]): string {
  return names
    .map((name) => `export function ${name}() { throw new Error("${name} is left out of this bundle."); }`)
    .join("\n");
}

/**
 * Replaces those modules, lets files of ours and lists of words go that nothing names, and leaves the store only the verbs
 * that the function asks for.
 */
export function leaveOut(root: string, verbs: readonly string[]): Plugin {
  return {
    name: "leave-out",
    setup({ onResolve, onLoad, resolve }) {
      replacements.forEach(([filter], index) => {
        onResolve({ filter }, () => ({ path: String(index), namespace: "left-out" }));
      });
      onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
        contents: replacements[Number(path)]![1],
        resolveDir: join(root, "node_modules", "@aws-sdk", "client-dynamodb"),
      }));
      // Of its package.json the client wants the version.
      onLoad({ filter: /@aws-sdk\/client-dynamodb\/package\.json$/ }, async ({ path }) => ({
        contents: `export default ${JSON.stringify({ version: (await import(path, { with: { type: "json" } })).default.version })}`,
      }));
      onLoad({ filter: /client-dynamodb\/dist-es\/schemas\/schemas_0\.js$/ }, async ({ path }) => ({
        contents: (await readFile(path, "utf8")).replace(
          /^n0_registry\.registerError\(\w+\$, (\w+)\);$/gm,
          (line, name) => (readErrors.includes(name) ? line : ""),
        ),
      }));
      onLoad({ filter: /stores\/dynamodb\/all-verbs\.ts$/ }, () => ({
        contents: `export { ${[...new Set(verbs)].join(", ")} } from "./verbs.ts";`,
        resolveDir: join(root, "src/stores/dynamodb"),
      }));
      onResolve({ filter: /^(#|stopword$)/ }, async ({ path, pluginData, ...options }) => {
        if (pluginData === "resolving") return undefined;
        const found = await resolve(path, { ...options, pluginData: "resolving" });
        return { ...found, sideEffects: false };
      });
    },
  };
}
