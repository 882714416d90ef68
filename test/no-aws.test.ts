import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

/*
 * AWS is for those who ask for it: what is installed to run, and what `npm start` loads, hold no module of it.
 */

const root = new URL("../", import.meta.url);

/** Starts and stops the local service, and prints every module of AWS that was loaded for it. */
function modulesOfAws(store: string): { loaded: string[]; started: boolean } {
  const dataDir = mkdtempSync(join(tmpdir(), "bellwether-no-aws-"));
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve(specifier, context, next) {
        const resolved = next(specifier, context);
        if (/@aws|@smithy|stores\\/dynamodb/.test(resolved.url)) console.log("loaded " + resolved.url);
        return resolved;
      },
    });
    const { startLocalService } = await import("./src/hosts/local/service.main.ts");
    const environment = { STORE: ${JSON.stringify(store)}, AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9" };
    const service = await startLocalService({ port: "0", dataDir: process.argv[1], logLevel: "silent" }, environment);
    console.log("started");
    await service.close();
    process.exit(0);`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program, dataDir], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
  });
  rmSync(dataDir, { recursive: true });
  const lines = stdout.split("\n");
  return { loaded: lines.filter((line) => line.startsWith("loaded ")), started: lines.includes("started") };
}

test("a service over SQLite loads no module of AWS; one over DynamoDB does", () => {
  assert.deepEqual(modulesOfAws("embedded"), { loaded: [], started: true });
  const { loaded, started } = modulesOfAws("dynamodb");
  assert.ok(loaded.length > 0 && !started, "nothing answers at that endpoint");
});

test("what is installed to run holds no module of AWS", () => {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", root), "utf8"));
  // What npm leaves out with --omit=dev is marked `dev`, whether it is optional besides or not.
  const toRun = Object.entries(lock.packages as Record<string, { dev?: boolean }>)
    .filter(([, { dev }]) => !dev)
    .map(([path]) => path);
  assert.ok(toRun.some((path) => path.endsWith("node_modules/pino")));
  assert.deepEqual(
    toRun.filter((path) => /@aws|@smithy|@dynoxide/.test(path)),
    [],
  );
});
