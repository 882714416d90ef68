import { parseArgs } from "node:util";
import { greeting, usage } from "./greeting.ts";
import { giveMemoryOptions } from "./memory-options.main.ts";
import { SettingError, type SettingName, settingSpecs } from "./settings.ts";

/** `npm start`: serves until SIGTERM or SIGINT, then stops in order. */
giveMemoryOptions();
const names = Object.keys(settingSpecs) as SettingName[];

try {
  const options = Object.fromEntries(names.map((name) => [settingSpecs[name].flag, { type: "string" as const }]));
  const { values } = parseArgs({ options: { ...options, help: { type: "boolean" } } });
  const flags: Readonly<Record<string, string | boolean | undefined>> = values;
  if (flags.help) {
    process.stdout.write(usage("npm start --"));
  } else {
    const given = names.flatMap((name) => {
      const value = flags[settingSpecs[name].flag];
      return typeof value === "string" ? [[name, value] as const] : [];
    });
    const { startLocalService } = await import("./service.main.ts");
    const service = await startLocalService(Object.fromEntries(given));
    process.stdout.write(greeting(service.url, service.settings));
    const stop = (): void => {
      process.removeListener("SIGTERM", stop).removeListener("SIGINT", stop);
      void service.close().then(() => process.exit(0));
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
  }
} catch (error) {
  const isUsage = error instanceof SettingError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`bellwether: ${(error as Error).message}\n`);
  process.exit(isUsage ? 2 : 1);
}
