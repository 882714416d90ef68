import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LambdaFunctionName } from "#hosts/lambda/grants.main.ts";
import { readSettings } from "#hosts/local/settings.ts";
import { startBackend } from "../../test/lambda/backend.ts";
import { Environment, type FunctionSpec } from "../../test/lambda/environment.ts";
import { startLambdaStack } from "../../test/lambda/stack.ts";

const rounds = 15;
const adminKey = "cold-start-admin-key";
const headers = { authorization: `Bearer ${adminKey}`, "content-type": "text/plain" };

/** The call that each function is started with: a real one, over the tables. */
const calls: Readonly<Partial<Record<LambdaFunctionName, object>>> = {
  publish: event("POST", "/v1/topics/cold/messages", "hello"),
  subscribe: event("GET", "/v1/subscribers/{id}/messages"),
  getPopularTerms: event("GET", "/v1/popular-terms"),
};

/**
 * Prints how long a new environment takes, from the start of its process to its first answer, beside a handler that does
 * nothing. Medians of rounds in which each is started once, in an order that turns; the ratio is what travels to other
 * machines.
 */
export async function printColdStarts(bundles: string): Promise<void> {
  const bare = await mkdtemp(join(tmpdir(), "bellwether-bare-"));
  await writeFile(join(bare, "index.cjs"), "exports.handler = async () => ({ statusCode: 200 });\n");
  const settings = readSettings({ adminKey, port: "0" }, {});
  const stack = await startLambdaStack({ settings, bundles, backend: await startBackend() });
  try {
    const subscriberId = await prepare(stack.url);
    const variants: [string, FunctionSpec, string][] = Object.entries(calls).map(([name, call]) => [
      name,
      stack.functions[name as LambdaFunctionName].spec,
      JSON.stringify(call).replace("{id}", subscriberId),
    ]);
    variants.unshift(["(bare handler)", { ...variants[0]![1], folder: bare }, "{}"]);
    const times = new Map(variants.map(([name]) => [name, { init: [] as number[], answer: [] as number[] }]));
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < variants.length; i++) {
        const [name, spec, payload] = variants[(i + round) % variants.length]!;
        const { init, answer } = await coldStart(name, spec, payload);
        times.get(name)!.init.push(init);
        times.get(name)!.answer.push(answer);
      }
    }
    const base = median(times.get("(bare handler)")!.answer);
    process.stdout.write(`\ncold start, medians of ${rounds}  init ms  first answer ms  times the bare handler\n`);
    for (const [name, { init, answer }] of times) {
      const columns = [median(init).toFixed(0).padStart(12), median(answer).toFixed(0).padStart(17)];
      process.stdout.write(`${name.padEnd(22)}${columns.join("")}${(median(answer) / base).toFixed(2).padStart(24)}\n`);
    }
  } finally {
    await stack.close();
    await rm(bare, { recursive: true });
  }
}

async function coldStart(name: string, spec: FunctionSpec, payload: string): Promise<{ init: number; answer: number }> {
  const startedAt = performance.now();
  const environment = await Environment.start(spec, () => {});
  const init = performance.now() - startedAt;
  const outcome = await environment.invoke(payload);
  const answer = performance.now() - startedAt;
  await environment.end();
  const { statusCode } = JSON.parse(outcome.kind === "response" ? outcome.payload : "{}");
  if (!(statusCode < 300)) throw new Error(`${name} answered ${JSON.stringify(outcome).slice(0, 500)}`);
  return { init, answer };
}

async function prepare(url: string): Promise<string> {
  await fetch(`${url}/v1/topics/cold`, { method: "PUT", headers: { authorization: headers.authorization } });
  const made = await fetch(`${url}/v1/subscribers`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: '{"topics":["cold"]}',
  });
  return ((await made.json()) as { subscriberId: string }).subscriberId;
}

function event(method: string, rawPath: string, body?: string): object {
  const requestContext = { stage: "$default", http: { method, path: rawPath } };
  return { version: "2.0", rawPath, rawQueryString: "", headers, requestContext, body, isBase64Encoded: false };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
