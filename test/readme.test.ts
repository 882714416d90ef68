import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * The README's blocks, run as they stand and in their order: `sh` in one shell after the other with the variables kept,
 * `ts` as a program of its own. Only the port is another one, and `npm ci` has been done.
 */
const root = fileURLToPath(new URL("../", import.meta.url));

interface Block {
  readonly language: string;
  readonly text: string;
}

/** What the package's name stands for in this repository, where nothing has been built. */
const sourceOf = {
  "bellwether/client": "src/client/mod.ts",
  "bellwether/in-process": "src/hosts/in-process/main.ts",
};

let folder: string;
let port: number;
let blocks: Block[];
let server: ChildProcess;
let environment: NodeJS.ProcessEnv;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "bellwether-readme-"));
  port = await freePort();
  blocks = blocksOf(await readFile(join(root, "README.md"), "utf8"));
  const { PUBLIC_READ: _, ADMIN_KEY: __, ADMIN_KEY_SHA256: ___, ...inherited } = process.env;
  environment = {
    ...inherited,
    PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
    XDG_CONFIG_HOME: folder,
    DATA_DIR: join(folder, "data"),
    PORT: String(port),
    BELLWETHER_URL: `http://127.0.0.1:${port}`,
  };
  server = await start(take("npm start").replace(/^npm ci$/m, ""));
});

after(async () => {
  if (server?.exitCode === null) {
    const exited = new Promise((resolve) => server.once("exit", resolve));
    process.kill(-server.pid!, "SIGTERM");
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
});

test("curl: what is published is read back, committed, and counted", { timeout: 60_000 }, async () => {
  const names = await shell(take("json()"));
  assert.equal(names, "");
  const published = lines(await shell(take("-d 'The whale")));
  assert.deepEqual(
    published.map(({ messages }) => messages.length),
    [1, 2],
  );
  const [page, committed] = lines(await shell(take("CURSOR=")));
  assert.deepEqual(
    page.messages.map(({ title, body }: { title?: string; body: unknown }) => title ?? body),
    ["The whale was seen off Nantucket", "Whale", "No whale today"],
  );
  assert.equal(committed.cursor, page.cursor);
  const askTerms = take("popular-terms");
  let [terms] = lines(await shell(askTerms));
  while (terms.messages < 3) [terms] = lines(await shell(askTerms));
  assert.deepEqual(terms.terms[0], { term: "whale", count: 3, error: 0, certain: true, share: 1 });
});

test("command line: it publishes, prints all from the earliest, and shows the terms", { timeout: 60_000 }, async () => {
  const printed = await shell(take("bellwether -- publish"));
  assert.match(printed, /Published .* to news/);
  assert.match(printed, /^The whale was seen off Nantucket$[\s\S]*^No whale today$\n^A whale again$/m);
  assert.match(printed, /^whale .* [34] /m);
});

test("client: a program publishes and reads its message", { timeout: 60_000 }, async () => {
  assert.match(await program(take("createClient")), /^0-\d+ Hello \{ from: 'the client' \}$/m);
});

test("in-process: a program embeds the service", { timeout: 60_000 }, async () => {
  assert.equal(await program(take("openBellwether")), "first second\n");
});

test("every block of the README was run", () => {
  assert.deepEqual(blocks, []);
});

/** Takes the one block that holds a text out of those to run. */
function take(text: string): string {
  const found = blocks.filter((block) => block.text.includes(text));
  assert.equal(found.length, 1, `the README has ${found.length} blocks to run with ${text}`);
  blocks = blocks.filter((block) => block !== found[0]);
  return found[0]!.text.replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`);
}

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(sh|ts)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }));
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the service, asserted on below
function lines(output: string): any[] {
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Starts a block that goes on, and resolves when it says where it serves. */
async function start(block: string): Promise<ChildProcess> {
  const child = spawn("bash", ["-e", "-c", block], { cwd: root, env: environment, detached: true });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.includes(`127.0.0.1:${port}`)) resolve();
    });
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.once("exit", () => reject(new Error(`npm start ended: ${said}`)));
  });
  return child;
}

/** Runs a block in the shell of the blocks before it: their variables and functions are kept in a file. */
async function shell(block: string): Promise<string> {
  const state = join(folder, "state.sh");
  const script = `touch ${state}; . ${state}\n${block}\n{ declare -p URL PUBLISHER SUBSCRIBER REGISTERED MESSAGES CURSOR; declare -f json; } > ${state} 2>/dev/null || true`;
  return run("bash", ["-e", "-o", "pipefail", "-c", script], root);
}

async function program(text: string): Promise<string> {
  const file = join(folder, `program-${port}.ts`);
  await writeFile(file, text);
  const urls = Object.fromEntries(
    Object.entries(sourceOf).map(([name, path]) => [name, pathToFileURL(join(root, path)).href]),
  );
  const hooks = `import { registerHooks } from "node:module"; const urls = ${JSON.stringify(urls)};
    registerHooks({ resolve: (name, context, next) => next(urls[name] ?? name, context) });`;
  return run(process.execPath, ["--import", `data:text/javascript,${encodeURIComponent(hooks)}`, file], folder);
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 0, `${args.at(-1)}\nended with ${code}: ${out}${err}`);
  return out;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port: free } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return free;
}
