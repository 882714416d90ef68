import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openProfile } from "./profile.ts";
import { UsageError } from "./usage.ts";

async function open() {
  const parent = await mkdtemp(join(tmpdir(), "bellwether-test-"));
  const folder = join(parent, "bellwether");
  const warnings: string[] = [];
  const profile = openProfile(folder, "default", "http://a", async (text) => void warnings.push(text));
  const path = join(folder, "default.json");
  return { folder, path, profile, warnings, [Symbol.asyncDispose]: () => rm(parent, { recursive: true }) };
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test("tokens are kept by service, closed to others, and nothing temporary is left", async () => {
  await using opened = await open();
  const { folder, path, profile } = opened;
  assert.equal((await profile.read()).publishers.size, 0);

  await profile.update(({ publishers }) => publishers.set("__proto__", { publisherId: "p", token: "t" }));
  await profile.update(({ subscribers }) => subscribers.set("n", { subscriberId: "s", token: "u", topics: ["a"] }));

  const kept = await profile.read();
  assert.deepEqual(kept.publishers.get("__proto__"), { publisherId: "p", token: "t" });
  assert.deepEqual(kept.subscribers.get("n")?.topics, ["a"]);
  const other = openProfile(folder, "default", "http://b", async () => {});
  assert.equal((await other.read()).publishers.size, 0);
  assert.equal(await modeOf(path), 0o600);
  assert.equal(await modeOf(folder), 0o700);
  assert.deepEqual(await readdir(folder), ["default.json"]);
});

test("a profile that was opened to others is closed again, and said", async () => {
  await using opened = await open();
  const { folder, path, profile, warnings } = opened;
  await profile.update(({ publishers }) => publishers.set("a", { publisherId: "p", token: "t" }));
  await chmod(path, 0o644);
  await chmod(folder, 0o755);

  await profile.read();

  assert.equal(await modeOf(path), 0o600);
  assert.equal(await modeOf(folder), 0o700);
  assert.equal(warnings.length, 2);
});

test("a name cannot lead out of the folder", () => {
  for (const name of ["", "../x", ".x", "a/b"]) {
    assert.throws(() => openProfile("/tmp", name, "http://a", async () => {}), UsageError);
  }
});
