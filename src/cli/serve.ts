import { once } from "node:events";
import type { Command } from "./command.ts";
import { parseArguments, UsageError } from "./usage.ts";

/** `bellwether serve`. Its options are those of the host, whose table they are drawn from; the host is loaded only here and in `demo`. */
export const serveCommand: Command = {
  summary: "start a service on this machine",
  async run(context, args) {
    const [{ startLocalService }, { greeting, usage }, { SettingError, settingSpecs }] = await Promise.all([
      import("#hosts/local/service.main.ts"),
      import("#hosts/local/greeting.ts"),
      import("#hosts/local/settings.ts"),
    ]);
    const specs = Object.entries(settingSpecs);
    const options = Object.fromEntries(specs.map(([, { flag }]) => [flag, { type: "string" as const }]));
    const help = { help: { type: "boolean", short: "h" } } as const;
    const { values, positionals } = parseArguments(args, { ...options, ...help });
    if (positionals[0] !== undefined) throw new UsageError(`The argument "${positionals[0]}" is one too many.`);
    const flags: Readonly<Record<string, unknown>> = values;
    if (flags.help) return context.stdout.write(usage("bellwether serve"));
    const settings = specs.flatMap(([name, { flag }]) => (flags[flag] === undefined ? [] : [[name, flags[flag]]]));
    const service = await startLocalService(Object.fromEntries(settings)).catch((error) => {
      throw error instanceof SettingError ? new UsageError(error.message) : error;
    });
    try {
      await context.stdout.write(greeting(service.url, service.settings));
      if (!context.signal.aborted) await once(context.signal, "abort");
    } finally {
      await service.close();
    }
  },
};
