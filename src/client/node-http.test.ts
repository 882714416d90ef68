import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { BellwetherError } from "#contract/errors.ts";
import { createClient } from "./client.ts";
import { problem, sendJson, startFakeService } from "./fake-service.ts";
import type { NodeHttpModule } from "./node-http.ts";

const once1 = { attempts: 1 };

test("what is declared of node:http and node:https is what they are", () => {
  for (const module of [http, https] satisfies NodeHttpModule[]) assert.equal(typeof module.request, "function");
});

test("on Node the connection is kept and no fetch is called, unless one is given", async (t) => {
  const ports = new Set<number | undefined>();
  await using service = await startFakeService((_request, response) => {
    ports.add(response.socket?.remotePort);
    sendJson(response, 200, { items: [] });
  });
  const fetched = t.mock.method(globalThis, "fetch");
  const client = createClient({ url: service.url });
  for (let i = 0; i < 3; i++) await client.listTopics();
  assert.equal(ports.size, 1, "one connection for three calls");
  assert.equal(fetched.mock.callCount(), 0);
  assert.equal(service.requests[0]!.headers["accept-encoding"], undefined);

  await createClient({ url: service.url, fetch: globalThis.fetch }).listTopics();
  assert.equal(fetched.mock.callCount(), 1);
});

test("an answer larger than many packets, cut within characters, comes whole", async () => {
  const name = "é日🐳".repeat(200_000);
  await using service = await startFakeService((_request, response) => sendJson(response, 200, { name }));
  const answer: unknown = await createClient({ url: service.url }).getTopic("news");
  assert.deepEqual(answer, { name });
});

test("an answer that breaks off is connection_failed", async () => {
  await using service = await startFakeService((_request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("{");
    setImmediate(() => response.destroy());
  });
  const client = createClient({ url: service.url, retries: once1 });
  await assert.rejects(client.listTopics(), { code: "connection_failed" });
});

test("a signal ends a call before it is sent, while it is answered, and in its body", async () => {
  let arrived: () => void = () => {};
  await using service = await startFakeService((request, response) => {
    if (request.target.endsWith("/body")) response.writeHead(200).write("{");
    arrived();
  });
  const client = createClient({ url: service.url });
  await assert.rejects(client.getTopic("t", { signal: AbortSignal.abort(new Error("early")) }), { message: "early" });
  assert.equal(service.requests.length, 0);
  for (const topic of ["head", "body"]) {
    const controller = new AbortController();
    arrived = () => setImmediate(() => controller.abort(new Error(topic)));
    await assert.rejects(client.getTopic(topic, { signal: controller.signal }), { message: topic });
  }
});

test("a connection that dies under a call that is not repeatable is told, and not sent again", async () => {
  const sockets: Socket[] = [];
  await using service = await startFakeService((request, response, number) => {
    if (number === 0) return sendJson(response, 200, { items: [] });
    sockets.push(response.socket!);
    if (request.method === "POST") response.destroy();
    else sendJson(response, 200, { items: [] });
  });
  const client = createClient({ url: service.url });
  await client.listTopics();
  const registering = client.registerPublisher({ name: "p", topics: ["news"] });
  await assert.rejects(registering, { code: "connection_failed" });
  assert.equal(service.requests.length, 2);
  await client.listTopics();
  assert.equal(sockets.length, 2);
  assert.notEqual(sockets[0], sockets[1], "and the next call has another connection");
});

test("a redirect is an error that says where to", async () => {
  await using service = await startFakeService((_request, response) => {
    response.writeHead(308, { location: "https://elsewhere.example/" }).end();
  });
  await assert.rejects(createClient({ url: service.url }).listTopics(), (error) => {
    assert.ok(error instanceof BellwetherError);
    assert.equal(error.status, 308);
    assert.match(error.message, /redirect to https:\/\/elsewhere\.example\//);
    return true;
  });
  assert.equal(service.requests.length, 1);
});

test("an error's details come with it", async () => {
  await using service = await startFakeService((_request, response) =>
    sendJson(response, 429, problem(429, "too_many_requests"), { "retry-after": "3" }),
  );
  await assert.rejects(createClient({ url: service.url, retries: once1 }).listTopics(), {
    code: "too_many_requests",
    details: { retryAfterSeconds: 3 },
  });
});

test("an IPv6 address is reached", async (t) => {
  const server = http.createServer((_request, response) => sendJson(response, 200, { items: [] }));
  server.listen(0, "::1");
  const failed = await Promise.race([
    once(server, "listening").then(() => undefined),
    once(server, "error").then(([error]) => String(error)),
  ]);
  if (failed !== undefined) return t.skip(`no IPv6 here: ${failed}`);
  const { port } = server.address() as AddressInfo;
  assert.deepEqual(await createClient({ url: `http://[::1]:${port}` }).listTopics(), { items: [] });
  server.closeAllConnections();
  server.close();
});

test("64 clients at once are 64 calls, over connections of which the next ones take", async () => {
  const ports = new Set<number | undefined>();
  const held: (() => void)[] = [];
  await using service = await startFakeService((_request, response) => {
    ports.add(response.socket?.remotePort);
    held.push(() => sendJson(response, 200, { items: [] }));
    if (held.length === 64) for (const end of held.splice(0)) end();
  });
  for (let round = 0; round < 2; round++) {
    await Promise.all(Array.from({ length: 64 }, () => createClient({ url: service.url }).listTopics()));
  }
  assert.equal(service.requests.length, 128);
  assert.equal(ports.size, 64);
});

test("idle connections do not keep a process", async () => {
  await using service = await startFakeService((_request, response) => sendJson(response, 200, { items: [] }));
  const code = `const { createClient } = await import("#client/mod.ts");
    await createClient({ url: ${JSON.stringify(service.url)} }).listTopics();
    await new Promise(setImmediate);
    process.stdout.write(process.getActiveResourcesInfo().join());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  const [status] = await once(child, "close");
  assert.equal(status, 0);
  assert.doesNotMatch(said, /TCPSocketWrap/);
  assert.equal(service.requests.length, 1);
});
