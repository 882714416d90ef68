import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { exampleCall } from "#contract/examples.ts";
import { operationNames } from "#contract/operations.ts";
import { requestSchemas } from "#contract/request-schemas.ts";
import { publishBodies } from "#contract/schemas.ts";
import type {
  DeployedFunction,
  FunctionEvent,
  Invocation,
  Message,
  MessagePage,
  Overview,
  Subscriber,
} from "#contract/types.ts";
import {
  type Answer,
  adminKey,
  assertProblem,
  type CallOptions,
  eventually,
  type HeldService,
  startHeldService,
  startService,
  type TestService,
} from "./harness.ts";

/** What the console asks of the service, over HTTP. */
const admin: CallOptions = { token: adminKey };

async function get<T>(service: TestService, path: string, options: CallOptions = admin): Promise<T> {
  const answer = await service.call("GET", path, options);
  assert.equal(answer.status, 200, answer.text);
  return answer.json as T;
}

function idsOf({ messages }: MessagePage): string[] {
  return messages.map(({ id }) => id);
}

describe("browsing", () => {
  let service: HeldService;
  before(async () => {
    service = await startHeldService();
    await service.call("PUT", "/v1/topics/sea", { ...admin, json: { shards: 4, retentionSeconds: 0 } });
    for (let i = 0; i < 40; i++) {
      const json = {
        title: `Number ${i}`,
        body: i % 10 === 0 ? { text: "A WHALE, seen" } : `wave ${i}`,
        key: `k${i % 3}`,
        attributes: { odd: String(i % 2 === 1) },
      };
      const answer = await service.call("POST", "/v1/topics/sea/messages", { ...admin, json });
      assert.equal(answer.status, 201, answer.text);
      service.clock.pass(60);
    }
  });
  after(() => service.close());

  const path = "/v1/topics/sea/messages";
  const titles = ({ messages }: MessagePage): number[] => messages.map(({ title }) => Number(title!.slice(7)));

  test("goes back in order of time over all shards, from the end, a time or a cursor", async () => {
    const seen: number[] = [];
    let before = "latest";
    for (let pages = 0; pages < 10; pages++) {
      const page = await get<MessagePage>(service, `${path}?before=${before}&limit=7`);
      seen.unshift(...titles(page));
      before = page.cursor;
      if (page.pollAfterMs > 0) break;
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 40 }, (_, i) => i),
    );
    const at = new Date(service.clock.nowMs() - 10 * 60_000).toISOString();
    assert.deepEqual(titles(await get(service, `${path}?before=${at}&limit=3`)), [27, 28, 29]);
    assert.equal(titles(await get(service, `${path}?at=${at}`)).toSorted((a, b) => a - b)[0], 30);
  });

  test("finds by text in any case, by term and by key, and says how much it looked through", async () => {
    for (const back of ["", "&before=latest"]) {
      const found = async (filter: string): Promise<number[]> => {
        const page = await get<MessagePage>(service, `${path}?${filter}${back}`);
        assert.equal(page.scanned, 40);
        return titles(page).toSorted((a, b) => a - b);
      };
      assert.deepEqual(await found("contains=whale,%20SEEN"), [0, 10, 20, 30]);
      assert.deepEqual(await found("term=whale"), [0, 10, 20, 30]);
      assert.deepEqual(await found("term=whal"), []);
      assert.deepEqual(await found("term=seen&key=k1"), [10]);
      assert.equal((await found("key=k0")).length, 14);
      assert.equal((await found("contains=odd%0Atrue")).length, 20, "names and values of attributes");
    }
  });

  test("with a filter goes on from its cursor, each message once, whatever the limit", async () => {
    for (const [name, start] of [
      ["after", ""],
      ["before", "latest"],
    ] as const) {
      const found: string[] = [];
      for (let cursor: string = start, pages = 0; pages < 20; pages++) {
        const from = cursor === "" ? "" : `&${name}=${cursor}`;
        const page = await get<MessagePage>(service, `${path}?term=whale&limit=1${from}`);
        found.push(...idsOf(page));
        cursor = page.cursor;
        if (page.pollAfterMs > 0) break;
      }
      assert.equal(new Set(found).size, 4, name);
      assert.equal(found.length, 4, name);
    }
  });

  test("refuses two places to begin at, and filters on a stream", async () => {
    assertProblem(
      await service.call("GET", `${path}?before=latest&at=2026-01-01T00:00:00Z`, admin),
      400,
      "invalid_request",
    );
    assertProblem(await service.call("GET", `${path}?before=yesterday`, admin), 400, "invalid_request");
    const headers = { accept: "text/event-stream" };
    assertProblem(await service.call("GET", `${path}?term=whale`, { ...admin, headers }), 400, "invalid_request");
  });

  test("activity counts the messages of each stretch, and of all of them each message", async () => {
    const hour = await get<{ messages: number[]; bucketMs: number }>(service, "/v1/topics/sea/activity?buckets=10");
    assert.deepEqual([hour.messages, hour.bucketMs], [Array(10).fill(4), 240_000]);
    const from = new Date(service.clock.nowMs() - 90 * 60_000).toISOString();
    const wide = await get<{ messages: number[] }>(service, `/v1/topics/sea/activity?from=${from}&buckets=9`);
    assert.deepEqual(wide.messages, [0, 0, 0, 0, 0, 10, 10, 10, 10]);
    for (const query of ["from=nothing", "buckets=0", "buckets=501", "from=2999-01-01T00:00:00Z"])
      assertProblem(await service.call("GET", `/v1/topics/sea/activity?${query}`, admin), 400, "invalid_request");
    assertProblem(await service.call("GET", "/v1/topics/none/activity", admin), 404, "topic_not_found");
  });
});

describe("lists and the overview", () => {
  let service: HeldService;
  before(async () => {
    service = await startHeldService();
    for (const topic of ["a", "ab", "abc", "ac", "b"]) await service.call("PUT", `/v1/topics/${topic}`, admin);
    for (let i = 0; i < 25; i++) {
      const json = { name: `Reader ${i}`, topics: i % 5 === 0 ? ["a", "b"] : ["b"], from: "earliest" };
      assert.equal((await service.call("POST", "/v1/subscribers", { ...admin, json })).status, 201);
    }
    await service.registerPublisher(["ab"], adminKey);
  });
  after(() => service.close());

  const all = async <T>(path: string, limit: number): Promise<T[]> => {
    const items: T[] = [];
    for (let next: string | undefined, pages = 0; pages < 50; pages++) {
      const page = await get<{ items: T[]; next?: string }>(
        service,
        `${path}limit=${limit}${next === undefined ? "" : `&after=${next}`}`,
      );
      items.push(...page.items);
      next = page.next;
      if (next === undefined) break;
    }
    return items;
  };

  test("topics are found by the beginning of their names, in pages", async () => {
    for (const limit of [1, 2, 100]) {
      const names = (await all<{ topic: string }>("/v1/topics?prefix=ab&", limit)).map(({ topic }) => topic);
      assert.deepEqual(names, ["ab", "abc"]);
    }
    assert.deepEqual(await all("/v1/topics?prefix=abcd&", 2), []);
  });

  test("subscribers and publishers are found by topic, name and id", async () => {
    for (const limit of [2, 100]) {
      assert.equal((await all("/v1/subscribers?topic=a&", limit)).length, 5);
      assert.equal((await all("/v1/subscribers?topic=a&search=READER%201&", limit)).length, 2);
      const [one] = await all<Subscriber>("/v1/subscribers?", limit);
      assert.deepEqual(await all(`/v1/subscribers?search=${one!.subscriberId.slice(0, 12)}&`, limit), [one]);
    }
    assert.equal((await all("/v1/publishers?topic=ab&", 10)).length, 1);
    assert.equal((await all("/v1/publishers?topic=a&", 10)).length, 0);
  });

  test("the overview sums up, names the slowest, and tells others than the admin nothing of who reads", async () => {
    for (const topic of ["a", "b", "b"])
      await service.call("POST", `/v1/topics/${topic}/messages`, { ...admin, json: { body: "x" } });
    const overview = await get<Overview>(service, "/v1/overview");
    assert.deepEqual(overview.topics, { value: 5, precision: "exact" });
    assert.deepEqual(overview.traffic, { since: overview.traffic!.since, messagesIn: 3, messagesOut: 0 });
    assert.deepEqual([overview.messagesPublished, overview.messagesKept], [3, 3]);
    const { lag, slowest, value } = overview.subscribers!;
    assert.deepEqual([value, lag, slowest.length, slowest[0]!.lag], [25, 25 * 2 + 5, 20, 3]);
    const [reader] = await all<Subscriber>("/v1/subscribers?topic=a&", 1);
    assert.deepEqual([reader!.lag, reader!.lags], [3, { a: 1, b: 2 }]);
    const open = await get<Overview>(service, "/v1/overview", {});
    assert.deepEqual([open.publishers, open.subscribers], [undefined, undefined]);
  });
});

describe("functions", () => {
  let service: TestService;
  before(async () => {
    service = await startService({ adminKey });
    await service.call("PUT", "/v1/topics/news", admin);
    await service.registerPublisher(["news"], adminKey);
    await service.registerSubscriber(["news"], "earliest", adminKey);
  });
  after(() => service.close());

  const events = async (name: string): Promise<readonly FunctionEvent[]> =>
    (await get<{ items: FunctionEvent[] }>(service, `/v1/functions/${name}/events`)).items;
  const invoke = async (name: string, event: unknown): Promise<Invocation> => {
    const answer = await service.call("POST", `/v1/functions/${name}/invocations`, { ...admin, json: { event } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const signedIn = (event: unknown): unknown => JSON.parse(JSON.stringify(event).replaceAll("TOKEN", adminKey));

  test("are listed with their code, runtime and what was measured", async () => {
    await service.call("GET", "/v1/topics/nothing", admin);
    await eventually(async () => {
      const { items } = await get<{ items: DeployedFunction[] }>(service, "/v1/functions");
      return items.find((each) => each.function === "expire")!.measured!.calls > 0;
    }, "the background has reported");
    const { items } = await get<{ items: DeployedFunction[] }>(service, "/v1/functions");
    assert.deepEqual(
      items.map((each) => each.function),
      [...operationNames, "countTerms", "rollUpTerms", "expire"],
    );
    for (const each of items) {
      assert.equal(each.runtime.node, process.versions.node);
      assert.equal(each.code === null, each.function === "expire", each.function);
      assert.equal(each.route === null, each.kind === "background");
      assert.equal(each.trigger === null, each.kind === "operation");
    }
    const getTopic = items.find((each) => each.function === "getTopic")!.measured!;
    assert.deepEqual([getTopic.calls, getTopic.refused, getTopic.errors], [1, 1, 0]);
    assert.ok(getTopic.p50Ms! > 0 && getTopic.p99Ms! >= getTopic.p50Ms!);
    const never = items.find((each) => each.function === "deleteTopic")!.measured!;
    assert.deepEqual([never.calls, never.p50Ms], [0, null]);
  });

  test("each has events that it takes, in both payloads, once the token is put in", async () => {
    const destroys = (name: string): boolean => name.startsWith("delete");
    for (const name of operationNames.filter((each) => !destroys(each))) {
      for (const { event } of await events(name)) {
        const { status, result, logs, error } = await invoke(name, signedIn(event));
        assert.equal(status, "succeeded", `${name}: ${error?.message}`);
        const { statusCode, body } = result as { statusCode: number; body: string };
        const fine = name === "getMessage" ? [200, 404] : [200, 201, 204];
        assert.ok(fine.includes(statusCode), `${name}: ${body}`);
        assert.ok(logs.length >= 1 && !logs.join().includes(adminKey));
      }
    }
    for (const name of ["countTerms", "rollUpTerms", "expire"]) {
      for (const { event } of await events(name)) assert.equal((await invoke(name, event)).status, "succeeded");
    }
  });

  test("act as whom the event names, not as the admin who tries them", async () => {
    const [{ event }] = (await events("listSubscribers")) as [FunctionEvent];
    const { status, result } = await invoke("listSubscribers", event);
    assert.equal(status, "succeeded");
    assert.equal((result as { statusCode: number }).statusCode, 401);
  });

  test("do what they do on the store that is served", async () => {
    const [{ event }] = (await events("publish")) as [FunctionEvent];
    const { result } = await invoke("publish", signedIn(event));
    const { messages } = JSON.parse((result as { body: string }).body);
    const message = await get<Message>(service, `/v1/topics/news/messages/${messages[0].id}`);
    assert.equal(message.title, "Whale seen");
    const { text } = await service.call("GET", "/metrics");
    for (const metric of ["bellwether_messages_in_total", "bellwether_work_seconds_count"])
      assert.match(text, new RegExp(`^${metric}(\\{[^}]*\\})? [1-9]`, "m"));
  });

  test("answer as on Lambda to an event that is no call of theirs, say why in their log, and do nothing", async () => {
    const [{ event }] = (await events("putTopic")) as [FunctionEvent];
    const moved = { ...(event as object), rawPath: "/v1/topics/made-by-mistake" };
    const codeOf = (result: unknown): string => JSON.parse((result as { body: string }).body).code;
    for (const wrong of [{}, null, [], "text", { rawPath: "/v1/topics" }]) {
      const { status, result, logs } = await invoke("listTables", wrong);
      assert.deepEqual([status, codeOf(result)], ["succeeded", "internal"], JSON.stringify(wrong));
      assert.match(logs.join("\n"), /"ERROR".*Error: /);
    }
    const { result } = await invoke("listTables", signedIn(moved));
    assert.equal(codeOf(result), "route_not_found");
    assertProblem(await service.call("GET", "/v1/topics/made-by-mistake", admin), 404, "topic_not_found");
  });

  test("and tables that are not there are 404, and a body without an event is 400", async () => {
    for (const path of ["/v1/functions/nothing/events", "/v1/functions/constructor/events"])
      assertProblem(await service.call("GET", path, admin), 404, "function_not_found");
    const post = (path: string, json: unknown): Promise<Answer> => service.call("POST", path, { ...admin, json });
    assertProblem(await post("/v1/functions/nothing/invocations", { event: 1 }), 404, "function_not_found");
    assertProblem(await post("/v1/functions/publish/invocations", {}), 400, "invalid_request");
    assertProblem(await service.call("GET", "/v1/tables/nothing/items", admin), 404, "table_not_found");
    assertProblem(await service.call("GET", "/v1/tables/topics/items?after=x", admin), 400, "invalid_request");
  });
});

test("a browser gets the console, or how to build it, under its policy; curl is answered as for every unknown path", async (t) => {
  const service = await startHeldService({ consoleEndpoints: "https://other.example" });
  t.after(() => service.close());
  // Not as an operation is called: a built page may be kept by the browser, as no answer of an operation may.
  const page = await fetch(`${service.url}/`, { headers: { accept: "text/html,*/*" } });
  assert.match(String(page.headers.get("content-type")), /^text\/html/);
  assert.match(await page.text(), /<title>Bellwether<\/title>/);
  const policy = String(page.headers.get("content-security-policy"));
  assert.match(policy, /^default-src 'none'; .*connect-src 'self' https:\/\/other\.example;/);
  assertProblem(await service.call("GET", "/"), 404, "route_not_found");
  await assert.rejects(
    startHeldService({ consoleEndpoints: "https://other.example; script-src *" }),
    /CONSOLE_ENDPOINTS/,
  );
});

test("examples of calls are what the operations take", () => {
  const known = { now: "2026-03-01T12:34:56.000Z" };
  for (const name of operationNames) {
    const { params = {}, query = {}, body } = exampleCall(name, known);
    const schema = requestSchemas[name];
    assert.ok(schema.params.safeParse(params).success, `${name} params`);
    assert.ok(schema.query.safeParse(query).success, `${name} query`);
    const bodySchema = name === "publish" ? publishBodies.message : schema.body;
    assert.equal(bodySchema === undefined, body === undefined, `${name} body`);
    if (bodySchema) assert.ok(bodySchema.safeParse(body).success, `${name} body`);
  }
});
