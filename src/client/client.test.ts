import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BellwetherError } from "#contract/errors.ts";
import { operationNames } from "#contract/operations.ts";
import { createClient } from "./client.ts";
import { problem, sendJson, startFakeService } from "./fake-service.ts";

const retries = { attempts: 4, baseMs: 1, maxMs: 2 };

async function failure(promise: Promise<unknown>): Promise<BellwetherError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof BellwetherError, String(error));
  return error;
}

/** Both ways that requests go: what a client takes on Node by itself, and fetch. */
for (const http of [{}, { fetch }]) {
  describe(`over ${"fetch" in http ? "fetch" : "node:http"}`, () => {
    test("there is a method for each operation", () => {
      const client = createClient({ ...http, url: "http://localhost" });
      for (const name of operationNames) assert.equal(typeof client[name], "function", name);
    });

    test("publish repeats after 503, a broken connection and 429, with identical bytes and one key", async () => {
      const answer = { topic: "news", publishedAt: "2026-01-02T03:04:05.000Z", messages: [{ id: "m1", sequence: 1 }] };
      await using service = await startFakeService((_request, response, number) => {
        if (number === 0) sendJson(response, 503, problem(503, "unavailable"), { "retry-after": "0" });
        else if (number === 1) response.destroy();
        else if (number === 2) sendJson(response, 429, problem(429, "too_many_requests"), { "retry-after": "0" });
        else sendJson(response, 201, answer);
      });
      const publisher = createClient({ ...http, url: service.url, retries }).publisher({ token: "bw_pub_1" });

      assert.deepEqual(await publisher.publish("news", [{ title: "é", body: { a: 1 } }]), answer);

      assert.equal(service.requests.length, 4);
      assert.equal(service.requests[0]?.body, '{"messages":[{"title":"é","body":{"a":1}}]}');
      assert.equal(service.requests[0]?.headers.authorization, "Bearer bw_pub_1");
      assert.equal(new Set(service.requests.map((request) => request.body)).size, 1);
      const keys = new Set(service.requests.map((request) => request.headers["idempotency-key"]));
      assert.equal(keys.size, 1);
      assert.ok([...keys][0]);
    });

    test("registering is not repeated after an ambiguous failure", async () => {
      await using service = await startFakeService((_request, response) => void response.destroy());
      const client = createClient({ ...http, url: service.url, retries });

      assert.equal(
        (await failure(client.registerPublisher({ name: "p", topics: ["news"] }))).code,
        "connection_failed",
      );
      assert.equal(service.requests.length, 1);
    });

    test("a problem is rebuilt with its details and status", async () => {
      await using service = await startFakeService((_request, response) =>
        sendJson(
          response,
          400,
          problem(400, "invalid_request", { errors: [{ path: "query.limit", message: "too large" }] }),
        ),
      );
      const error = await failure(createClient({ ...http, url: service.url }).listTopics({ limit: 5_000 }));

      assert.equal(error.code, "invalid_request");
      assert.equal(error.status, 400);
      assert.deepEqual(error.details, { errors: [{ path: "query.limit", message: "too large" }] });
    });

    test("an answer that is not of this service is told by its status, or internal", async () => {
      await using service = await startFakeService((request, response) => {
        response.writeHead(request.target.includes("missing") ? 404 : 200).end("<html>");
      });
      const client = createClient({ ...http, url: service.url });

      assert.equal((await failure(client.getTopic("missing"))).code, "internal");
      assert.equal((await failure(client.getTopic("news"))).code, "internal");
    });

    test("a service that is silent or not there is connection_failed", async () => {
      await using service = await startFakeService(() => {});
      const once = { attempts: 1 };
      const silent = createClient({ ...http, url: service.url, retries: once, timeoutMs: 20 });
      assert.equal((await failure(silent.listTopics())).code, "connection_failed");
      const absent = createClient({ ...http, url: "http://127.0.0.1:1", retries: once });
      assert.equal((await failure(absent.listTopics())).code, "connection_failed");
    });

    test("the caller's signal ends a call, also between tries", async () => {
      const controller = new AbortController();
      await using service = await startFakeService((_request, response) => {
        sendJson(response, 503, problem(503, "unavailable"), { "retry-after": "30" });
        setImmediate(() => controller.abort(new Error("enough")));
      });
      const call = createClient({ ...http, url: service.url }).listTopics({}, { signal: controller.signal });
      await assert.rejects(call, { message: "enough" });
    });

    test("the admin key does what only it may, the token the rest; names are escaped", async () => {
      await using service = await startFakeService((_request, response) => sendJson(response, 200, { items: [] }));
      const client = createClient({ ...http, url: `${service.url}/stage/`, token: "t", adminKey: "k" });
      await client.listPublishers({ limit: 3 });
      await client.getTopic("a/b c");

      assert.deepEqual(
        service.requests.map(({ target, headers }) => [target, headers.authorization]),
        [
          ["/stage/v1/publishers?limit=3", "Bearer k"],
          ["/stage/v1/topics/a%2Fb%20c", "Bearer t"],
        ],
      );
      assert.equal((await failure(client.getTopic(".."))).code, "invalid_request");
      assert.throws(() => createClient({ ...http, url: "file:///tmp" }), BellwetherError);
    });

    test("a repeated DELETE that finds nothing more has succeeded", async () => {
      await using service = await startFakeService((_request, response, number) => {
        if (number === 0) response.destroy();
        else sendJson(response, 404, problem(404, "topic_not_found"));
      });
      await createClient({ ...http, url: service.url, retries }).deleteTopic("news");
      assert.equal(service.requests.length, 2);
    });
  });
}
