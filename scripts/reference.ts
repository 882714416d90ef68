import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "#cli/context.ts";
import { runCli } from "#cli/run.ts";
import { errorCodes } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { createOpenApi } from "#contract/openapi.ts";
import { type Operation, type OperationName, operationNames, operations } from "#contract/operations.ts";
import { summaries } from "#contract/summaries.ts";
import { lambdaSettingSpecs } from "#hosts/lambda/settings.ts";
import { settingSpecs } from "#hosts/local/settings.ts";
import { statusOfCode } from "#hosts/problems.ts";
import { version } from "#hosts/version.ts";

/**
 * Writes `docs/reference/` from the tables that the code runs on, so that the pages say what the code does.
 * `npm run reference`; `test/docs.test.ts` fails when a page is stale.
 */
const root = fileURLToPath(new URL("../", import.meta.url));

/** Every page by its path below the root. */
export async function renderReference(): Promise<ReadonlyMap<string, string>> {
  const pages = { http: await httpPage(), errors: errorsPage(), settings: settingsPage(), cli: await cliPage() };
  return new Map(Object.entries(pages).map(([name, text]) => [`docs/reference/${name}.md`, text]));
}

const generated = "<!-- Written by `npm run reference`. Change the source named below, then run it again. -->";

function page(title: string, source: string, ...parts: readonly string[]): string {
  return `${[`# ${title}`, generated, `Source: ${source}.`, ...parts].join("\n\n").trimEnd()}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const code = (text: string): string => `\`${text}\``;

// ---- http.md

/** What of JSON Schema our schemas use. */
interface Schema {
  /** Several where it may be null. */
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

const topicPattern = "^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$";
const idPattern = "^[a-z0-9]{1,32}$";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Described {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

/** Who may call an operation, as `functions/access.ts` has it. */
function accessOf(name: string, { access, path }: Operation): string {
  const ofTopic = path.includes("{topic}");
  switch (access) {
    case "register":
      return "the admin key; anybody while no admin key is set";
    case "publisher":
      return `${ofTopic ? "the token of a publisher registered for the topic" : "that publisher's token"}, or the admin key`;
    case "subscriber":
      return "that subscriber's token, or the admin key";
    case "reader": {
      if (name === "listTopics" || name === "getOverview") return "the admin key; anybody where PUBLIC_READ holds";
      const also = name === "getTopic" ? " or publisher" : "";
      const overall = ofTopic ? "" : " (without a topic: only that)";
      return `the token of a subscriber${also} registered for the topic, or the admin key${overall}; anybody where PUBLIC_READ holds`;
    }
    case "admin":
      return "the admin key";
    case "open":
      return "anybody";
  }
}

async function httpPage(): Promise<string> {
  const { paths } = createOpenApi(version) as { paths: Record<string, Record<string, Described>> };
  const named = new Set<string>(operationNames.map((name) => operations[name].path));
  const sections = operationNames.map((name) => {
    const operation: Operation = operations[name];
    return operationSection(name, operation, paths[operation.path]![operation.method.toLowerCase()]!);
  });
  const hostRows = Object.entries(paths)
    .filter(([path]) => !named.has(path))
    .map(([path, { get }]) => [code(`GET ${path}`), get!.summary]);
  return page(
    "HTTP",
    "`src/contract/operations.ts`, `schemas.ts` and `limits.ts`",
    "`GET /openapi.json` gives the same as OpenAPI 3.1. Errors are `application/problem+json`; `errors.md` has their codes. Fields that a request must have are marked with `*`; fields that are not known are refused. Within `/v1`, answers and lists only gain fields and codes. HEAD is answered wherever GET is, OPTIONS with the methods of the path.",
    `A topic name is ${code(topicPattern)}, case-sensitive; an id is ${code(idPattern)}, as it was given. A token or the admin key is sent as ${code("Authorization: Bearer <token>")}.`,
    table(
      ["operation", "", "what it does"],
      operationNames.map((name) => [
        `[${name}](#${name.toLowerCase()})`,
        code(`${operations[name].method} ${operations[name].path}`),
        summaries[name],
      ]),
    ),
    table(["of the host", ""], hostRows),
    ...sections,
    "## Limits",
    table(["limit", "value", "note"], await limitRows()),
  );
}

function operationSection(name: OperationName, operation: Operation, described: Described): string {
  const parts = [`## ${name}`, `${code(`${operation.method} ${operation.path}`)} answers ${operation.status}.`];
  parts.push(`${summaries[name]} Who: ${accessOf(name, operation)}.`);
  const parameters = (described.parameters ?? []).map((each) => [
    code(each.name) + (each.required ? "*" : ""),
    each.in,
    each.description ?? typeOf(each.schema),
  ]);
  if (parameters.length > 0) parts.push(table(["parameter", "in", "value"], parameters));
  for (const [type, { schema }] of Object.entries(described.requestBody?.content ?? {}))
    parts.push(contentPart(`Request, ${code(type)}`, schema));
  const { content = {} } = described.responses[operation.status]!;
  for (const [type, { schema }] of Object.entries(content)) parts.push(contentPart(`Answer, ${code(type)}`, schema));
  return parts.join("\n\n");
}

function contentPart(title: string, schema: Schema & { readonly description?: string }): string {
  if (schema.description !== undefined) return `${title}: ${schema.description}`;
  const [one, batch] = schema.anyOf ?? [schema];
  if (batch && one!.properties?.sort) return schema.anyOf!.map((each) => sortPart(title, each)).join("\n\n");
  const also = batch ? " A batch is an object whose only field `messages` is an array of these." : "";
  const { minItems, maxItems } = batch?.properties?.messages ?? {};
  const range = batch ? ` It has ${minItems}..${maxItems} messages.` : "";
  return `${title}:${also}${range}\n\n${table(["field", "value"], fieldRows(one!, ""))}`;
}

/** One of several answers, which its field `sort` tells apart. */
function sortPart(title: string, schema: Schema): string {
  return `${title}, with ${code("sort")} ${typeOf(schema.properties!.sort!)}:\n\n${table(["field", "value"], fieldRows(schema, ""))}`;
}

/** A row for each field, those within objects and arrays by their path. */
function fieldRows({ properties = {}, required = [] }: Schema, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, each]) => {
    const row = [code(prefix + name) + (required.includes(name) ? "*" : ""), typeOf(each)];
    const schema = each.anyOf?.find(({ type }) => type !== "null") ?? each;
    const item = schema.items?.properties ? schema.items : undefined;
    return [row, ...fieldRows(item ?? schema, `${prefix}${name}${item ? "[]" : ""}.`)];
  });
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return "any JSON value";
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeOf({ ...schema, type })).join(" or ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map((each) => code(each)).join(", ");
  if (schema.type === "array") {
    const of = schema.items?.properties ? "objects" : typeOf(schema.items!);
    return `array of ${range(schema.minItems, schema.maxItems)}${of}`;
  }
  if (schema.type === "object") {
    if (typeof schema.additionalProperties !== "object") return "object";
    return `object whose values are ${typeOf(schema.additionalProperties)}`;
  }
  if (schema.format === "date-time") return "time, RFC 3339";
  if (schema.type === "string" && schema.pattern !== undefined) return wordOf(schema.pattern);
  if (schema.type === "string") return `string${suffix(range(schema.minLength, schema.maxLength), "characters")}`;
  if (schema.type === "integer") return `integer${suffix(range(schema.minimum, schema.maximum), "")}`;
  return typeof schema.type === "string" ? schema.type : "any JSON value";
}

function wordOf(pattern: string): string {
  return pattern === topicPattern ? "topic name" : pattern === idPattern ? "id" : `string ${code(pattern)}`;
}

/** `1..10 `, or nothing when there is no end worth saying. */
function range(min: number | undefined, max: number | undefined): string {
  return max === undefined || max >= Number.MAX_SAFE_INTEGER ? "" : `${min ?? 0}..${max} `;
}

function suffix(text: string, unit: string): string {
  return text === "" ? "" : `, ${text}${unit}`.trimEnd();
}

/** The limits, each with the sentence that stands above it in the source. */
async function limitRows(): Promise<string[][]> {
  const source = await readFile(join(root, "src/contract/limits.ts"), "utf8");
  return Object.entries(limits).map(([name, value]) => {
    const note = new RegExp(`/\\*\\* ([^\\n]*) \\*/\\n\\s*${name}:`).exec(source)?.[1] ?? "";
    return [code(name), String(value), note];
  });
}

// ---- errors.md

function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(([name, meaning]) => [
    code(name),
    String(statusOfCode[name as keyof typeof errorCodes]),
    meaning,
  ]);
  return page(
    "Errors",
    "`src/contract/errors.ts`, and `src/hosts/problems.ts` for the status",
    "Every error answer is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail` and `code`. Programs look at `code`: the list is closed, and within `/v1` it only grows. `detail` says which value broke which rule and what to do next; its wording may change.",
    "Some carry more: `errors`, the values that broke a rule, each with its `path` and `message`; `limitBytes` and `actualBytes`; `allow`, also as the header Allow; `accepted`, the positions in a batch of the messages that were stored before a failure; `retryAfterSeconds`, also as the header Retry-After. 401 comes with `WWW-Authenticate: Bearer`; 429 and 503 always with Retry-After.",
    table(["code", "status", "meaning, and what to do"], rows),
  );
}

// ---- settings.md

function settingsPage(): string {
  const rows = Object.values(settingSpecs).map((spec) => [
    code(spec.variable),
    code(`--${spec.flag}`),
    spec.default === "" ? "" : code(spec.default),
    spec.meaning,
  ]);
  return page(
    "Settings",
    "`src/hosts/local/settings.ts` and `src/hosts/lambda/settings.ts`",
    "The service on one machine is set by environment variables, or by flags behind `npm start --`. A flag wins over the variable. They are read once, at the start; one that cannot be ends the start with exit code 2 and says which rule it breaks.",
    table(["variable", "flag", "default", "meaning"], rows),
    "## On AWS",
    "The Lambda functions read theirs from their environment, which the CDK app in `infra/` fills. One that cannot be fails the function's start and is named in its log.",
    table(
      ["variable", "default", "meaning"],
      Object.values(lambdaSettingSpecs).map((spec) => [
        code(spec.variable),
        spec.default === "" ? "" : code(spec.default),
        spec.meaning,
      ]),
    ),
  );
}

// ---- cli.md

async function cliPage(): Promise<string> {
  const help = await helpOf();
  const names = [...help.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name!);
  const sections = await Promise.all(names.map(async (name) => `## ${name}\n\n${fenced(await helpOf(name))}`));
  return page(
    "Command line",
    "what `--help` prints (`src/cli`)",
    "In this repository: `npm run bellwether -- publish news hello`. Installed: `npx bellwether publish news hello`.",
    fenced(help),
    ...sections,
  );
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

async function helpOf(...command: readonly string[]): Promise<string> {
  let text = "";
  const output = {
    isTerminal: false,
    isColored: false,
    size: () => ({ columns: 80, rows: 24 }),
    write: async (part: string) => {
      text += part;
    },
  };
  const context: Context = {
    url: "http://127.0.0.1:8080",
    profileName: "default",
    profileFolder: "",
    adminKey: undefined,
    version,
    stdin: process.stdin,
    stdout: output,
    stderr: output,
    signal: new AbortController().signal,
  };
  if ((await runCli(context, [...command, "--help"])) !== 0)
    throw new Error(`No help of "${command.join(" ")}": ${text}`);
  return text;
}

if (import.meta.main) {
  for (const [path, text] of await renderReference()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
