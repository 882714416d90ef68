import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createFakeContext } from "./fake-context.ts";
import { runCli } from "./run.ts";

/** A service with these bodies in the topic "news", one subscriber at a time, and cursors that count. */
async function startService(bodies: readonly unknown[]) {
  const registrations: unknown[] = [];
  let committed = 0;
  const all = bodies.map((body, index) => ({ id: `m${index + 1}`, topic: "news", sequence: index, body }));
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "", "http://localhost");
    const body = await text(request);
    const answer = (status: number, value: unknown) => response.writeHead(status).end(`${JSON.stringify(value)}\n`);
    if (request.method === "POST" && url.pathname === "/v1/subscribers") {
      registrations.push(JSON.parse(body));
      return answer(201, { subscriberId: `s${registrations.length}`, token: `t${registrations.length}` });
    }
    if (request.headers.authorization !== `Bearer t${registrations.length}`) {
      return answer(401, { code: "unauthenticated", detail: "unknown token", status: 401 });
    }
    if (request.method === "PUT") {
      committed = Number(JSON.parse(body).cursor);
      return answer(200, { cursor: String(committed) });
    }
    if (url.pathname.endsWith("/seek")) committed = 0;
    if (!url.pathname.endsWith("/messages")) return answer(200, {});
    const after = Number(url.searchParams.get("after") ?? committed);
    const messages = all.slice(after, after + Number(url.searchParams.get("limit") ?? 100));
    const cursor = after + messages.length;
    return answer(200, {
      messages,
      cursor: `${cursor}`,
      discontinuities: [],
      pollAfterMs: cursor === all.length ? 1 : 0,
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    registrations,
    committed: () => committed,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("it goes on where it was left, by the message", async () => {
  await using service = await startService(["one", { two: 2 }, "three"]);
  await using fake = await createFakeContext(service.url);

  assert.equal(await runCli(fake.context, ["subscribe", "news", "--limit", "2"]), 0);
  assert.equal(service.committed(), 2);
  assert.equal(await runCli(fake.context, ["subscribe", "news", "--no-commit"]), 0);
  assert.equal(service.committed(), 2);
  assert.equal(await runCli(fake.context, ["subscribe", "news"]), 0);
  assert.equal(await runCli(fake.context, ["subscribe", "news"]), 0);

  assert.equal(fake.stdout.join(""), 'one\n{"two":2}\nthree\nthree\n');
  assert.deepEqual(service.registrations, [{ name: "news", topics: ["news"], from: "earliest" }]);
});

test("--from moves a known subscription; --json prints whole messages", async () => {
  await using service = await startService(["one"]);
  await using fake = await createFakeContext(service.url);
  await runCli(fake.context, ["subscribe", "news"]);
  await runCli(fake.context, ["subscribe", "news", "--from", "earliest", "--json"]);
  assert.deepEqual(fake.stdout, ["one\n", '{"id":"m1","topic":"news","sequence":0,"body":"one"}\n']);
});

test("a name keeps its topics; a refused token registers anew", async () => {
  await using service = await startService(["one"]);
  await using fake = await createFakeContext(service.url);
  assert.equal(await runCli(fake.context, ["subscribe", "--name", "desk"]), 2);
  assert.equal(await runCli(fake.context, ["subscribe", "a", "b", "--name", "desk"]), 0);
  assert.equal(await runCli(fake.context, ["subscribe", "b", "a", "--name", "desk"]), 0);
  assert.equal(await runCli(fake.context, ["subscribe", "c", "--name", "desk"]), 2);
  assert.equal(service.registrations.length, 1);

  service.registrations.push("another service now");
  assert.equal(await runCli(fake.context, ["subscribe", "--name", "desk"]), 0);
  assert.deepEqual(service.registrations.at(-1), { name: "desk", topics: ["a", "b"], from: "earliest" });
  assert.match(fake.stderr.join(""), /registering anew/);
});

test("control characters of a message do not reach a terminal", async () => {
  await using service = await startService(["a\u001b[2Jb\tc"]);
  await using terminal = await createFakeContext(service.url, "", true);
  await runCli(terminal.context, ["subscribe", "news"]);
  assert.deepEqual(terminal.stdout, ["a\uFFFD[2Jb\tc\n"]);
});
