import { defaultServiceSettings, type ServiceSettings } from "#core/settings.ts";
import { hashSecret } from "#core/tokens.ts";

/** Everything that the one-machine host can be set to. Complete: nobody below writes a default again. */
export interface LocalSettings extends ServiceSettings {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** Host names that an open service answers to besides localhost. */
  readonly allowedHosts: readonly string[];
  /** Origins whose web pages may call the service; `*` for any (not on an open service). */
  readonly corsOrigins: readonly string[];
  /** Origins of services that the console may call besides the one that serves it. */
  readonly consoleEndpoints: readonly string[];
  readonly streamsMax: number;
  readonly logLevel: string;
}

/** One setting as people give it. `flag` and `variable` are the two ways; the flag wins. */
export interface SettingSpec {
  readonly variable: string;
  readonly flag: string;
  readonly default: string;
  readonly meaning: string;
}

/** The table of settings: `serve --help`, the reference page and the reader below are all drawn from it. */
export const settingSpecs = {
  port: { variable: "PORT", flag: "port", default: "8080", meaning: "The port to listen on; 0 takes a free one." },
  host: {
    variable: "HOST",
    flag: "host",
    default: "127.0.0.1",
    meaning: "The address to listen on. Beyond loopback only with an admin key, or ALLOW_OPEN.",
  },
  dataDir: {
    variable: "DATA_DIR",
    flag: "data-dir",
    default: "data",
    meaning: "The folder that holds everything; made if it is not there.",
  },
  adminKey: {
    variable: "ADMIN_KEY",
    flag: "admin-key",
    default: "",
    meaning: "The key that may do everything, at least 16 characters. Prefer ADMIN_KEY_SHA256: it is no secret.",
  },
  adminKeyHashes: {
    variable: "ADMIN_KEY_SHA256",
    flag: "admin-key-sha256",
    default: "",
    meaning: "SHA-256 of the admin key in hex; two with a comma between them while one replaces the other.",
  },
  publicRead: {
    variable: "PUBLIC_READ",
    flag: "public-read",
    default: "",
    meaning: "true: anyone may read topics, messages and terms. Default: true without an admin key, else false.",
  },
  allowOpen: {
    variable: "ALLOW_OPEN",
    flag: "allow-open",
    default: "false",
    meaning: "true: listen beyond loopback without an admin key. Anyone who reaches it may then register.",
  },
  allowedHosts: {
    variable: "ALLOWED_HOSTS",
    flag: "allowed-hosts",
    default: "",
    meaning: "Host names, with commas between them, that an open service answers to besides localhost.",
  },
  corsOrigins: {
    variable: "CORS_ORIGINS",
    flag: "cors-origins",
    default: "",
    meaning: "Origins, with commas between them, whose web pages may call the service.",
  },
  consoleEndpoints: {
    variable: "CONSOLE_ENDPOINTS",
    flag: "console-endpoints",
    default: "",
    meaning: "Origins, with commas between them, of other services that this one's console may be pointed at.",
  },
  topicsMax: { variable: "TOPICS_MAX", flag: "topics-max", default: "10000", meaning: "How many topics there may be." },
  publishersMax: {
    variable: "PUBLISHERS_MAX",
    flag: "publishers-max",
    default: "10000",
    meaning: "How many publishers there may be.",
  },
  subscribersMax: {
    variable: "SUBSCRIBERS_MAX",
    flag: "subscribers-max",
    default: "10000",
    meaning: "How many subscribers there may be.",
  },
  streamsMax: {
    variable: "STREAMS_MAX",
    flag: "streams-max",
    default: "10000",
    meaning: "How many event streams may be open at once.",
  },
  logLevel: {
    variable: "LOG_LEVEL",
    flag: "log-level",
    default: "info",
    meaning: "fatal, error, warn, info, debug, trace or silent.",
  },
} as const satisfies Record<string, SettingSpec>;

export type SettingName = keyof typeof settingSpecs;

/** A setting that cannot be: which, what was given, and the rule. */
export class SettingError extends Error {
  override readonly name = "SettingError";
}

/** Reads the settings from flags and environment, checks them together and freezes them. Throws SettingError. */
export function readSettings(
  flags: Partial<Record<SettingName, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): LocalSettings {
  const given = (name: SettingName): string =>
    flags[name] ?? environment[settingSpecs[name].variable] ?? settingSpecs[name].default;
  const host = given("host");
  const adminKeyHashes = adminKeys(given("adminKey"), given("adminKeyHashes"));
  const open = adminKeyHashes.length === 0;
  if (open && !isLoopback(host) && !boolean("allowOpen", given("allowOpen"))) {
    throw new SettingError(
      `HOST is "${host}", beyond this machine, and no admin key is set: anyone could register. Set ADMIN_KEY_SHA256, or ALLOW_OPEN=true if that is meant.`,
    );
  }
  const corsOrigins = list(given("corsOrigins"));
  if (open && corsOrigins.includes("*"))
    throw new SettingError(
      "CORS_ORIGINS is * and no admin key is set: any web page could use the service. Name the origins, or set ADMIN_KEY_SHA256.",
    );
  return Object.freeze({
    ...defaultServiceSettings,
    port: integer("port", given("port"), 0, 65_535),
    host,
    dataDir: given("dataDir"),
    adminKeyHashes,
    openRegistration: open,
    publicRead: given("publicRead") === "" ? open : boolean("publicRead", given("publicRead")),
    allowedHosts: list(given("allowedHosts")).map((name) => name.toLowerCase()),
    corsOrigins,
    consoleEndpoints: list(given("consoleEndpoints")).map(origin),
    topicsMax: integer("topicsMax", given("topicsMax"), 1, 100_000),
    publishersMax: integer("publishersMax", given("publishersMax"), 1, 1_000_000),
    subscribersMax: integer("subscribersMax", given("subscribersMax"), 1, 1_000_000),
    streamsMax: integer("streamsMax", given("streamsMax"), 1, 1_000_000),
    logLevel: oneOf("logLevel", given("logLevel"), ["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
  });
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function adminKeys(key: string, hashes: string): string[] {
  if (key !== "" && key.length < 16)
    throw new SettingError(`ADMIN_KEY has ${key.length} characters; it needs at least 16.`);
  const given = list(hashes).map((hash) => hash.toLowerCase());
  if (given.length > 2 || given.some((hash) => !/^[0-9a-f]{64}$/.test(hash)))
    throw new SettingError(
      "ADMIN_KEY_SHA256 must be one or two SHA-256 hashes of 64 hex digits, with a comma between them.",
    );
  return [...given, ...(key === "" ? [] : [hashSecret(key)])];
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Goes into a header that says what a page may call: nothing but an origin must get there. */
function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && [url.origin, `${url.origin}/`].includes(text)) return url.origin;
  throw new SettingError(
    `CONSOLE_ENDPOINTS holds "${text}"; it must be origins such as https://bellwether.example.org, without a path.`,
  );
}

function integer(name: SettingName, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new SettingError(`${settingSpecs[name].variable} is "${text}"; it must be a whole number, ${min}..${max}.`);
}

function boolean(name: SettingName, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw new SettingError(`${settingSpecs[name].variable} is "${text}"; it must be true or false.`);
}

function oneOf(name: SettingName, text: string, allowed: readonly string[]): string {
  if (allowed.includes(text)) return text;
  throw new SettingError(`${settingSpecs[name].variable} is "${text}"; it must be one of ${allowed.join(", ")}.`);
}
