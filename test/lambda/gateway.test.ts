import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { createGateway } from "./gateway.ts";
import type { Outcome } from "./runtime-api.ts";

/** A gateway whose functions give back their event. */
const echo = async (event: APIGatewayProxyEventV2): Promise<Outcome> => ({
  kind: "response",
  payload: JSON.stringify({ statusCode: 200, headers: { "x-from": "function" }, body: JSON.stringify(event) }),
});
const fail = async (): Promise<Outcome> => ({ kind: "error", type: "Error", message: "secret cause" });
const server = createGateway({
  routes: [
    { method: "POST", path: "/things/{id}", invoke: echo },
    { method: "GET", path: "/broken", invoke: fail },
  ],
  otherwise: echo,
  admit: () => ({}),
});
before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server.close());

interface Sent {
  readonly status: number;
  readonly text: string;
}

async function send(
  method: string,
  path: string,
  headers: Record<string, string | string[]>,
  body?: string | Buffer,
): Promise<Sent> {
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ port, host: "127.0.0.1", method, path, headers, agent: false });
  outgoing.end(body);
  const [incoming] = await once(outgoing, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return { status: incoming.statusCode, text: Buffer.concat(chunks).toString() };
}

const eventOf = ({ text }: Sent): APIGatewayProxyEventV2 => JSON.parse(text);

test("an event has lower-case names, joined values, the decoded path and the query as it was sent", async () => {
  const headers = { "X-Two": ["a", "b"], Cookie: "c=1; d=2", "Content-Type": "application/json" };
  const event = eventOf(await send("POST", "/things/a%20b?x=1&x=%202&y=", headers, '{"é":1}'));
  assert.equal(event.routeKey, "POST /things/{id}");
  assert.deepEqual([event.rawPath, event.rawQueryString], ["/things/a b", "x=1&x=%202&y="]);
  assert.deepEqual(event.queryStringParameters, { x: "1, 2", y: "" });
  assert.deepEqual([event.headers["x-two"], event.headers.cookie, event.cookies], ["a,b", undefined, ["c=1", "d=2"]]);
  assert.deepEqual([event.body, event.isBase64Encoded], ['{"é":1}', false]);
});

test("what is no text comes in base64; what no route takes goes to $default", async () => {
  const form = eventOf(await send("PUT", "/else", { "content-type": "application/x-www-form-urlencoded" }, "a=b"));
  assert.deepEqual([form.routeKey, form.body, form.isBase64Encoded], ["$default", "YT1i", true]);
  assert.equal(eventOf(await send("GET", "/things/1", {})).routeKey, "$default");
});

test("a failed function, a body and headers too large are the gateway's own errors, without their cause", async () => {
  assert.deepEqual(await send("GET", "/broken", {}), { status: 500, text: '{"message":"Internal Server Error"}' });
  assert.equal((await send("POST", "/things/1", {}, Buffer.alloc(10_485_761))).status, 413);
  assert.equal((await send("GET", "/things/1", { "x-large": "x".repeat(11_000) })).status, 431);
  assert.equal((await send("GET", "/%ZZ", {})).status, 400);
});

test("past its rate the stage answers 429", async () => {
  const throttled = createGateway({
    routes: [],
    otherwise: echo,
    admit: () => ({}),
    throttle: { callsPerSecond: 1, burst: 2 },
  });
  throttled.listen(0, "127.0.0.1");
  await once(throttled, "listening");
  const url = `http://127.0.0.1:${(throttled.address() as AddressInfo).port}/`;
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await fetch(url)).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  throttled.close();
  throttled.closeAllConnections();
});
