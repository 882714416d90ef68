import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#contract/limits.ts";
import { defaultServiceSettings } from "#core/settings.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { allAnswers } from "../answers.ts";
import { createHttpHandler } from "../http.ts";
import { createContext } from "../node-context.ts";
import { createApiFunction } from "./api-function.ts";
import { createDescribeService } from "./describe-service.ts";
import type { GatewayEvent, GatewayResult } from "./events.ts";
import { event1, event2, fakeTelemetry, invocation } from "./fake-gateway.ts";

const settings = { ...defaultServiceSettings, waitSecondsMax: 1, finiteStreams: true, registryCacheMs: 0 };

function service(): { call(event: GatewayEvent): Promise<GatewayResult>; telemetry: ReturnType<typeof fakeTelemetry> } {
  const telemetry = fakeTelemetry();
  const handler = createHttpHandler(createContext(createMemoryStore(), settings), allAnswers);
  const run = createApiFunction(createDescribeService(handler), telemetry);
  return { call: (event) => run(event, invocation()), telemetry };
}

const json = { "content-type": "application/json" };
const text = { "content-type": "text/plain" };

async function withTopic(): Promise<
  ReturnType<typeof service> & { token: string; stream: string; authorization: string }
> {
  const made = service();
  const body = JSON.stringify({ name: "n", topics: ["news"] });
  const { token } = JSON.parse((await made.call(event2("POST", "/v1/publishers", { headers: json, body }))).body);
  const subscriber = JSON.parse(
    (await made.call(event2("POST", "/v1/subscribers", { headers: json, body: '{"topics":["news"]}' }))).body,
  );
  const stream = `/v1/subscribers/${subscriber.subscriberId}/messages`;
  return { ...made, token: `Bearer ${token}`, stream, authorization: `Bearer ${subscriber.token}` };
}

test("both payloads bring the same call: base64 or not, header names in any case", async () => {
  const { call, token } = await withTopic();
  const path = "/v1/topics/news/messages";
  const base64 = Buffer.from("ünï").toString("base64");
  const bodies: GatewayEvent[] = [
    event2("POST", path, { headers: { ...text, authorization: token }, body: "ünï" }),
    event2("POST", path, { headers: { ...text, authorization: token }, body: base64, isBase64Encoded: true }),
    event1("POST", path, {
      headers: { "Content-Type": "text/plain", Authorization: token },
      multiValueHeaders: null as never,
      body: "ünï",
    }),
    event1("POST", path, {
      multiValueHeaders: { "Content-Type": ["text/plain"], Authorization: [token] },
      body: base64,
      isBase64Encoded: true,
    }),
  ];
  for (const event of bodies) assert.equal((await call(event)).statusCode, 201);
  const read = JSON.parse((await call(event2("GET", path))).body);
  assert.deepEqual(
    read.messages.map(({ body }: { body: string }) => body),
    ["ünï", "ünï", "ünï", "ünï"],
  );
  const cursor = read.cursor;
  const rest = await call(
    event1("GET", path, {
      queryStringParameters: { after: cursor },
      multiValueQueryStringParameters: { after: [cursor] },
    }),
  );
  assert.deepEqual(JSON.parse(rest.body).messages, []);
});

test("a parameter given twice, a header given twice and a stage before the path are what they are on one machine", async () => {
  const { call, token } = await withTopic();
  const twice = await call(event2("GET", "/v1/topics/news/messages?limit=1&limit=2"));
  assert.match(JSON.parse(twice.body).detail, /query\.limit: is given more than once/);
  const twice1 = await call(event1("GET", "/v1/topics", { multiValueQueryStringParameters: { limit: ["1", "2"] } }));
  assert.match(JSON.parse(twice1.body).detail, /query\.limit: is given more than once/);
  const joined = await call(event2("GET", "/v1/topics", { headers: { authorization: `${token},${token}` } }));
  assert.equal(joined.statusCode, 401);
  const requestContext = { stage: "live", http: { method: "GET" } } as ReturnType<typeof event2>["requestContext"];
  assert.equal((await call(event2("GET", "/live/v1/topics", { requestContext }))).statusCode, 200);
});

test("a path that the gateway decoded does not become a query or a fault", async () => {
  const { call, telemetry } = service();
  for (const path of [
    "/v1/topics/a?limit=1",
    "/v1/topics/a#b",
    "/v1/topics/100%",
    "/v1/topics/é ",
    "/v1/topics/\ud800",
  ]) {
    const event = event2("GET", "/", { rawPath: path });
    const { statusCode, headers } = await call(event);
    assert.deepEqual([statusCode, headers["content-type"]], [400, "application/problem+json"], path);
  }
  assert.deepEqual(telemetry.failures, []);
});

test("HEAD, OPTIONS, the host's pages and what nothing answers", async () => {
  const { call } = service();
  assert.deepEqual(
    [(await call(event2("HEAD", "/v1/topics"))).body, (await call(event2("HEAD", "/healthz"))).body],
    ["", ""],
  );
  assert.equal((await call(event2("OPTIONS", "/v1/topics"))).headers.allow, "HEAD, GET, OPTIONS");
  assert.equal(JSON.parse((await call(event2("GET", "/openapi.json"))).body).openapi, "3.1.0");
  for (const [method, path, status, code] of [
    ["GET", "/nothing", 404, "route_not_found"],
    ["PATCH", "/v1/topics", 405, "method_not_allowed"],
    ["POST", "/healthz", 405, "method_not_allowed"],
  ] as const) {
    const answer = await call(event2(method, path));
    assert.deepEqual([answer.statusCode, JSON.parse(answer.body).code], [status, code]);
  }
});

test("a body over the limit is 413 with both sizes, once the caller may send one", async () => {
  const { call, token } = await withTopic();
  const body = "x".repeat(limits.bodyBytesMax + 1);
  const path = "/v1/topics/news/messages";
  assert.equal((await call(event2("POST", path, { headers: text, body }))).statusCode, 401);
  const refused = await call(event2("POST", path, { headers: { ...text, authorization: token }, body }));
  assert.deepEqual([refused.statusCode, JSON.parse(refused.body).actualBytes], [413, body.length]);
});

test("a stream gives what there is and ends; with nothing to give it waits as long as asked, and the setting allows", async () => {
  const { call, token, stream, authorization } = await withTopic();
  const headers = { accept: "text/event-stream", authorization };
  const publish = (body: string): Promise<GatewayResult> =>
    call(event2("POST", "/v1/topics/news/messages", { headers: { ...text, authorization: token }, body }));
  assert.equal((await call(event2("GET", stream, { headers }))).body, "retry: 2000\n\n");
  await publish("a");
  const first = await call(event2("GET", stream, { headers }));
  assert.match(first.body, /^retry: 2000\n\nid: (\S+)\nevent: message\ndata: \{[^\n]*"body":"a"\}\n\n$/);
  const id = /id: (\S+)/.exec(first.body)![1]!;
  const waiting = call(event2("GET", `${stream}?wait=20`, { headers: { ...headers, "last-event-id": id } }));
  await publish("b");
  assert.match((await waiting).body, /"body":"b"/);
  const idle = call(event2("GET", `/v1/topics/news/messages`, { headers }));
  assert.match((await idle).body, /^retry: 2000\n\nid: \S+\n\n$/, "a tail says where it began");
});

test("a stream of terms gives the answer there is and ends", async () => {
  const { call, authorization } = await withTopic();
  const headers = { accept: "text/event-stream", authorization };
  const { statusCode, body } = await call(event2("GET", "/v1/popular-terms?topic=news&window=1h", { headers }));
  assert.equal(statusCode, 200);
  const [, data] = /^retry: 2000\n\nevent: terms\ndata: ([^\n]*)\n\n$/.exec(body) ?? assert.fail(body);
  assert.deepEqual([JSON.parse(data!).scope, JSON.parse(data!).terms], ["topic:news", []]);
});

test("an event that is no call of a gateway is a fault that is logged, and answered without its cause", async () => {
  const { call, telemetry } = service();
  const answer = await call({} as GatewayEvent);
  assert.deepEqual([answer.statusCode, JSON.parse(answer.body).code], [500, "internal"]);
  assert.equal(telemetry.failures.length, 1);
  assert.doesNotMatch(answer.body, /gateway/i);
});
