import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { createFakeContext } from "./fake-context.ts";
import { runCli } from "./run.ts";

const nowhere = "http://127.0.0.1:1";

test("what is wrong with a command line is said, with exit code 2", async () => {
  const wrong = [
    [],
    ["nothing"],
    ["publish"],
    ["publish", "news", "text", "--lines"],
    ["publish", "news", "--lines", "--ndjson"],
    ["publish", "news", "text", "more"],
    ["publish", "news", "text", "--ttl", "soon"],
    ["publish", "news", "text", "--wrong"],
    ["publish", "news", "text", "--profile", "../x"],
    ["subscribe"],
    ["subscribe", "news", "--limit", "0"],
    ["terms", "--window", "2h"],
    ["topics", "show"],
    ["rebuild-terms"],
    ["rebuild-terms", "--from", "soon"],
    ["rebuild-terms", "--from", "1d", "--topic", "a", "--all"],
    ["topics", "rename", "a"],
    ["serve", "--port", "70000"],
  ];
  for (const args of wrong) {
    await using fake = await createFakeContext(nowhere);
    assert.equal(await runCli(fake.context, args), 2, args.join(" "));
    assert.match(fake.stderr.join(""), /^bellwether: .*--help/);
    assert.deepEqual(fake.stdout, []);
  }
});

test("help and version are printed, with exit code 0", async () => {
  for (const args of [["--help"], ["--version"], ["help", "publish"], ["terms", "--help"], ["topics", "-h"]]) {
    await using fake = await createFakeContext(nowhere);
    assert.equal(await runCli(fake.context, args), 0);
    assert.ok(fake.stdout.join("").length > 4);
  }
});

test("a service that cannot be reached is exit code 3", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await using fake = await createFakeContext(`http://127.0.0.1:${port}`);
  assert.equal(await runCli(fake.context, ["publish", "news", "text"]), 3);
  assert.match(fake.stderr.join(""), /\(connection_failed\)/);
});
