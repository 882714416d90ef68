import { type ParseArgsConfig, parseArgs } from "node:util";

/** The command line is wrong; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Options that every command has. */
export const commonOptions = {
  help: { type: "boolean", short: "h" },
  url: { type: "string" },
  profile: { type: "string" },
} as const satisfies ParseArgsConfig["options"];

/** The option values and the other arguments of a command. */
export function parseOptions<T extends NonNullable<ParseArgsConfig["options"]>>(args: readonly string[], options: T) {
  return parseArguments(args, { ...commonOptions, ...options });
}

/** The same without the options that every command of a client has. */
export function parseArguments<T extends NonNullable<ParseArgsConfig["options"]>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(explain(error));
  }
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '([^']+)'/.exec(message)?.[1];
  if (unknown === undefined) return message;
  return `There is no option ${unknown}. Put text that begins with "-" behind "--".`;
}

/** A whole number of an option, within its range. */
export function parseWhole(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${option} takes a whole number from ${min} to ${max}, not "${text}".`);
  }
  return value;
}

const secondsIn = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds from `90`, `90s`, `15m`, `12h` or `7d`. */
export function parseSeconds(option: string, text: string): number {
  const match = /^(\d{1,12})([smhd]?)$/.exec(text);
  if (!match) throw new UsageError(`${option} takes a time as 90, 90s, 15m, 12h or 7d, not "${text}".`);
  return Number(match[1]) * secondsIn[(match[2] || "s") as keyof typeof secondsIn];
}
