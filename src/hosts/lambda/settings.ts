import { defaultServiceSettings, type ServiceSettings } from "#core/settings.ts";
import {
  adminKeyHashesFrom,
  booleanFrom,
  integerFrom,
  SettingError,
  tablePrefixFrom,
  wordFrom,
} from "../setting-values.ts";

/** Everything that the Lambda functions can be set to. Complete: nobody below writes a default again. */
export interface LambdaSettings extends ServiceSettings {
  /** Before the name of each table. */
  readonly tablePrefix: string;
  readonly logLevel: LogLevel;
}

export type LogLevel = "DEBUG" | "INFO" | "WARN" | "ERROR" | "SILENT";

/** The table of settings, all environment variables of the functions; the reference page is drawn from it. */
export const lambdaSettingSpecs = {
  adminKeyHashes: {
    variable: "ADMIN_KEY_SHA256",
    default: "",
    meaning: "SHA-256 of the admin key in hex; two with a comma between them while one replaces the other.",
  },
  allowOpen: {
    variable: "ALLOW_OPEN",
    default: "false",
    meaning: "true: start without an admin key. Anyone who reaches the service may then register.",
  },
  publicRead: {
    variable: "PUBLIC_READ",
    default: "false",
    meaning: "true: anyone may read topics, messages and terms.",
  },
  tablePrefix: {
    variable: "TABLE_PREFIX",
    default: "bellwether-",
    meaning: "What the names of the DynamoDB tables begin with.",
  },
  waitSecondsMax: {
    variable: "WAIT_SECONDS_MAX",
    default: "2",
    meaning:
      "The longest that a read or stream waits for messages, in seconds. The function is paid for while it waits.",
  },
  pollAfterMs: {
    variable: "POLL_AFTER_MS",
    default: "2000",
    meaning: "When an answer tells a reader that has everything to come again, in ms.",
  },
  registryCacheSeconds: {
    variable: "REGISTRY_CACHE_SECONDS",
    default: "60",
    meaning: "How long an environment may remember a registration: so late a deletion can take effect.",
  },
  topicsMax: { variable: "TOPICS_MAX", default: "10000", meaning: "How many topics there may be." },
  publishersMax: { variable: "PUBLISHERS_MAX", default: "10000", meaning: "How many publishers there may be." },
  subscribersMax: { variable: "SUBSCRIBERS_MAX", default: "10000", meaning: "How many subscribers there may be." },
  logLevel: {
    variable: "LOG_LEVEL",
    default: "INFO",
    meaning: "DEBUG (a line for each call), INFO, WARN, ERROR or SILENT.",
  },
} as const satisfies Record<string, { variable: string; default: string; meaning: string }>;

/** Reads the settings from the environment, checks them together and freezes them. Throws SettingError. */
export function readLambdaSettings(environment: Readonly<Record<string, string | undefined>>): LambdaSettings {
  type Name = keyof typeof lambdaSettingSpecs;
  const given = (name: Name): string =>
    environment[lambdaSettingSpecs[name].variable] ?? lambdaSettingSpecs[name].default;
  const boolean = (name: Name): boolean => booleanFrom(lambdaSettingSpecs[name].variable, given(name));
  const integer = (name: Name, min: number, max: number): number =>
    integerFrom(lambdaSettingSpecs[name].variable, given(name), min, max);
  const adminKeyHashes = adminKeyHashesFrom(given("adminKeyHashes"));
  const open = adminKeyHashes.length === 0;
  if (open && !boolean("allowOpen"))
    throw new SettingError(
      "No admin key is set: anyone could register. Set ADMIN_KEY_SHA256, or ALLOW_OPEN=true if that is meant.",
    );
  return Object.freeze({
    ...defaultServiceSettings,
    adminKeyHashes,
    openRegistration: open,
    publicRead: boolean("publicRead"),
    topicsMax: integer("topicsMax", 1, 100_000),
    publishersMax: integer("publishersMax", 1, 1_000_000),
    subscribersMax: integer("subscribersMax", 1, 1_000_000),
    waitSecondsMax: integer("waitSecondsMax", 0, 20),
    finiteStreams: true,
    registryCacheMs: integer("registryCacheSeconds", 0, 3600) * 1000,
    pollAfterMs: integer("pollAfterMs", 0, 60_000),
    tablePrefix: tablePrefixFrom(given("tablePrefix")),
    logLevel: wordFrom(lambdaSettingSpecs.logLevel.variable, given("logLevel"), logLevels) as LogLevel,
  });
}

const logLevels: readonly LogLevel[] = ["DEBUG", "INFO", "WARN", "ERROR", "SILENT"];
