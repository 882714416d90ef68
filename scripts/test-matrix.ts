import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * `npm run test:matrix`: the end-to-end tests and a whole book on each host and store, one after the other. `npm test` runs
 * a part of each; arguments name the hosts to run.
 */
const hosts = ["in-process", "local", "dynamodb", "functions", "lambda"];
const files = ["http", "access", "streams", "real-text"].map((name) => `test/${name}.test.ts`);
const asked = process.argv.slice(2);
const failed: string[] = [];
for (const host of asked.length > 0 ? asked : hosts) {
  process.stdout.write(`\n${host}\n`);
  const child = spawn(process.execPath, ["--test", "--test-concurrency=1", "--test-reporter=dot", ...files], {
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    env: { ...process.env, BELLWETHER_TEST_HOST: host },
    stdio: "inherit",
  });
  const [code] = await once(child, "close");
  if (code !== 0) failed.push(host);
}
process.stdout.write(failed.length > 0 ? `\nfailed: ${failed.join(", ")}\n` : "\nall pass\n");
process.exitCode = failed.length > 0 ? 1 : 0;
