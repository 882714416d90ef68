import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** The end-to-end tests on the other hosts. All of them on the emulated stack: `npm run test:lambda`. */
async function run(host: string, files: readonly string[], pattern = ""): Promise<void> {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const only = pattern === "" ? [] : [`--test-name-pattern=${pattern}`];
  const child = spawn(process.execPath, ["--test", ...only, ...files.map((file) => `test/${file}.test.ts`)], {
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

test("the Lambda functions in one process pass the tests over HTTP", () => run("functions", ["http", "access"]));

test("function processes pass every operation's test, and those of Idempotency-Key and publishing", () =>
  run("lambda", ["http"], "every operation|Idempotency-Key|publishing"));
