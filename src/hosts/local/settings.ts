import { defaultServiceSettings, type ServiceSettings } from "#core/settings.ts";
import { hashSecret } from "#core/tokens.ts";
import {
  adminKeyHashesFrom,
  booleanFrom,
  integerFrom,
  listFrom,
  SettingError,
  tablePrefixFrom,
  wordFrom,
} from "../setting-values.ts";

export { SettingError } from "../setting-values.ts";

/** Everything that the one-machine host can be set to. Complete: nobody below writes a default again. */
export interface LocalSettings extends ServiceSettings {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** What remembers: SQLite in `dataDir`, or DynamoDB. */
  readonly store: "embedded" | "dynamodb";
  /** Before the name of each DynamoDB table. */
  readonly tablePrefix: string;
  /** Makes DynamoDB tables that are not there. */
  readonly createTables: boolean;
  /** Host names that an open service answers to besides localhost. */
  readonly allowedHosts: readonly string[];
  /** Origins whose web pages may call the service; `*` for any (not on an open service). */
  readonly corsOrigins: readonly string[];
  /** Origins of services that the console may call besides the one that serves it. */
  readonly consoleEndpoints: readonly string[];
  readonly streamsMax: number;
  readonly connectionsMax: number;
  readonly inFlightCallsMax: number;
  readonly inFlightBytesMax: number;
  readonly addressRate: number;
  readonly publisherRate: number;
  readonly proxies: number;
  readonly auditLog: boolean;
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
  store: {
    variable: "STORE",
    flag: "store",
    default: "embedded",
    meaning:
      "embedded: SQLite in DATA_DIR. dynamodb: tables of DynamoDB, which several nodes may share; region, credentials and endpoint are those of the AWS environment (AWS_REGION, AWS_ENDPOINT_URL_DYNAMODB, ...).",
  },
  tablePrefix: {
    variable: "TABLE_PREFIX",
    flag: "table-prefix",
    default: "bellwether-",
    meaning: "What the names of the DynamoDB tables begin with.",
  },
  createTables: {
    variable: "CREATE_TABLES",
    flag: "create-tables",
    default: "false",
    meaning: "true: make DynamoDB tables that are not there, paid for by use.",
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
  connectionsMax: {
    variable: "CONNECTIONS_MAX",
    flag: "connections-max",
    default: "20000",
    meaning: "How many connections may be open at once. Those beyond get 503, but for /healthz and /metrics.",
  },
  inFlightCallsMax: {
    variable: "IN_FLIGHT_CALLS_MAX",
    flag: "in-flight-calls-max",
    default: "10000",
    meaning: "How many calls with a body may be under way at once, being read or written. Those beyond get 503.",
  },
  inFlightBytesMax: {
    variable: "IN_FLIGHT_BYTES_MAX",
    flag: "in-flight-bytes-max",
    default: "67108864",
    meaning: "How many bytes the bodies of such calls may have together.",
  },
  addressRate: {
    variable: "ADDRESS_RATE",
    flag: "address-rate",
    default: "0",
    meaning: "How many calls a minute one address may make, an IPv6 /64 being one; 0: any number. See PROXIES.",
  },
  publisherRate: {
    variable: "PUBLISHER_RATE",
    flag: "publisher-rate",
    default: "0",
    meaning: "How many publishing calls a minute one publisher may make; 0: any number.",
  },
  proxies: {
    variable: "PROXIES",
    flag: "proxies",
    default: "0",
    meaning: "How many proxies stand in front: the caller's address is then that many from the end of X-Forwarded-For.",
  },
  auditLog: {
    variable: "AUDIT_LOG",
    flag: "audit-log",
    default: "true",
    meaning:
      "true: registrations, deletions, seeks and changes of topics are logged, whatever LOG_LEVEL is but silent.",
  },
  logLevel: {
    variable: "LOG_LEVEL",
    flag: "log-level",
    default: "info",
    meaning: "fatal, error, warn, info, debug, trace or silent.",
  },
} as const satisfies Record<string, SettingSpec>;

export type SettingName = keyof typeof settingSpecs;

/** Reads the settings from flags and environment, checks them together and freezes them. Throws SettingError. */
export function readSettings(
  flags: Partial<Record<SettingName, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): LocalSettings {
  const given = (name: SettingName): string =>
    flags[name] ?? environment[settingSpecs[name].variable] ?? settingSpecs[name].default;
  const boolean = (name: SettingName): boolean => booleanFrom(settingSpecs[name].variable, given(name));
  const integer = (name: SettingName, min: number, max: number): number =>
    integerFrom(settingSpecs[name].variable, given(name), min, max);
  const host = given("host");
  const adminKeyHashes = adminKeys(given("adminKey"), given("adminKeyHashes"));
  const open = adminKeyHashes.length === 0;
  if (open && !isLoopback(host) && !boolean("allowOpen")) {
    throw new SettingError(
      `HOST is "${host}", beyond this machine, and no admin key is set: anyone could register. Set ADMIN_KEY_SHA256, or ALLOW_OPEN=true if that is meant.`,
    );
  }
  const corsOrigins = listFrom(given("corsOrigins"));
  if (open && corsOrigins.includes("*"))
    throw new SettingError(
      "CORS_ORIGINS is * and no admin key is set: any web page could use the service. Name the origins, or set ADMIN_KEY_SHA256.",
    );
  const allowedHosts = listFrom(given("allowedHosts")).map((name) => name.toLowerCase());
  const proxies = integer("proxies", 0, 10);
  const publicRead = given("publicRead") === "" ? open : boolean("publicRead");
  return Object.freeze({
    ...defaultServiceSettings,
    port: integer("port", 0, 65_535),
    host,
    dataDir: given("dataDir"),
    store: wordFrom(settingSpecs.store.variable, given("store"), ["embedded", "dynamodb"]) as LocalSettings["store"],
    tablePrefix: tablePrefixFrom(given("tablePrefix")),
    createTables: boolean("createTables"),
    adminKeyHashes,
    openRegistration: open,
    // Whatever lets others in, by a name, a page or a proxy, says that not only this machine comes.
    openAdmin:
      open &&
      publicRead &&
      isLoopback(host) &&
      !boolean("allowOpen") &&
      allowedHosts.length + corsOrigins.length + proxies === 0,
    publicRead,
    allowedHosts,
    corsOrigins,
    consoleEndpoints: listFrom(given("consoleEndpoints")).map(origin),
    topicsMax: integer("topicsMax", 1, 100_000),
    publishersMax: integer("publishersMax", 1, 1_000_000),
    subscribersMax: integer("subscribersMax", 1, 1_000_000),
    streamsMax: integer("streamsMax", 1, 1_000_000),
    connectionsMax: integer("connectionsMax", 1, 1_000_000),
    inFlightCallsMax: integer("inFlightCallsMax", 1, 1_000_000),
    inFlightBytesMax: integer("inFlightBytesMax", 1, 999_999_999),
    addressRate: integer("addressRate", 0, 999_999_999),
    publisherRate: integer("publisherRate", 0, 999_999_999),
    auditLog: boolean("auditLog"),
    proxies,
    logLevel: wordFrom(settingSpecs.logLevel.variable, given("logLevel"), [
      "fatal",
      "error",
      "warn",
      "info",
      "debug",
      "trace",
      "silent",
    ]),
  });
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function adminKeys(key: string, hashes: string): string[] {
  if (key !== "" && key.length < 16)
    throw new SettingError(`ADMIN_KEY has ${key.length} characters; it needs at least 16.`);
  return [...adminKeyHashesFrom(hashes), ...(key === "" ? [] : [hashSecret(key)])];
}

/** Goes into a header that says what a page may call: nothing but an origin must get there. */
function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && [url.origin, `${url.origin}/`].includes(text)) return url.origin;
  throw new SettingError(
    `CONSOLE_ENDPOINTS holds "${text}"; it must be origins such as https://bellwether.example.org, without a path.`,
  );
}
