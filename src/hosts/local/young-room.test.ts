import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const notHere = process.platform === "win32" && "a process cannot replace itself on Windows";

/** What a Node program that is given room tells of itself, each time it is begun. */
function told(options: readonly string[], program: readonly string[]) {
  const tell =
    "console.log(JSON.stringify({ pid: process.pid, options: process.execArgv, args: process.argv.slice(2) }))";
  const preload = ["--import", `data:text/javascript,${encodeURIComponent(tell)}`];
  const { pid, stdout, stderr, status } = spawnSync(process.execPath, [...preload, ...options, ...program]);
  assert.equal(status, 0, String(stderr));
  assert.equal(String(stderr), "");
  const lines = String(stdout).split("\n");
  const times = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  assert.deepEqual(new Set(times.map((each) => each.pid)), new Set([pid]), "one process, whatever it becomes");
  return times.map((each) => ({ ...each, room: each.options.filter((option: string) => /semi-space/.test(option)) }));
}

const programs = {
  "npm start": [path("./main.ts"), "--help"],
  "bellwether serve": [path("../../cli/main.ts"), "serve", "--help"],
};
const room = ["--min-semi-space-size=16", "--max-semi-space-size=16"];

for (const [name, program] of Object.entries(programs)) {
  test(`${name} gives its process room for young objects, and leaves the rest as it was`, { skip: notHere }, () => {
    const [first, second, ...more] = told(["--stack-size=900"], program);
    assert.deepEqual([first!.room, second!.room, more.length], [[], room, 0]);
    assert.deepEqual(second!.args, first!.args);
    assert.deepEqual(second!.options, [...first!.options, ...room]);
  });

  test(`${name} leaves a process alone whose room is given`, () => {
    const times = told(["--max-semi-space-size=4"], program);
    assert.deepEqual(
      times.map((each) => each.room),
      [["--max-semi-space-size=4"]],
    );
  });
}

test("a command that does not serve is not begun twice", () => {
  assert.equal(told([], [path("../../cli/main.ts"), "--version"]).length, 1);
});

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
