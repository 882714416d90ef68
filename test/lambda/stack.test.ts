import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";
import { bundles } from "./bundles.ts";

/*
 * Each host and store passes the end-to-end tests: here the part that goes through every operation, in full by
 * `npm run test:matrix`.
 */

const engine = await startEngine();
const skip = engine.missing;
await engine.close();

async function run(host: string, pattern: string): Promise<void> {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const only = pattern === "" ? [] : [`--test-name-pattern=${pattern}`];
  const child = spawn(process.execPath, ["--test", ...only, "test/http.test.ts"], {
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    env: { ...environment, BELLWETHER_TEST_HOST: host },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, "close");
  assert.equal(code, 0, output.slice(-4_000));
  const passed = Number(/^. pass (\d+)$/m.exec(output)?.[1]);
  assert.ok(passed >= 10, `${passed} tests passed`);
}

test("in one process over memory", () => run("in-process", ""));

test("the Lambda functions in one process", () => run("functions", ""));

test("npm start over DynamoDB", { skip }, () => run("dynamodb", "every operation|Idempotency-Key"));

// What a function is not granted is refused on the way, and fails the test that meets it.
test("function processes over DynamoDB, with no right but those granted", { skip }, () =>
  run("lambda", "every operation|Idempotency-Key|publishing"),
);

test("publish and subscribe are under 250 KB, minified", async () => {
  const { sizes } = await bundles();
  for (const { name, bytes } of sizes.filter((each) => ["publish", "subscribe"].includes(each.name)))
    assert.ok(bytes < 250_000, `${name}: ${bytes}`);
});
