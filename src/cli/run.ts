import { BellwetherError } from "#contract/errors.ts";
import type { Command } from "./command.ts";
import { type Context, OutputClosed } from "./context.ts";
import { demoCommand } from "./demo.ts";
import { printable } from "./output.ts";
import { publishCommand } from "./publish.ts";
import { rebuildTermsCommand } from "./rebuild-terms.ts";
import { serveCommand } from "./serve.ts";
import { subscribeCommand } from "./subscribe.ts";
import { termsCommand } from "./terms.ts";
import { topicsCommand } from "./topics.ts";
import { UsageError } from "./usage.ts";

const commands: ReadonlyMap<string, Command> = new Map([
  ["serve", serveCommand],
  ["publish", publishCommand],
  ["subscribe", subscribeCommand],
  ["terms", termsCommand],
  ["topics", topicsCommand],
  ["rebuild-terms", rebuildTermsCommand],
  ["demo", demoCommand],
]);

/** Runs a command line, prints what it has to say, and gives the exit code. */
export async function runCli(context: Context, args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === "--version" || name === "-V") await context.stdout.write(`${context.version}\n`);
    else if (name === "--help" || name === "-h" || name === "help") await printHelp(context, rest[0]);
    else if (name === undefined) throw new UsageError("Name a command.");
    else await find(name).run(context, rest);
    return 0;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    await context.stderr.write(`bellwether: ${printable(context.stderr, explain(error, name))}\n`).catch(() => {});
    return exitCode(error);
  }
}

function find(name: string): Command {
  const command = commands.get(name);
  if (!command) throw new UsageError(`There is no command "${name}".`);
  return command;
}

async function printHelp(context: Context, name: string | undefined): Promise<void> {
  await (name === undefined ? context.stdout.write(help) : find(name).run(context, ["--help"]));
}

function exitCode(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (!(error instanceof BellwetherError)) return 1;
  if (error.code === "connection_failed") return 3;
  return error.status === 401 || error.status === 403 ? 4 : 1;
}

function explain(error: unknown, name: string | undefined): string {
  if (error instanceof UsageError) {
    const which = name !== undefined && commands.has(name) ? `bellwether ${name} --help` : "bellwether --help";
    return `${error.message} See "${which}". (usage)`;
  }
  if (!(error instanceof BellwetherError)) return `${error instanceof Error ? error.message : String(error)} (failed)`;
  const fields = (error.details.errors ?? []).map(({ path, message }) => `\n  ${path}: ${message}`).join("");
  return `${error.message} (${error.code})${fields}${hintFor(error)}`;
}

function hintFor({ code }: BellwetherError): string {
  if (code === "connection_failed") return '\n  Is it running? "bellwether serve" starts one on this machine.';
  if (code === "unauthenticated") return "\n  The admin key goes into BELLWETHER_ADMIN_KEY.";
  return "";
}

const help = `bellwether: durable publish/subscribe over plain HTTP, which also says what everyone is talking about

  bellwether demo                       a tour of a minute, with nothing to set up
  bellwether serve                      start a service on this machine
  bellwether publish news "Hello"       publish to the topic "news"
  bellwether subscribe news --follow    read it

Commands ("bellwether <command> --help" tells more):
${[...commands].map(([name, { summary }]) => `  ${name.padEnd(15)}${summary}\n`).join("")}
  --version   the version
  --help      this text

Environment:
  BELLWETHER_URL          the service; http://127.0.0.1:8080 by default
  BELLWETHER_ADMIN_KEY    the admin key, if the service has one
  BELLWETHER_PROFILE      the name of the profile that keeps the tokens, "default" by default,
                          a file in \${XDG_CONFIG_HOME:-~/.config}/bellwether
  NO_COLOR                no colors

Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 the service cannot be reached; 4 refused (401, 403)
`;
