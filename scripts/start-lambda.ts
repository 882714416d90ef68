import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { greeting } from "#hosts/local/greeting.ts";
import { readSettings, type SettingName, settingSpecs } from "#hosts/local/settings.ts";
import { startBackend } from "../test/lambda/backend.ts";
import { bundles } from "../test/lambda/bundles.ts";
import type { PoolEvent } from "../test/lambda/function-pool.ts";
import { startLambdaStack } from "../test/lambda/stack.ts";

/**
 * `npm run start:lambda`: the whole serverless service on this machine, in the shape that it has on AWS. Takes the options
 * of `npm start`, and prints what happens to the functions' environments as it happens.
 */
const names = Object.keys(settingSpecs) as SettingName[];
const options = Object.fromEntries(names.map((name) => [settingSpecs[name].flag, { type: "string" as const }]));
const values: Readonly<Record<string, unknown>> = parseArgs({ options }).values;
const flags = names.flatMap((name) => {
  const value = values[settingSpecs[name].flag];
  return typeof value === "string" ? [[name, value] as const] : [];
});
const settings = readSettings(Object.fromEntries(flags), process.env);
await mkdir(settings.dataDir, { recursive: true });

const stack = await startLambdaStack({
  settings,
  backend: await startBackend({
    file: join(settings.dataDir, "dynamodb.db"),
    onFault: (error) => process.stderr.write(`stream: ${error}\n`),
  }),
  bundles: (await bundles()).folder,
  onEvent: (event) => process.stdout.write(`${lineOf(event)}\n`),
  onLog: (name, line) => {
    // Metrics are lines too; what is said at WARN and above is for people.
    if (/"level":"(WARN|ERROR|CRITICAL)"/.test(line) || !line.startsWith("{"))
      process.stderr.write(`${name}: ${line}\n`);
  },
});
process.stdout.write(greeting(stack.url, settings));

const stop = (): void => {
  process.removeListener("SIGTERM", stop).removeListener("SIGINT", stop);
  void stack.close().then(() => process.exit(0));
};
process.on("SIGTERM", stop).on("SIGINT", stop);

function lineOf({ what, functionName, running, environments, initMs, detail }: PoolEvent): string {
  const more = initMs === undefined ? (detail ?? "") : `${initMs.toFixed(0)} ms`;
  const environment = `${running} of ${environments} environments running`;
  return `${what.padEnd(10)} ${functionName.padEnd(20)} ${environment}${more === "" ? "" : `, ${more}`}`;
}
