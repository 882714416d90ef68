import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createFakeContext } from "./fake-context.ts";
import { runCli } from "./run.ts";

/** A service that registers publishers and takes what they publish, until their tokens are forgotten. */
async function startService() {
  const registrations: unknown[] = [];
  const batches: { body: unknown }[][] = [];
  let known = new Set<string>();
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    const answer = (status: number, value: unknown) => response.writeHead(status).end(`${JSON.stringify(value)}\n`);
    if (request.url === "/v1/publishers") {
      registrations.push(body);
      const token = `token-${registrations.length}`;
      known.add(`Bearer ${token}`);
      return answer(201, { publisherId: `p${registrations.length}`, token, ...body });
    }
    if (!known.has(request.headers.authorization ?? "")) {
      return answer(401, { code: "unauthenticated", detail: "unknown token", status: 401 });
    }
    batches.push(body.messages);
    return answer(201, {
      topic: "news",
      messages: body.messages.map((_: unknown, index: number) => ({ id: `m${index}` })),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    registrations,
    batches,
    forget: () => (known = new Set()),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("it registers once, and anew once when the token is not known any more", async () => {
  await using service = await startService();
  await using fake = await createFakeContext(service.url);
  assert.equal(await runCli(fake.context, ["publish", "news", "one"]), 0);
  assert.equal(await runCli(fake.context, ["publish", "news", "two", "--title", "t"]), 0);
  assert.equal(service.registrations.length, 1);

  service.forget();
  assert.equal(await runCli(fake.context, ["publish", "news", "three"]), 0);

  assert.equal(service.registrations.length, 2);
  assert.deepEqual(service.batches, [[{ body: "one" }], [{ title: "t", body: "two" }], [{ body: "three" }]]);
  assert.match(fake.stderr.join(""), /registering anew/);
});

test("lines become messages in batches, in order, without the blank ones", async () => {
  const lines = Array.from({ length: 1_234 }, (_, index) => `line ${index}`);
  await using service = await startService();
  await using fake = await createFakeContext(service.url, `\uFEFF${lines.join("\r\n\n")}`);
  assert.equal(await runCli(fake.context, ["publish", "news", "--lines"]), 0);
  assert.deepEqual(
    service.batches.flat().map(({ body }) => body),
    lines,
  );
  assert.ok(service.batches.every((batch) => batch.length <= 500));
});

test("batches keep within the bytes of a batch", async () => {
  const line = "x".repeat(100_000);
  await using service = await startService();
  await using fake = await createFakeContext(service.url, `${line}\n`.repeat(7));
  assert.equal(await runCli(fake.context, ["publish", "news", "--lines"]), 0);
  assert.deepEqual(
    service.batches.map((batch) => batch.length),
    [3, 3, 1],
  );
});

test("NDJSON is a message, a body, or fields of one", async () => {
  const input = '{"body":1,"title":"t","id":"m1","topic":"old"}\n\n[2]\n"three"\n';
  await using service = await startService();
  await using fake = await createFakeContext(service.url, input);
  assert.equal(await runCli(fake.context, ["publish", "news", "--ndjson"]), 0);
  assert.deepEqual(service.batches.flat(), [{ title: "t", body: 1 }, { body: [2] }, { body: "three" }]);

  await using fields = await createFakeContext(service.url, '{"text":"b","name":"n","nr":7,"more":1}\n');
  const args = ["--body-field", "text", "--title-field", "name", "--key-field", "nr"];
  assert.equal(await runCli(fields.context, ["publish", "news", "--ndjson", ...args]), 0);
  assert.deepEqual(service.batches.at(-1), [{ body: "b", title: "n", key: "7" }]);
});

test("a bad line is named, after what came before it was published", async () => {
  await using service = await startService();
  await using fake = await createFakeContext(service.url, "1\n2\n{\n4\n");
  assert.equal(await runCli(fake.context, ["publish", "news", "--ndjson"]), 1);
  assert.deepEqual(service.batches.flat(), [{ body: 1 }, { body: 2 }]);
  assert.match(fake.stderr.join(""), /Line 3 .*\(invalid_json\)/);
});

test("the standard input is one message", async () => {
  await using service = await startService();
  await using fake = await createFakeContext(service.url, "two\nlines\n");
  assert.equal(await runCli(fake.context, ["publish", "news"]), 0);
  assert.deepEqual(service.batches, [[{ body: "two\nlines\n" }]]);
});
