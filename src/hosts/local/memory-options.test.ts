import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const notHere = process.platform === "win32" && "a process cannot replace itself on Windows";

interface Told {
  readonly pid: number;
  /** All of them, and those of the young generation alone. */
  readonly options: readonly string[];
  readonly young: readonly string[];
  readonly args: readonly string[];
  readonly arenas: string | undefined;
  /** Variables besides. */
  readonly others: readonly string[];
}

const tell = `{
  const young = process.execArgv.filter((option) => /^--...-semi-space/.test(option));
  const others = Object.keys(process.env).filter((name) => !name.startsWith("MALLOC_"));
  const { pid, execArgv: options, env } = process;
  console.log(JSON.stringify({ pid, options, young, args: process.argv.slice(2), arenas: env.MALLOC_ARENA_MAX, others }));
}`;

/** What a Node program tells of itself, each time it is begun. */
async function told(
  options: readonly string[],
  program: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  channel: readonly "ipc"[] = [],
): Promise<Told[]> {
  const preload = ["--import", `data:text/javascript,${encodeURIComponent(tell)}`];
  const env = { ...process.env, ...environment };
  const stdio = ["ignore" as const, "pipe" as const, "pipe" as const, ...channel];
  const child = spawn(process.execPath, [...preload, ...options, ...program], { env, stdio });
  const { pid } = child;
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "close")]);
  assert.equal(stderr, "");
  assert.equal(child.exitCode, 0);
  const lines = stdout.split("\n");
  const times: Told[] = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  assert.deepEqual(new Set(times.map((each) => each.pid)), new Set([pid]), "one process, whatever it becomes");
  return times;
}

const programs = {
  "npm start": [path("./main.ts"), "--help"],
  "bellwether serve": [path("../../cli/main.ts"), "serve", "--help"],
};
const given = ["--min-semi-space-size=16", "--max-semi-space-size=16"];

for (const [name, program] of Object.entries(programs)) {
  test(`${name} gives its process options of memory, once, and leaves the rest as it was`, {
    skip: notHere,
  }, async () => {
    const [first, second, ...more] = await told(["--stack-size=900"], program);
    assert.deepEqual([first!.young, second!.young, more], [[], given, []]);
    assert.deepEqual([first!.arenas, second!.arenas], [undefined, "1"]);
    assert.deepEqual(second!.options, [...first!.options, ...given]);
    assert.deepEqual([second!.args, second!.others], [first!.args, first!.others]);
  });

  test(`${name} leaves alone what is given`, { skip: notHere }, async () => {
    const [only, ...none] = await told(["--max-semi-space-size=4"], program);
    assert.deepEqual([only!.young, none], [["--max-semi-space-size=4"], []]);
    assert.equal((await told([], program, { NODE_OPTIONS: "--max-semi-space-size=4" })).length, 1);
    assert.equal((await told([], program, { MALLOC_ARENA_MAX: "3" })).at(-1)!.arenas, "3");
  });
}

test("the threads of such a process take what they are limited to, and not as much", async () => {
  const options = new URL("./memory-options.main.ts", import.meta.url).href;
  const program = `
    const { getHeapSpaceStatistics } = process.getBuiltinModule("node:v8");
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    (await import(process.argv[1])).giveMemoryOptions();
    const young = 'require("node:v8").getHeapSpaceStatistics().find((each) => each.space_name === "new_space").space_size';
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage(' + young + ')', {
      eval: true,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    const own = getHeapSpaceStatistics().find((each) => each.space_name === "new_space").space_size;
    worker.once("message", (bytes) => console.log(JSON.stringify({ own, bytes })));
  `;
  const child = spawn(process.execPath, [...given, "--input-type=module", "-e", program, options]);
  const { own, bytes } = JSON.parse(await text(child.stdout));
  assert.ok(own >= 16 * 2 ** 20, `${own} bytes of its own`);
  assert.ok(bytes < 8 * 2 ** 20, `${bytes} bytes of a thread`);
});

test("a process that was forked keeps its channel", async () => {
  assert.equal((await told([], programs["npm start"], {}, ["ipc"])).length, 1);
});

test("a command that does not serve is not begun twice", async () => {
  assert.equal((await told([], [path("../../cli/main.ts"), "--version"])).length, 1);
});

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
