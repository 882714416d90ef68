import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { limits } from "#contract/limits.ts";
import { operationNames, operations } from "#contract/operations.ts";
import type { RegisteredPublisher, RegisteredSubscriber } from "#contract/types.ts";
import {
  type Answer,
  adminKey,
  assertProblem,
  type CallOptions,
  type HeldService,
  readAll,
  startHeldService,
  startService,
  type TestService,
} from "./harness.ts";

let service: TestService;
let publisher: RegisteredPublisher;
let subscriber: RegisteredSubscriber;
const admin: CallOptions = { token: adminKey };
const messages = "/v1/topics/t/messages";

before(async () => {
  service = await startService({ adminKey, publicRead: "true" });
  publisher = await service.registerPublisher(["t"], adminKey);
  subscriber = await service.registerSubscriber(["t"], "earliest", adminKey);
});
after(async () => {
  const { text } = await service.call("GET", "/metrics");
  assert.ok(!/status="5\d\d"/.test(text), "no call was answered with a fault");
  await service.close();
});

const assertAlive = async (): Promise<void> => assert.equal((await service.call("GET", "/healthz")).status, 200);

/** What a raw request is answered with, until the connection ends. */
async function raw(request: string | Uint8Array, on: TestService = service): Promise<string> {
  const socket = await on.socket();
  socket.write(request);
  return readAll(socket);
}

/** Holds every answer on a connection to be whole, and of these statuses. */
function assertRaw(text: string, statuses: readonly number[]): void {
  assert.deepEqual(
    [...text.matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, status]) => Number(status)),
    statuses,
    text.slice(0, 500),
  );
}

describe("bodies", () => {
  const jsonOperations = operationNames.filter((name) => ["POST", "PUT"].includes(operations[name].method));
  const pathOf = (name: (typeof operationNames)[number]): string =>
    operations[name].path
      .replace("{topic}", "t")
      .replace("{publisherId}", publisher.publisherId)
      .replace("{subscriberId}", subscriber.subscriberId);
  const withBody = jsonOperations.filter((name) => name !== "createStreamToken");
  const send = (
    name: (typeof operationNames)[number],
    body: string | Uint8Array,
    type = "application/json",
  ): Promise<Answer> =>
    service.call(operations[name].method, pathOf(name), { ...admin, body, headers: { "content-type": type } });

  test("that are not JSON are 400 invalid_json", async () => {
    for (const name of withBody)
      for (const body of ["{", "nul", "{'a':1}", '{"a":1}{', '{"name":"n",}', "\u0000", "[1,", "undefined"])
        assertProblem(await send(name, body), 400, "invalid_json");
  });

  test("of a wrong shape are 400 and name what is wrong", async () => {
    for (const name of withBody)
      for (const body of ["[]", "null", "1", '"text"', "true"]) {
        const problem = assertProblem(await send(name, body), 400, "invalid_request");
        assert.match(problem.errors![0]!.path, /^body/);
      }
    const cases: [string, unknown, string][] = [
      ["registerPublisher", { name: 1, topics: ["t"] }, "body.name"],
      ["registerPublisher", { name: "", topics: ["t"] }, "body.name"],
      ["registerPublisher", { name: "x".repeat(129), topics: ["t"] }, "body.name"],
      ["registerPublisher", { name: "n", topics: "t" }, "body.topics"],
      ["registerPublisher", { name: "n", topics: [] }, "body.topics"],
      ["registerPublisher", { name: "n", topics: Array(11).fill("t") }, "body.topics"],
      ["registerPublisher", { name: "n", topics: ["t", "-t"] }, "body.topics.1"],
      ["registerPublisher", { name: "n", topics: ["x".repeat(129)] }, "body.topics.0"],
      ["registerPublisher", { name: "n", topics: ["a/b"] }, "body.topics.0"],
      ["registerPublisher", { name: "n", topics: ["é"] }, "body.topics.0"],
      ["registerPublisher", { name: "n" }, "body.topics"],
      ["registerPublisher", { name: "n", topics: ["t"], admin: true }, "body.admin"],
      ["registerSubscriber", { topics: ["t"], from: 5 }, "body.from"],
      ["registerSubscriber", { topics: ["t"], from: "never" }, "body.from"],
      ["putTopic", { shards: 0 }, "body.shards"],
      ["putTopic", { shards: 17 }, "body.shards"],
      ["putTopic", { shards: "2" }, "body.shards"],
      ["putTopic", { shards: 1.5 }, "body.shards"],
      ["putTopic", { terms: { enabled: "yes" } }, "body.terms.enabled"],
      ["putTopic", { terms: { languages: ["tlh"] } }, "body.terms.languages"],
      ["putTopic", { terms: { colour: 1 } }, "body.terms.colour"],
      ["putTopic", { retention: 1 }, "body.retention"],
      ["commitCursor", { cursor: 7 }, "body.cursor"],
      ["commitCursor", { cursor: "x".repeat(2049) }, "body.cursor"],
      ["seekSubscriber", {}, "body.from"],
      ["rebuildTerms", { to: "2026-01-05T00:00:00Z" }, "body.from"],
      ["rebuildTerms", { from: "yesterday", to: "2026-01-05T00:00:00Z" }, "body.from"],
      ["rebuildTerms", { from: "2026-01-05T00:00:00Z", to: "2026-01-05T00:00:00Z" }, "body.to"],
      ["publish", {}, "body.body"],
      ["publish", { body: 1, id: "0-0" }, "body.id"],
      ["publish", { body: 1, attributes: { a: 1 } }, "body.attributes.a"],
      ["publish", { body: 1, ttlSeconds: 0 }, "body.ttlSeconds"],
      ["publish", { body: 1, key: "" }, "body.key"],
      ["publish", { messages: [{ body: 1 }], key: "k" }, "body.key"],
      ["publish", { messages: [{ body: 1 }, 2] }, "body.messages.1"],
    ];
    for (const [name, json, path] of cases) {
      const problem = assertProblem(await send(name as "publish", JSON.stringify(json)), 400, "invalid_request");
      assert.ok(
        problem.errors!.some((error) => error.path === path),
        `${name} ${JSON.stringify(json).slice(0, 100)}: ${JSON.stringify(problem.errors)}`,
      );
    }
  });

  test("of another content type, or none, are 415", async () => {
    for (const name of withBody) {
      assertProblem(await send(name, "{}", "application/xml"), 415, "unsupported_media_type");
      if (name !== "publish") assertProblem(await send(name, "{}", "text/plain"), 415, "unsupported_media_type");
      const bare = await service.call(operations[name].method, pathOf(name), { ...admin, body: "{}" });
      assertProblem(bare, 415, "unsupported_media_type");
    }
  });

  test("that are not UTF-8 are 400 invalid_text", async () => {
    for (const bytes of [
      [0xff, 0xfe],
      [0x22, 0xc3, 0x28, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xf5, 0x80, 0x80, 0x80],
    ]) {
      for (const name of withBody) assertProblem(await send(name, Uint8Array.from(bytes)), 400, "invalid_text");
      for (const type of ["text/plain", "application/x-ndjson"])
        assertProblem(await send("publish", Uint8Array.from(bytes), type), 400, "invalid_text");
    }
  });

  test("nested deeper than 64 levels are refused and say so, whatever parser could take them; 64 are read", async () => {
    const path = "/v1/topics/deep/messages";
    await service.call("PUT", "/v1/topics/deep", admin);
    const nested = (depth: number, open = "[", close = "]"): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
    const headers = { "content-type": "application/json" };
    const post = (body: string): Promise<Answer> => service.call("POST", path, { ...admin, headers, body });
    for (const depth of [64, 100, 10_000, 200_000]) {
      for (const deep of [nested(depth), nested(depth, '{"a":', "}")]) {
        for (const body of [
          `{"body":${deep}}`,
          `{"messages":[{"body":${deep}}]}`,
          // Of a name given twice the last counts, and all is delivered.
          `{"body":${deep},"body":1}`,
        ]) {
          const problem = assertProblem(await post(body), 400, "invalid_request");
          assert.match(problem.detail, /64 levels/);
        }
        assertProblem(await post(deep), 400, "invalid_request");
      }
    }
    const flat = `{"body":["${"[{".repeat(1_000)}\\"[", ${nested(62)}]}`;
    assert.equal((await post(flat)).status, 201);
    const { json } = await service.call("GET", path);
    assert.deepEqual(
      json.messages.map((each: { body: unknown }) => each.body),
      [JSON.parse(flat).body],
    );
  });

  test("of 100 MB are 413, with or without a declared length, and the connection ends", async () => {
    const size = 100_000_000;
    for (const declared of [true, false]) {
      const outgoing = httpRequest({
        port: service.port,
        host: "127.0.0.1",
        method: "POST",
        path: messages,
        headers: {
          authorization: `Bearer ${publisher.token}`,
          "content-type": "text/plain",
          ...(declared && { "content-length": size }),
        },
      });
      const closed = new Promise<void>((resolve) => outgoing.once("close", resolve));
      outgoing.on("error", () => {});
      const answered = once(outgoing, "response");
      let sent = 0;
      const chunk = Buffer.alloc(1_000_000, "x");
      const pump = async (): Promise<void> => {
        for (; sent < size && !outgoing.destroyed; sent += chunk.length)
          if (!outgoing.write(chunk)) await Promise.race([once(outgoing, "drain"), closed]);
        outgoing.end();
      };
      void pump().catch(() => {});
      const [incoming] = await answered;
      let text = "";
      for await (const part of incoming) text += part;
      const answer = { status: incoming.statusCode, headers: incoming.headers, text, json: JSON.parse(text) };
      const problem = assertProblem(answer, 413, "payload_too_large");
      assert.equal(problem.limitBytes, limits.bodyBytesMax);
      assert.ok(problem.actualBytes! > limits.bodyBytesMax);
      assert.equal(incoming.headers.connection, "close");
      await closed;
      outgoing.destroy();
      assert.ok(sent < size, "it was not read to its end");
      await assertAlive();
    }
  });

  test("cut off on the way are forgotten", async () => {
    for (let i = 0; i < 20; i++) {
      const socket = await service.socket();
      socket.write(
        `POST ${messages} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${publisher.token}\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\nhalf`,
      );
      await delay(i);
      socket.destroy();
    }
    await assertAlive();
    const { json } = await service.call("GET", `/v1/subscribers/${subscriber.subscriberId}/messages`, subscriber);
    assert.ok(!JSON.stringify(json.messages).includes("half"));
  });

  test("of any kind are never answered with a fault", async () => {
    const anything = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record(
          {
            name: fc.anything(),
            topics: fc.oneof(fc.array(fc.string()), fc.anything()),
            from: fc.oneof(
              fc.string(),
              fc.constantFrom("latest", "c1.", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"),
            ),
            cursor: fc.string(),
            body: fc.jsonValue(),
            key: fc.anything(),
            ttlSeconds: fc.anything(),
            attributes: fc.anything(),
            shards: fc.anything(),
            retentionSeconds: fc.anything(),
            terms: fc.anything(),
            messages: fc.anything(),
          },
          { requiredKeys: [] },
        )
        .map((value) => {
          try {
            return Buffer.from(JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each)) ?? "");
          } catch {
            return Buffer.from("");
          }
        }),
    );
    const types = fc.constantFrom("application/json", "application/json", "text/plain", "application/x-ndjson", "");
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...withBody), anything, types, async (name, body, type) => {
        const path = operations[name].path
          .replace("{topic}", "fuzz")
          .replace("{publisherId}", publisher.publisherId)
          .replace("{subscriberId}", subscriber.subscriberId);
        const headers = type === "" ? {} : { "content-type": type };
        const { status, text } = await service.call(operations[name].method, path, { ...admin, body, headers });
        assert.ok(status < 500, text);
      }),
      { numRuns: 1500 },
    );
    await service.call("PUT", `/v1/publishers/${publisher.publisherId}/topics`, { ...admin, json: { topics: ["t"] } });
  });
});

describe("paths and queries", () => {
  test("that are absurd are 400 or 404", async () => {
    const absurd = [
      "/v1/topics/%ZZ",
      "/v1/topics/%",
      "/v1/topics/%E0%A4%A",
      "/v1/topics/%ff/messages",
      "/v1/topics/..",
      "/v1/topics/../../etc/passwd",
      "/v1/topics/%2e%2e%2f",
      "/v1/topics/a%00b",
      "/v1/topics/a%2Fb/messages",
      "/v1/topics//messages",
      "/v1/topics/t/",
      "//v1/topics",
      "/V1/topics",
      "/v1",
      "/",
      "/v1/subscribers/constructor",
      "/v1/publishers/__proto__",
      "/v1/topics/t/messages/__proto__",
      `/v1/topics/${"x".repeat(129)}`,
      `/v1/${"x/".repeat(1000)}`,
      `/v1/topics/${"x".repeat(5000)}`,
      "/v1/topics/kept?",
      "/v1/topics/caf\u00e9",
    ];
    for (const path of absurd) {
      for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]) {
        if (/[^\x21-\x7e]/.test(path)) continue;
        const { status } = await service.call(method, path, admin);
        // A question mark with nothing behind it is as none.
        const fine = [
          400,
          404,
          405,
          ...(method === "OPTIONS" ? [204] : []),
          ...(path.endsWith("?") ? [200, 204, 409] : []),
        ];
        assert.ok(fine.includes(status), `${method} ${path.slice(0, 60)} -> ${status}`);
      }
    }
    assertProblem(await service.call("GET", "/v1/topics/%ZZ"), 400, "invalid_request");
    assertProblem(await service.call("GET", `/v1/topics/${"x".repeat(5000)}`), 400, "invalid_request");
    assertProblem(await service.call("GET", "/v1/topics/nothing"), 404, "topic_not_found");
  });

  test("with unknown, repeated or wrong query values are 400 and name them", async () => {
    const mine = `/v1/subscribers/${subscriber.subscriberId}/messages`;
    const cases: [string, string][] = [
      ["/v1/topics?limit=0", "query.limit"],
      ["/v1/topics?limit=1001", "query.limit"],
      ["/v1/topics?limit=ten", "query.limit"],
      ["/v1/topics?limit=1e2", "query.limit"],
      ["/v1/topics?limit=-1", "query.limit"],
      ["/v1/topics?limit=", "query.limit"],
      ["/v1/topics?limit=99999999999999999999", "query.limit"],
      ["/v1/topics?limit=1&limit=1", "query.limit"],
      ["/v1/topics?page=2", "query.page"],
      ["/v1/topics?__proto__=1", "query.__proto__"],
      ["/v1/topics?constructor=1", "query.constructor"],
      ["/v1/topics?after=", "query.after"],
      [`${mine}?wait=21`, "query.wait"],
      [`${mine}?wait=0.5`, "query.wait"],
      [`${mine}?commit=yes`, "query.commit"],
      [`${mine}?after=`, "query.after"],
      [`${mine}?after=${"x".repeat(2049)}`, "query.after"],
      ["/v1/popular-terms?window=2h", "query.window"],
      ["/v1/popular-terms?topic=-", "query.topic"],
      ["/v1/popular-terms?sort=worst", "query.sort"],
      ["/v1/healthz", ""],
    ];
    for (const [path, name] of cases) {
      const answer = await service.call("GET", path, admin);
      if (name === "") assertProblem(answer, 404, "route_not_found");
      else {
        const { errors } = assertProblem(answer, 400, "invalid_request");
        assert.ok(
          errors!.some((error) => error.path === name),
          `${path}: ${JSON.stringify(errors)}`,
        );
      }
    }
  });

  test("with what is not there are 404 for the admin, each with its code", async () => {
    for (const [method, path, code, json] of [
      ["GET", "/v1/topics/nothing/messages", "topic_not_found"],
      ["POST", "/v1/topics/nothing/messages", "topic_not_found", { body: 1 }],
      ["GET", "/v1/topics/nothing/messages/0-0", "topic_not_found"],
      ["GET", "/v1/popular-terms?topic=nothing", "topic_not_found"],
      ["GET", "/v1/publishers/nobody", "publisher_not_found"],
      ["PUT", "/v1/publishers/nobody/topics", "publisher_not_found", { topics: ["made-for-nobody"] }],
      ["GET", "/v1/subscribers/nobody", "subscriber_not_found"],
      ["GET", "/v1/subscribers/nobody/messages", "subscriber_not_found"],
      ["PUT", "/v1/subscribers/nobody/cursor", "subscriber_not_found", { cursor: "c1.x" }],
      ["POST", "/v1/subscribers/nobody/seek", "subscriber_not_found", { from: "latest" }],
      ["POST", "/v1/subscribers/nobody/stream-tokens", "subscriber_not_found"],
    ] as const)
      assertProblem(await service.call(method, path, { ...admin, ...(json && { json }) }), 404, code);
    assertProblem(await service.call("GET", "/v1/topics/made-for-nobody"), 404, "topic_not_found");
  });

  test("of any kind are never answered with a fault", async () => {
    const part = fc.oneof(
      fc.constantFrom(
        "v1",
        "topics",
        "t",
        "messages",
        "publishers",
        "subscribers",
        "cursor",
        "popular-terms",
        "..",
        "%00",
        "%ZZ",
        "",
      ),
      fc.string().map(encodeURIComponent),
      fc.string({ unit: fc.constantFrom(..."%2eAZaz09-._~:@!$&'()*+,;=") }),
    );
    const query = fc.array(fc.tuple(fc.constantFrom("limit", "after", "wait", "at", "topic", "window", "x"), part));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "OPTIONS"),
        fc.array(part, { maxLength: 6 }),
        query,
        async (method, parts, pairs) => {
          fc.pre(!(method === "DELETE" && parts[2] === "t"));
          const path = `/v1/${parts.join("/")}${pairs.length > 0 ? `?${pairs.map(([a, b]) => `${a}=${b}`).join("&")}` : ""}`;
          fc.pre(!/wait=\d*[1-9]/.test(path) && path.length < 5000);
          const { status, text } = await service.call(method, path, { token: adminKey });
          assert.ok(status < 500, text);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("what is hardly HTTP", () => {
  test("header floods are 431 as a problem, and the connection ends", async () => {
    const flood = `GET /healthz HTTP/1.1\r\nhost: x\r\n${"x-flood: yes, a lot of it\r\n".repeat(2000)}\r\n`;
    const text = await raw(flood);
    assertRaw(text, [431]);
    assert.match(text, /content-type: application\/problem\+json/);
    assert.equal(JSON.parse(text.split("\r\n\r\n")[1]!).code, "headers_too_large");
    const longLine = await raw(`GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`);
    assertRaw(longLine, [431]);
    await assertAlive();
  });

  test("requests that are none are 400 as a problem, and the connection ends", async () => {
    for (const request of [
      "hello\r\n\r\n",
      "GET / HTTP/9.9\r\nhost: x\r\n\r\n",
      "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
      `POST ${messages} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`,
      `POST ${messages} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST ${messages} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx`,
      "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
    ]) {
      const text = await raw(request);
      assertRaw(text, [400]);
      assert.equal(JSON.parse(text.split("\r\n\r\n")[1]!).code, "invalid_request", request);
    }
    await assertAlive();
  });

  test("an expectation that is none is left aside", async () => {
    const text = await raw("GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: something\r\nconnection: close\r\n\r\n");
    assertRaw(text, [200]);
  });

  test("what is refused as no HTTP is answered even while its caller is still sending", async () => {
    const head = `POST ${messages} HTTP/1.1\r\nhost: x\r\ncontent-length: 0x10\r\n\r\n`;
    for (let i = 0; i < 10; i++) assertRaw(await raw(head + "x".repeat(2_000_000)), [400]);
  });

  test("a body in chunks that break off or are none ends the connection without a message", async () => {
    const head = `POST ${messages} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${publisher.token}\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n`;
    const text = await raw(`${head}5\r\nbroke\r\nZZ\r\n`);
    assert.ok(!/ 201 /.test(text), text);
    await assertAlive();
    const { json } = await service.call("GET", `/v1/subscribers/${subscriber.subscriberId}/messages`, subscriber);
    assert.ok(!JSON.stringify(json.messages).includes("broke"));
  });

  test("an open service answers to no request without a Host", async () => {
    const open = await startService();
    try {
      const text = await raw("GET /v1/topics HTTP/1.1\r\nconnection: close\r\nhost:\r\n\r\n", open);
      assertRaw(text, [403]);
      assertRaw(await raw("GET /v1/topics HTTP/1.0\r\n\r\n", open), [403]);
      assertRaw(await raw("GET /v1/topics HTTP/1.1\r\nconnection: close\r\n\r\n", open), [400]);
    } finally {
      await open.close();
    }
  });

  test("requests in one write are answered one after the other", async () => {
    const one = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    const last = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assertRaw(await raw(one.repeat(5) + last), [200, 200, 200, 200, 200, 200]);
  });

  test("a body that nobody reads is not taken for the next request", async () => {
    const smuggled = "GET /v1/smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    const text = await raw(`GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n${smuggled}`);
    assertRaw(text, [200]);
    assert.ok(!text.includes("smuggled"));
  });

  describe("that comes too slowly", () => {
    let slow: HeldService;
    before(async () => {
      slow = await startHeldService();
      slow.server.headersTimeout = 300;
      slow.server.requestTimeout = 600;
    });
    after(() => slow.close());

    test("is 408, and the connection ends", { concurrency: true }, async () => {
      const drip = async (first: string, rest: string): Promise<string> => {
        const socket = await slow.socket();
        const text = readAll(socket);
        socket.write(first);
        for (const character of rest.repeat(1000)) {
          if (socket.destroyed || socket.readableEnded) break;
          socket.write(character);
          await delay(50);
        }
        return text;
      };
      // A body is read only for those who may publish.
      const { token } = await slow.registerPublisher(["t"], adminKey);
      const authorization = `authorization: Bearer ${token}\r\n`;
      const answers = await Promise.all([
        drip("GET /healthz HTTP/1.1\r\nhost: x\r\n", "a: b\r\n"),
        drip("GET /healthz HTTP/1.1\r\nhost: x\r\n", ""),
        drip(`POST ${messages} HTTP/1.1\r\nhost: x\r\n${authorization}content-length: 100000\r\n\r\n`, "x"),
        drip("", ""),
      ]);
      for (const text of answers.slice(0, 3)) {
        assertRaw(text, [408]);
        assert.match(text, /application\/problem\+json/);
      }
      const stranger = await drip(`POST ${messages} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`, "x");
      assertRaw(stranger, [401]);
      assert.equal((await slow.call("GET", "/healthz")).status, 200);
    });
  });
});
