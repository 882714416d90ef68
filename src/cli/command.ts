import type { ParseArgsConfig } from "node:util";
import type { Context } from "./context.ts";
import { parseOptions, UsageError } from "./usage.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<T extends Options> = ReturnType<typeof parseOptions<T>>["values"];

/** A command of the CLI. */
export interface Command {
  /** A line for the list of commands. */
  readonly summary: string;
  /** `--help` prints what it does and its options. */
  run(context: Context, args: readonly string[]): Promise<void>;
}

/** Makes a command whose options are parsed and typed; `--help`, `--url` and `--profile` are dealt with here. */
export function defineCommand<const T extends Options>(parts: {
  readonly summary: string;
  readonly help: string;
  readonly options: T;
  /** The most arguments besides options. */
  readonly argumentsMax: number;
  run(context: Context, values: Values<T>, args: readonly string[]): Promise<void>;
}): Command {
  const { summary, options, argumentsMax } = parts;
  const help = `${parts.help.trim()}\n\n${commonHelp}\n`;
  return {
    summary,
    async run(context, args) {
      const { values, positionals } = parseOptions(args, options);
      const { help: wantsHelp, url, profile } = values as { help?: boolean; url?: string; profile?: string };
      if (wantsHelp) return context.stdout.write(help);
      const extra = positionals[argumentsMax];
      if (extra !== undefined) throw new UsageError(`The argument "${extra}" is one too many.`);
      const changed = { ...context, url: url ?? context.url, profileName: profile ?? context.profileName };
      await parts.run(changed, values, positionals);
    },
  };
}

const commonHelp = `Everywhere:
  --url URL         the service; else BELLWETHER_URL, else http://127.0.0.1:8080
  --profile NAME    which tokens to use; else BELLWETHER_PROFILE, else "default"
  -h, --help        this text`;
