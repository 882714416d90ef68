import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "#contract/limits.ts";
import { operationNames, operations } from "#contract/operations.ts";
import type { Message, RegisteredPublisher, RegisteredSubscriber } from "#contract/types.ts";
import { decodeCursor, encodeCursor } from "#core/cursor.ts";
import { shardOfKey } from "#core/shard.ts";
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
import { host, hostPages, unless } from "./host.ts";

let service: TestService;
before(async () => {
  service = await startService({ adminKey, publicRead: "true" });
});
after(() => service.close());

const admin: CallOptions = { token: adminKey };
let topics = 0;

/** A topic of its own with one publisher and one subscriber that reads it from its beginning. */
async function setUp(
  settings: object = {},
  on: TestService = service,
): Promise<{ topic: string; messages: string; publisher: RegisteredPublisher; subscriber: RegisteredSubscriber }> {
  const topic = `topic-${topics++}`;
  assert.equal((await on.call("PUT", `/v1/topics/${topic}`, { ...admin, json: settings })).status, 200);
  const publisher = await on.registerPublisher([topic], adminKey);
  const subscriber = await on.registerSubscriber([topic], "earliest", adminKey);
  return { topic, messages: `/v1/topics/${topic}/messages`, publisher, subscriber };
}

function bodiesOf({ json }: Answer): unknown[] {
  return json.messages.map(({ body }: Message) => body);
}

/** The methods in `Allow`, sorted. */
function methodsIn({ headers }: Answer): string {
  return String(headers.allow).split(", ").sort().join(" ");
}

const read = ({ subscriberId, token }: RegisteredSubscriber, query = "", on = service): Promise<Answer> =>
  on.call("GET", `/v1/subscribers/${subscriberId}/messages${query}`, { token });

describe("every operation, in the order of a topic's life", () => {
  const called = new Set<string>();
  let publisher: RegisteredPublisher;
  let subscriber: RegisteredSubscriber;
  let messageId: string;

  const run = async (name: (typeof operationNames)[number], path: string, options: CallOptions): Promise<Answer> => {
    called.add(name);
    const answer = await service.call(operations[name].method, path, options);
    assert.equal(answer.status, operations[name].status, answer.text);
    return answer;
  };

  test("putTopic makes a topic and changes what can be changed", async () => {
    const made = await run("putTopic", "/v1/topics/life", { ...admin, json: { shards: 2, retentionSeconds: 0 } });
    assert.deepEqual(
      { ...made.json, createdAt: undefined },
      {
        topic: "life",
        shards: 2,
        retentionSeconds: 0,
        terms: { enabled: true, languages: ["en"], hidden: [] },
        createdAt: undefined,
      },
    );
    const changed = await run("putTopic", "/v1/topics/life", {
      ...admin,
      json: { retentionSeconds: 3600, terms: { hidden: ["spam"] } },
    });
    assert.deepEqual(changed.json, {
      ...made.json,
      retentionSeconds: 3600,
      terms: { enabled: true, languages: ["en"], hidden: ["spam"] },
    });
    assert.deepEqual((await run("putTopic", "/v1/topics/life", admin)).json, changed.json);
    assertProblem(await service.call("PUT", "/v1/topics/life", { ...admin, json: { shards: 3 } }), 409, "shards_fixed");
  });

  test("registerPublisher and registerSubscriber give a token once, and say where the thing is", async () => {
    const made = await run("registerPublisher", "/v1/publishers", { ...admin, json: { name: "me", topics: ["life"] } });
    publisher = made.json;
    assert.equal(made.headers.location, `/v1/publishers/${publisher.publisherId}`);
    assert.match(publisher.token, new RegExp(`^bw_pub_${publisher.publisherId}_[A-Za-z0-9_-]{43}$`));
    const reader = await run("registerSubscriber", "/v1/subscribers", {
      ...admin,
      json: { name: "you", topics: ["life", "life"] },
    });
    subscriber = reader.json;
    assert.equal(reader.headers.location, `/v1/subscribers/${subscriber.subscriberId}`);
    assert.deepEqual({ topics: subscriber.topics, lag: subscriber.lag }, { topics: ["life"], lag: 0 });
  });

  test("publish answers with an id and sequence for each message", async () => {
    const { json, headers } = await run("publish", "/v1/topics/life/messages", {
      token: publisher.token,
      json: { body: { whale: "white" }, title: "Moby", attributes: { mood: "dark" }, key: "k", ttlSeconds: 600 },
    });
    messageId = json.messages[0].id;
    assert.equal(headers.location, `/v1/topics/life/messages/${messageId}`);
    assert.equal(json.topic, "life");
  });

  test("browseMessages, getMessage and subscribe give the same message", async () => {
    const browsed = await run("browseMessages", "/v1/topics/life/messages", {});
    const got = await run("getMessage", `/v1/topics/life/messages/${messageId}`, {});
    const path = `/v1/subscribers/${subscriber.subscriberId}/messages`;
    const consumed = await run("subscribe", path, { token: subscriber.token });
    assert.deepEqual(browsed.json.messages, [got.json]);
    assert.deepEqual(consumed.json.messages, [got.json]);
    const { publishedAt, expiresAt, ...rest } = got.json;
    assert.equal(Date.parse(expiresAt) - Date.parse(publishedAt), 600_000);
    assert.deepEqual(rest, {
      id: messageId,
      topic: "life",
      sequence: Number(messageId.split("-")[1]),
      publisherId: publisher.publisherId,
      body: { whale: "white" },
      title: "Moby",
      attributes: { mood: "dark" },
      key: "k",
      ttlSeconds: 600,
    });
  });

  test("commitCursor acknowledges, seekSubscriber moves, getSubscriber says where it stands", async () => {
    const path = `/v1/subscribers/${subscriber.subscriberId}`;
    const { token } = subscriber;
    const { cursor } = (await read(subscriber)).json;
    assert.equal((await run("getSubscriber", path, { token })).json.lag, 1);
    assert.equal((await run("commitCursor", `${path}/cursor`, { token, json: { cursor } })).json.cursor, cursor);
    const after = (await run("getSubscriber", path, { token })).json;
    assert.deepEqual({ lag: after.lag, cursor: after.cursor }, { lag: 0, cursor });
    assert.ok(Date.parse(after.lastActiveAt) <= Date.now());
    await run("seekSubscriber", `${path}/seek`, { token, json: { from: "earliest" } });
    assert.equal((await read(subscriber)).json.messages.length, 1);
  });

  test("createStreamToken gives a token for a minute", async () => {
    const path = `/v1/subscribers/${subscriber.subscriberId}/stream-tokens`;
    const { json } = await run("createStreamToken", path, { token: subscriber.token });
    assert.match(json.streamToken, /^bw_str_/);
    assert.ok(Date.parse(json.expiresAt) - Date.now() <= 60_000);
  });

  test("getTopic says what the topic holds, and to the admin who reads it", async () => {
    const { json } = await run("getTopic", "/v1/topics/life", admin);
    assert.equal(json.messagesKept, 1);
    assert.equal(json.messagesPublished, 1);
    assert.equal(json.firstMessageAt, json.lastMessageAt);
    assert.ok(json.storedBytes > 50 && json.messagesPerSecond.lastMinute > 0);
    const [{ lastActiveAt, ...reader }, ...others] = json.subscribers;
    assert.deepEqual([reader, others], [{ subscriberId: subscriber.subscriberId, name: "you", lag: 1 }, []]);
    assert.ok(Date.parse(lastActiveAt) <= Date.now());
    assert.equal((await service.call("GET", "/v1/topics/life")).json.subscribers, undefined);
  });

  test("getPopularTerms counts the message", async () => {
    let answer = await run("getPopularTerms", "/v1/popular-terms?topic=life&window=1h&limit=5&sort=popular", {});
    await eventually(async () => {
      answer = await run("getPopularTerms", "/v1/popular-terms?topic=life&window=1h&limit=5&sort=popular", {});
      return answer.json.messages === 1;
    }, "the message is counted");
    assert.equal(answer.json.scope, "topic:life");
    assert.ok(answer.json.terms.some(({ term }: { term: string }) => term === "white"));
    assert.equal((await run("getPopularTerms", "/v1/popular-terms", {})).json.scope, "overall");
  });

  test("rebuildTerms counts past hours anew", async () => {
    const to = new Date();
    const json = { topic: "life", from: new Date(to.getTime() - 7_200_000).toISOString(), to: to.toISOString() };
    let answer = await run("rebuildTerms", "/v1/popular-terms/rebuild", { ...admin, json });
    await eventually(async () => {
      if (answer.json.state !== "done") {
        const { from, to, continue: before } = answer.json;
        const next = { topic: "life", from, to, continue: before };
        answer = await run("rebuildTerms", "/v1/popular-terms/rebuild", { ...admin, json: next });
      }
      return answer.json.state === "done";
    }, "the range is rebuilt");
    assert.deepEqual([answer.json.scope, answer.json.through], ["topic:life", answer.json.to]);
  });

  test("getTopicActivity and getOverview say how much there is", async () => {
    const activity = (await run("getTopicActivity", "/v1/topics/life/activity?buckets=10", {})).json;
    assert.equal(
      activity.messages.reduce((sum: number, count: number) => sum + count),
      1,
    );
    const overview = (await run("getOverview", "/v1/overview", admin)).json;
    assert.ok(overview.messagesPublished >= 1);
    if (host.isOneProcess) assert.ok(overview.traffic.messagesIn >= 1 && overview.traffic.messagesOut >= 2);
    else assert.equal(overview.traffic, null);
    assert.ok(overview.subscribers.slowest.some(({ name }: { name: string }) => name === "you"));
  });

  test("listFunctions, listFunctionEvents and invokeFunction show the functions and try one", async () => {
    const functions = (await run("listFunctions", "/v1/functions", admin)).json.items;
    const one = functions.find((each: { function: string }) => each.function === "publish");
    if (!host.triesFunctions) {
      // There each is known by name; what was built with it is known to the bundles.
      assert.deepEqual([one.route, one.measured, one.memory], ["POST /v1/topics/{topic}/messages", null, null]);
      assert.ok(functions.some((each: { function: string }) => each.function === "countTerms"));
      if (host.name === "lambda") {
        assert.ok(functions.every(({ code }: { code: object | null }) => code !== null));
        const own = functions.find((each: { function: string }) => each.function === "listFunctions");
        assert.deepEqual(own.memory, { bytes: 512 * 1_048_576, shared: false });
      }
      await run("listFunctionEvents", "/v1/functions/getTopic/events", admin);
      called.add("invokeFunction");
      const refused = await service.call("POST", "/v1/functions/getTopic/invocations", {
        ...admin,
        json: { event: 1 },
      });
      assertProblem(refused, 503, "unavailable");
      return;
    }
    if (host.metricsPage) assert.equal(one.measured.calls, 1);
    const [{ event }] = (await run("listFunctionEvents", "/v1/functions/getTopic/events", admin)).json.items;
    const tried = await run("invokeFunction", "/v1/functions/getTopic/invocations", { ...admin, json: { event } });
    assert.equal(tried.json.status, "succeeded");
  });

  test("listTables and listTableItems show what is stored", async () => {
    const tables = (await run("listTables", "/v1/tables", admin)).json.items;
    assert.ok(tables.some(({ table }: { table: string }) => table === host.topicsTable));
    const { items } = (await run("listTableItems", `/v1/tables/${host.topicsTable}/items`, admin)).json;
    assert.ok(JSON.stringify(items).includes("life"));
  });

  test("getPublisher and putPublisherTopics read and replace what a publisher may", async () => {
    const path = `/v1/publishers/${publisher.publisherId}`;
    const { token: _, ...known } = publisher;
    assert.deepEqual((await run("getPublisher", path, { token: publisher.token })).json, known);
    const put = await run("putPublisherTopics", `${path}/topics`, { ...admin, json: { topics: ["life-2"] } });
    assert.deepEqual(put.json, { ...known, topics: ["life-2"] });
    const { token } = publisher;
    const refused = await service.call("POST", "/v1/topics/life/messages", { token, json: { body: 1 } });
    assertProblem(refused, 403, "forbidden");
    await run("publish", "/v1/topics/life-2/messages", { token, json: { body: 1 } });
  });

  test("the lists hold them", async () => {
    const lists = {
      listTopics: ["/v1/topics?limit=1000", "topic", "life"],
      listPublishers: ["/v1/publishers?limit=1000", "publisherId", publisher.publisherId],
      listSubscribers: ["/v1/subscribers?limit=1000", "subscriberId", subscriber.subscriberId],
    } as const;
    for (const name of ["listTopics", "listPublishers", "listSubscribers"] as const) {
      const [path, field, value] = lists[name];
      const { json } = await run(name, path, admin);
      assert.ok(
        json.items.some((item: Record<string, unknown>) => item[field] === value),
        name,
      );
    }
  });

  test("the deletions take effect, and are 404 the second time", async () => {
    const deletions = {
      deletePublisher: [`/v1/publishers/${publisher.publisherId}`, "publisher_not_found"],
      deleteSubscriber: [`/v1/subscribers/${subscriber.subscriberId}`, "subscriber_not_found"],
      deleteTopic: ["/v1/topics/life", "topic_not_found"],
    } as const;
    for (const name of ["deletePublisher", "deleteSubscriber", "deleteTopic"] as const) {
      const [path, code] = deletions[name];
      await run(name, path, admin);
      assertProblem(await service.call("DELETE", path, admin), 404, code);
    }
    const { token } = publisher;
    assertProblem(
      await service.call("POST", "/v1/topics/life-2/messages", { token, body: "x" }),
      401,
      "unauthenticated",
    );
    assertProblem(await read(subscriber), 401, "unauthenticated");
    assertProblem(await service.call("GET", "/v1/topics/life"), 404, "topic_not_found");
    assertProblem(await service.call("GET", `/v1/topics/life/messages/${messageId}`), 404, "topic_not_found");
    assertProblem(await service.call("PUT", "/v1/topics/life", admin), 409, "topic_reserved");
  });

  test("none was left out", () => assert.deepEqual([...called].sort(), [...operationNames].sort()));
});

describe("publishing", () => {
  test("a batch, NDJSON, plain text and what curl -d sends arrive in order", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const { token } = publisher;
    const send = async (body: string, type?: string): Promise<Answer> => {
      const answer = await service.call("POST", messages, {
        token,
        body,
        ...(type !== undefined && { headers: { "content-type": type } }),
      });
      assert.equal(answer.status, 201, answer.text);
      return answer;
    };
    const batch = await send('{"messages":[{"body":1},{"body":null}]}', "application/json; charset=utf-8");
    assert.equal(batch.headers.location, undefined);
    assert.deepEqual(
      batch.json.messages.map(({ sequence }: Message) => sequence),
      [0, 1],
    );
    await send('{"body":3}\n\r\n \n{"body":[4]}\n', "Application/X-NDJSON");
    await send("a text\nof two lines", "text/plain");
    await send("hello", "application/x-www-form-urlencoded");
    await send("a=b&c");
    assert.deepEqual(bodiesOf(await read(subscriber)), [1, null, 3, [4], "a text\nof two lines", "hello", "a=b&c"]);
  });

  test("a bad line refuses the whole NDJSON batch and is named", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const options = { token: publisher.token, headers: { "content-type": "application/x-ndjson" } };
    const json = await service.call("POST", messages, { ...options, body: '{"body":1}\n\n{"body":}\n{"body":3}' });
    assert.match(assertProblem(json, 400, "invalid_json").detail, /Line 3/);
    const schema = await service.call("POST", messages, { ...options, body: '{"body":1}\n{"title":7}' });
    assert.deepEqual(
      assertProblem(schema, 400, "invalid_request").errors?.map(({ path }) => path),
      ["line 2.body", "line 2.title"],
    );
    assert.deepEqual(bodiesOf(await read(subscriber)), []);
  });

  test("JSON sent as curl -d sends it is 415, and the detail says --json", async () => {
    const { messages, publisher } = await setUp();
    for (const type of [undefined, "application/x-www-form-urlencoded"]) {
      for (const body of ['{"body":1}', ' [{"body":1}]']) {
        const answer = await service.call("POST", messages, {
          token: publisher.token,
          body,
          ...(type && { headers: { "content-type": type } }),
        });
        assert.match(assertProblem(answer, 415, "unsupported_media_type").detail, /--json/);
      }
    }
    const xml = { token: publisher.token, body: "<a/>", headers: { "content-type": "application/xml" } };
    assertProblem(await service.call("POST", messages, xml), 415, "unsupported_media_type");
  });

  test("numbers that JavaScript cannot hold are delivered byte for byte", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const body = '{"n":123456789012345678901234567890,"x":0.10000,"e":1E400,"z":-0.0,"s":"\\u00e9\\/"}';
    const headers = { "content-type": "application/json" };
    const { token } = publisher;
    await service.call("POST", messages, { token, headers, body: `{ "body": ${body} }` });
    await service.call("POST", messages, { token, headers, body: `{"messages":[{"body":${body}}]}` });
    const { text, json } = await read(subscriber);
    assert.equal(text.split(body).length, 3, text);
    for (const { id } of json.messages) assert.ok((await service.call("GET", `${messages}/${id}`)).text.includes(body));
  });

  test("a key decides the shard, and messages with one key keep their order", async () => {
    const { messages, publisher, subscriber } = await setUp({ shards: 4 });
    const { token } = publisher;
    const keys = ["a", "b", "c", "d", "é", "longer key"];
    for (let n = 0; n < 5; n++) {
      const { json } = await service.call("POST", messages, {
        token,
        json: { messages: keys.map((key) => ({ key, body: n })) },
      });
      json.messages.forEach(({ id }: Message, i: number) => {
        assert.equal(id.split("-")[0], String(shardOfKey(keys[i]!, 4)));
      });
    }
    const got = (await read(subscriber)).json.messages as Message[];
    assert.equal(got.length, 30);
    for (const key of keys)
      assert.deepEqual(
        got.filter((each) => each.key === key).map(({ body }) => body),
        [0, 1, 2, 3, 4],
      );
  });

  test("the keyless messages of one call share a shard, in order", async () => {
    const { messages, publisher } = await setUp({ shards: 16 });
    const json = { messages: Array.from({ length: 20 }, (_, body) => ({ body })) };
    const { json: published } = await service.call("POST", messages, { token: publisher.token, json });
    const shards = new Set(published.messages.map(({ id }: Message) => id.split("-")[0]));
    assert.equal(shards.size, 1);
    assert.deepEqual(
      bodiesOf(await service.call("GET", messages)),
      json.messages.map(({ body }) => body),
    );
  });

  test("the limits hold to the byte: 256 KiB a message, 350,000 bytes and 1,000 messages a batch", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const { token } = publisher;
    const sized = (bytes: number): { body: string } => ({ body: "x".repeat(bytes - '"body":""}'.length) });
    const publish = (json: unknown): Promise<Answer> => service.call("POST", messages, { token, json });
    assert.equal((await publish(sized(limits.messageBytesMax))).status, 201);
    assert.equal((await publish({ messages: [sized(175_000), sized(175_000)] })).status, 201);
    assert.equal((await publish({ messages: Array(1000).fill({ body: 0 }) })).status, 201);
    const large = assertProblem(await publish(sized(limits.messageBytesMax + 1)), 413, "payload_too_large");
    assert.deepEqual([large.limitBytes, large.actualBytes], [262_144, 262_145]);
    const batch = assertProblem(
      await publish({ messages: [sized(175_000), sized(175_001)] }),
      413,
      "payload_too_large",
    );
    assert.deepEqual([batch.limitBytes, batch.actualBytes], [350_000, 350_001]);
    const many = await publish({ messages: Array(1001).fill({ body: 0 }) });
    assert.match(assertProblem(many, 400, "invalid_request").detail, /1001.*1000/);
    assertProblem(await publish({ messages: [] }), 400, "invalid_request");

    let seen = 0;
    let cursor = "";
    for (let pages = 0; pages < 20 && seen < 1003; pages++) {
      const page = await read(subscriber, `?limit=1000${cursor && `&after=${cursor}`}`);
      assert.ok(page.text.length < limits.pageBytesMax + limits.messageBytesMax + 10_000);
      seen += page.json.messages.length;
      cursor = page.json.cursor;
    }
    assert.equal(seen, 1003);
  });

  test("two messages each answered 201 are read by everyone, whoever published", async () => {
    const { messages, publisher } = await setUp();
    await service.call("POST", messages, { token: publisher.token, body: "a" });
    await service.call("POST", messages, { ...admin, body: "b" });
    const { json } = await service.call("GET", messages);
    assert.deepEqual(
      json.messages.map(({ publisherId }: Message) => publisherId),
      [publisher.publisherId, "admin"],
    );
  });
});

describe("Idempotency-Key", () => {
  const keyed = (token: string, key: string, json: unknown): CallOptions => ({
    token,
    json,
    headers: { "idempotency-key": key },
  });

  test("repeats the first answer and writes nothing more", async () => {
    const { messages, publisher, subscriber } = await setUp({ shards: 4 });
    const call = keyed(publisher.token, "k 1", { messages: [{ body: 1 }, { body: 2, key: "a" }, { body: 3 }] });
    const first = await service.call("POST", messages, call);
    const second = await service.call("POST", messages, call);
    assert.deepEqual([first.status, first.headers["idempotent-replayed"]], [201, undefined]);
    assert.deepEqual([second.status, second.headers["idempotent-replayed"]], [201, "true"]);
    assert.equal(second.text, first.text);
    assert.equal((await read(subscriber)).json.messages.length, 3);
  });

  test("with another payload or content type is 422; with another topic or publisher it is another key", async () => {
    const { topic, messages, publisher, subscriber } = await setUp();
    const other = await setUp();
    const { token } = publisher;
    assert.equal((await service.call("POST", messages, keyed(token, "k", { body: 1 }))).status, 201);
    assertProblem(await service.call("POST", messages, keyed(token, "k", { body: 2 })), 422, "idempotency_key_reused");
    const asText = { token, body: '{"body":1}', headers: { "content-type": "text/plain", "idempotency-key": "k" } };
    assertProblem(await service.call("POST", messages, asText), 422, "idempotency_key_reused");
    const otherOwner = await service.registerPublisher([topic], adminKey);
    assert.equal((await service.call("POST", messages, keyed(otherOwner.token, "k", { body: 3 }))).status, 201);
    assert.equal(
      (await service.call("POST", other.messages, keyed(other.publisher.token, "k", { body: 4 }))).status,
      201,
    );
    assert.deepEqual(bodiesOf(await read(subscriber)), [1, 3]);
  });

  test("twins at the same time make exactly one copy and get one answer", async () => {
    const { messages, publisher, subscriber } = await setUp({ shards: 4 });
    for (let round = 0; round < 5; round++) {
      const call = keyed(publisher.token, `twin-${round}`, { messages: [{ body: round }, { body: round, key: "x" }] });
      const answers = await Promise.all(Array.from({ length: 8 }, () => service.call("POST", messages, call)));
      assert.deepEqual(new Set(answers.map(({ text }) => text)).size, 1);
      assert.equal(answers.filter(({ headers }) => headers["idempotent-replayed"] === undefined).length, 1);
    }
    assert.equal((await read(subscriber)).json.messages.length, 10);
  });

  test("a refused call is not remembered", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const { token } = publisher;
    assertProblem(await service.call("POST", messages, keyed(token, "k", { bod: 1 })), 400, "invalid_request");
    assert.equal((await service.call("POST", messages, keyed(token, "k", { body: 1 }))).status, 201);
    assert.deepEqual(bodiesOf(await read(subscriber)), [1]);
  });

  test("that is empty, too long or not printable is refused", async () => {
    const { messages, publisher } = await setUp();
    for (const key of ["", "x".repeat(256), "tab\there", "\u00e9"])
      assertProblem(
        await service.call("POST", messages, keyed(publisher.token, key, { body: 1 })),
        400,
        "invalid_idempotency_key",
      );
    assert.equal(
      (await service.call("POST", messages, keyed(publisher.token, "x".repeat(255), { body: 1 }))).status,
      201,
    );
  });
});

describe("reading", () => {
  test("pages go on from their cursor, without loss or repeat, fairly over shards", async () => {
    const { messages, publisher, subscriber } = await setUp({ shards: 3 });
    const sent = Array.from({ length: 50 }, (_, body) => ({ body, key: `k${body % 7}` }));
    for (let i = 0; i < 50; i += 10)
      await service.call("POST", messages, { token: publisher.token, json: { messages: sent.slice(i, i + 10) } });
    const seen: Message[] = [];
    let page = await read(subscriber, "?limit=7");
    for (; page.json.messages.length > 0; page = await read(subscriber, `?limit=7&after=${page.json.cursor}`)) {
      assert.ok(page.json.messages.length <= 7);
      seen.push(...page.json.messages);
      assert.equal(page.json.pollAfterMs > 0, seen.length === 50);
    }
    assert.deepEqual(new Set(seen.map(({ body }) => body)).size, 50);
    assert.equal(seen.length, 50);
    assert.equal(page.json.pollAfterMs, 1000);
  });

  test("without a commit the same is read again; with commit=true what lies before `after` is acknowledged", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const json = { messages: [{ body: 1 }, { body: 2 }, { body: 3 }] };
    await service.call("POST", messages, { token: publisher.token, json });
    const first = await read(subscriber, "?limit=1");
    assert.deepEqual(bodiesOf(await read(subscriber, "?limit=1")), [1]);
    const second = await read(subscriber, `?limit=1&after=${first.json.cursor}&commit=true`);
    assert.deepEqual(bodiesOf(second), [2]);
    assert.deepEqual(bodiesOf(await read(subscriber)), [2, 3]);
    await read(subscriber, `?limit=1&after=${second.json.cursor}&commit=false`);
    assert.deepEqual(bodiesOf(await read(subscriber)), [2, 3]);
  });

  test("a commit never moves back, and is refused after a seek, which it never undoes", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const path = `/v1/subscribers/${subscriber.subscriberId}`;
    const { token } = subscriber;
    await service.call("POST", messages, { token: publisher.token, json: { messages: [{ body: 1 }, { body: 2 }] } });
    const one = (await read(subscriber, "?limit=1")).json.cursor;
    const two = (await read(subscriber)).json.cursor;
    const commit = (cursor: string): Promise<Answer> =>
      service.call("PUT", `${path}/cursor`, { token, json: { cursor } });
    assert.equal((await commit(two)).json.cursor, two);
    assert.equal((await commit(one)).json.cursor, two);
    const sought = await service.call("POST", `${path}/seek`, { token, json: { from: one } });
    assert.equal(sought.status, 200);
    assertProblem(await commit(two), 409, "cursor_superseded");
    assertProblem(await read(subscriber, `?after=${two}&commit=true`), 409, "cursor_superseded");
    assert.deepEqual(bodiesOf(await read(subscriber)), [2]);
    assert.equal((await commit((await read(subscriber)).json.cursor)).status, 200);
    assert.deepEqual(bodiesOf(await read(subscriber)), []);
  });

  test("seek and from take latest, earliest, a time and a cursor", async () => {
    const { topic, messages, publisher, subscriber } = await setUp();
    const { token } = publisher;
    await service.call("POST", messages, { token, body: "old" });
    await delay(5);
    const { json } = await service.call("POST", messages, { token, body: "new" });
    const one = (await read(subscriber, "?limit=1")).json.cursor;
    const expected = { latest: [], earliest: ["old", "new"], [json.publishedAt]: ["new"], [one]: ["new"] };
    for (const [from, bodies] of Object.entries(expected)) {
      const fresh = await service.registerSubscriber([topic], from, adminKey);
      assert.deepEqual(bodiesOf(await read(fresh)), bodies, from);
      const seek = `/v1/subscribers/${subscriber.subscriberId}/seek`;
      assert.equal((await service.call("POST", seek, { token: subscriber.token, json: { from } })).status, 200);
      assert.deepEqual(bodiesOf(await read(subscriber)), bodies, from);
    }
    const offset = new Date(Date.parse(json.publishedAt) + 7_200_000).toISOString().replace("Z", "+02:00");
    assert.deepEqual(bodiesOf(await read(await service.registerSubscriber([topic], offset, adminKey))), ["new"]);
    const latest = await service.registerSubscriber([topic], undefined, adminKey);
    assert.deepEqual(bodiesOf(await read(latest)), []);
    for (const from of ["yesterday", "2026-01-31", "2026-13-01T00:00:00Z", ""])
      assertProblem(
        await service.call("POST", "/v1/subscribers", { ...admin, json: { topics: [topic], from } }),
        400,
        "invalid_request",
      );
  });

  test("browse goes on after a cursor and begins at a time, and consumes nothing", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const { token } = publisher;
    await service.call("POST", messages, { token, body: "a" });
    await delay(5);
    const { json } = await service.call("POST", messages, { token, body: "b" });
    const first = await service.call("GET", `${messages}?limit=1`);
    assert.deepEqual(bodiesOf(first), ["a"]);
    assert.deepEqual(bodiesOf(await service.call("GET", `${messages}?after=${first.json.cursor}`)), ["b"]);
    const at = encodeURIComponent(json.publishedAt);
    assert.deepEqual(bodiesOf(await service.call("GET", `${messages}?at=${at}`)), ["b"]);
    assertProblem(await service.call("GET", `${messages}?at=noon`), 400, "invalid_request");
    assert.deepEqual(bodiesOf(await read(subscriber)), ["a", "b"]);
  });

  test("getMessage is 404 for ids that are none, of other shards or not there yet", async () => {
    const { messages, publisher } = await setUp({ shards: 2 });
    const { json } = await service.call("POST", messages, { token: publisher.token, body: "a" });
    const [shard] = json.messages[0].id.split("-");
    for (const id of [
      "x",
      "0",
      "0-",
      "-0",
      `${1 - shard}-0`,
      `${shard}-1`,
      "2-0",
      "99-0",
      "0-0-0",
      "0-9999999999999999",
    ])
      assertProblem(await service.call("GET", `${messages}/${id}`), 404, "message_not_found");
  });

  test("a long poll is woken by a publish", async () => {
    const { messages, publisher, subscriber } = await setUp({ shards: 4 });
    const waiting = Array.from({ length: 10 }, () => read(subscriber, "?wait=20"));
    await delay(50);
    const beganAt = performance.now();
    await service.call("POST", messages, { token: publisher.token, body: "news" });
    for (const answer of await Promise.all(waiting)) assert.deepEqual(bodiesOf(answer), ["news"]);
    assert.ok(performance.now() - beganAt < 10_000, "they did not wait to the end");
  });

  test("a long poll with nothing to give ends by itself", async () => {
    const { subscriber } = await setUp();
    const { json } = await read(subscriber, "?wait=1");
    assert.deepEqual([json.messages, json.pollAfterMs], [[], 1000]);
  });

  test("refuses cursors that are damaged, of other topics, or beyond the end", async () => {
    const { messages, publisher, subscriber } = await setUp();
    const other = await setUp();
    await service.call("POST", messages, { token: publisher.token, body: "a" });
    const { cursor } = (await read(subscriber)).json;
    const decoded = decodeCursor(cursor);
    const ahead = encodeCursor({
      ...decoded,
      topics: decoded.topics.map((topic) => ({
        ...topic,
        positions: new Map([...topic.positions].map(([shard, each]) => [shard, { ...each, ticket: each.ticket + 1 }])),
      })),
    });
    const later = encodeCursor({
      ...decoded,
      topics: decoded.topics.map((topic) => ({ ...topic, incarnation: topic.incarnation + 1 })),
    });
    const damaged = `${cursor.slice(0, -1)}${cursor.endsWith("A") ? "B" : "A"}`;
    const foreign = (await read(other.subscriber)).json.cursor;
    const cases = [
      [damaged, "invalid_cursor"],
      ["c1.", "invalid_cursor"],
      ["nonsense", "invalid_cursor"],
      [foreign, "invalid_cursor"],
      [ahead, "cursor_ahead"],
      [later, "cursor_ahead"],
    ] as const;
    const path = `/v1/subscribers/${subscriber.subscriberId}`;
    const { token } = subscriber;
    for (const [each, code] of cases) {
      assertProblem(await read(subscriber, `?after=${each}`), 400, code);
      assertProblem(await service.call("GET", `${messages}?after=${each}`), 400, code);
      assertProblem(await service.call("PUT", `${path}/cursor`, { token, json: { cursor: each } }), 400, code);
      if (each.startsWith("c1."))
        assertProblem(await service.call("POST", `${path}/seek`, { token, json: { from: each } }), 400, code);
      const accept = { accept: "text/event-stream" };
      assertProblem(await service.call("GET", `${messages}?after=${each}`, { headers: accept }), 400, code);
      const stream = `${path}/messages?after=${each}`;
      assertProblem(await service.call("GET", stream, { token, headers: accept }), 400, code);
    }
  });

  test("ten topics of 64 shards together are read by one subscriber; 65 are refused", async () => {
    const shards = [16, 16, 16, 10, 1, 1, 1, 1, 1, 1];
    const names = shards.map((_, i) => `wide-${i}`.padEnd(128, "~"));
    for (const [i, name] of names.entries())
      await service.call("PUT", `/v1/topics/${name}`, { ...admin, json: { shards: shards[i] } });
    const subscriber = await service.registerSubscriber(names, "earliest", adminKey);
    for (const [i, name] of names.entries()) {
      const json = { messages: Array.from({ length: 20 }, (_, n) => ({ body: i, key: `${n}` })) };
      assert.equal((await service.call("POST", `/v1/topics/${name}/messages`, { ...admin, json })).status, 201);
    }
    const page = await read(subscriber, "?limit=1000");
    assert.equal(page.json.messages.length, 200);
    assert.ok(page.json.cursor.length <= limits.cursorBytesMax);
    assert.equal((await read(subscriber, `?after=${page.json.cursor}&commit=true`)).json.messages.length, 0);
    await service.call("PUT", "/v1/topics/wide-more", { ...admin, json: { shards: 16 } });
    const names65 = [...names.slice(0, 9), "wide-more"];
    const refused = await service.call("POST", "/v1/subscribers", { ...admin, json: { topics: names65 } });
    assertProblem(refused, 400, "invalid_request");
  });
});

describe("HTTP", () => {
  test("lists are paged, each thing on one page", async () => {
    const paged = await startService({ adminKey });
    try {
      for (let i = 0; i < 7; i++) {
        await paged.registerPublisher([`t${i}`], adminKey);
        await paged.registerSubscriber([`t${i}`], undefined, adminKey);
      }
      for (const [path, field] of [
        ["/v1/topics", "topic"],
        ["/v1/publishers", "publisherId"],
        ["/v1/subscribers", "subscriberId"],
      ] as const) {
        const seen: string[] = [];
        let next: string | undefined;
        do {
          const { json } = await paged.call("GET", `${path}?limit=3${next ? `&after=${next}` : ""}`, admin);
          seen.push(...json.items.map((item: Record<string, string>) => item[field]));
          next = json.next;
        } while (next !== undefined);
        assert.equal(seen.length, 7, path);
        assert.deepEqual(seen, [...new Set(seen)].sort());
      }
    } finally {
      await paged.close();
    }
  });

  test("HEAD is where GET is, with the same status and no body", async () => {
    const { topic, messages } = await setUp();
    for (const path of [`/v1/topics/${topic}`, messages, "/v1/topics", ...hostPages]) {
      const { status, text, headers } = await service.call("HEAD", path);
      const get = await service.call("GET", path);
      assert.deepEqual([status, text, headers["content-type"]], [200, "", get.headers["content-type"]], path);
    }
    assert.equal((await service.call("HEAD", "/v1/topics/nothing-here")).status, 404);
    assert.equal((await service.call("HEAD", "/v1/nothing")).status, 404);
    assert.equal((await service.call("HEAD", "/v1/publishers/abc/topics")).status, 405);
  });

  test("OPTIONS says the methods of a path, those of the host too", async () => {
    const { topic } = await setUp();
    const allow = async (path: string): Promise<string> => methodsIn(await service.call("OPTIONS", path));
    assert.equal(await allow(`/v1/topics/${topic}`), "DELETE GET HEAD OPTIONS PUT");
    assert.equal(await allow("/v1/publishers/abc/topics"), "OPTIONS PUT");
    for (const path of hostPages) assert.equal(await allow(path), "GET HEAD OPTIONS", path);
    assertProblem(await service.call("OPTIONS", "/v1/nothing"), 404, "route_not_found");
  });

  test("another method is 405 and Allow lists what there is", async () => {
    for (const [method, path, allow] of [
      ["DELETE", "/v1/publishers", "GET HEAD OPTIONS POST"],
      ["PATCH", "/v1/topics/a", "DELETE GET HEAD OPTIONS PUT"],
      ["GET", "/v1/subscribers/abc/cursor", "OPTIONS PUT"],
      ["POST", "/healthz", "GET HEAD OPTIONS"],
    ] as const) {
      const answer = await service.call(method, path);
      assertProblem(answer, 405, "method_not_allowed");
      assert.equal(methodsIn(answer), allow, path);
      assert.deepEqual(answer.json.allow?.toSorted().join(" "), allow, path);
    }
  });

  test("Accept: what cannot be given is 406", async () => {
    const { messages } = await setUp();
    const get = (path: string, accept: string): Promise<Answer> => service.call("GET", path, { headers: { accept } });
    for (const accept of [
      "*/*",
      "application/json",
      "text/html, */*;q=0.1",
      "Application/*",
      "application/problem+json",
    ])
      assert.equal((await get(messages, accept)).status, 200, accept);
    assertProblem(await get(messages, "text/html"), 406, "not_acceptable");
    assertProblem(await get("/v1/topics", "text/event-stream"), 406, "not_acceptable");
  });

  test("the host's own pages answer", async () => {
    assert.deepEqual((await service.call("GET", "/healthz")).json, { status: "ok", version: "0.1.0" });
    if (host.metricsPage)
      assert.match(
        (await service.call("GET", "/metrics")).text,
        /bellwether_calls_total\{operation="healthz",status="200"\} \d/,
      );
    assert.equal((await service.call("GET", "/openapi.json")).json.openapi, "3.1.0");
    assertProblem(await service.call("GET", "/v1/nothing"), 404, "route_not_found");
  });

  const noMetrics = unless(host.metricsPage, "it has no page of what it measures");
  test("a call with a path that is refused is counted as one of its operation", { skip: noMetrics }, async () => {
    const calls = async (): Promise<number[]> => {
      const { text } = await service.call("GET", "/metrics");
      return ["getTopic", "deleteSubscriber"].map((name) => {
        const line = new RegExp(`bellwether_calls_total\\{operation="${name}",status="400"\\} (\\d+)`);
        return Number(line.exec(text)?.[1] ?? 0);
      });
    };
    const [topics, subscribers] = (await calls()) as [number, number];
    assertProblem(await service.call("GET", "/v1/topics/-"), 400, "invalid_request");
    assertProblem(await service.call("GET", "/v1/topics/%zz"), 400, "invalid_request");
    assertProblem(await service.call("DELETE", "/v1/subscribers/UPPER"), 400, "invalid_request");
    assert.deepEqual(await calls(), [topics + 2, subscribers + 1]);
  });
});

describe("expiry, on a clock that the test moves", () => {
  let held: HeldService;
  before(async () => {
    held = await startHeldService();
  });
  after(async () => {
    await held.close();
    assert.deepEqual(held.faults, []);
  });
  const publish = async (path: string, json: object): Promise<Answer> => {
    const answer = await held.call("POST", path, { ...admin, json });
    assert.equal(answer.status, 201, answer.text);
    return answer;
  };

  test("a message is hidden once its ttlSeconds are over, and the loss announced to those who had not read it", async () => {
    const { topic, messages, subscriber } = await setUp({}, held);
    const { json } = await publish(messages, {
      messages: [{ body: 0 }, { body: 1, ttlSeconds: 10 }, { body: 2, ttlSeconds: 10 }, { body: 3 }],
    });
    held.clock.pass(9);
    assert.deepEqual(bodiesOf(await read(subscriber, "", held)), [0, 1, 2, 3]);
    held.clock.pass(1);
    const page = await read(subscriber, "", held);
    assert.deepEqual(bodiesOf(page), [0, 3]);
    assert.deepEqual(page.json.discontinuities, [
      { topic, shard: 0, fromSequence: 1, toSequence: 2, reason: "expired" },
    ]);
    assertProblem(await held.call("GET", `${messages}/${json.messages[1].id}`), 404, "message_not_found");
    assert.deepEqual((await read(subscriber, `?after=${page.json.cursor}`, held)).json.discontinuities, []);
  });

  test("what retention ended is announced once, whether the store still holds it or not", async () => {
    const { topic, messages, subscriber } = await setUp({ retentionSeconds: 3600 }, held);
    for (let body = 0; body < 5; body++) await publish(messages, { body });
    held.clock.pass(3000);
    await publish(messages, { body: 5 });
    held.clock.pass(600);
    const before = (await read(subscriber, "", held)).json;
    assert.deepEqual(before.discontinuities, [{ topic, shard: 0, fromSequence: 0, toSequence: 4, reason: "expired" }]);
    assert.deepEqual(
      before.messages.map(({ body }: Message) => body),
      [5],
    );
    const uncounted = await held.store.listUncounted(1000);
    const cursors = uncounted.map(({ ref, ticket }) => ({ ref, fromTicket: ticket, toTicket: 5 }));
    assert.ok(
      await held.store.saveTerms({
        puts: [],
        setMarks: [],
        clearMarks: [],
        cursors: cursors.filter(({ ref }) => ref.topic === topic),
      }),
    );
    while (await held.store.expire(held.clock.nowMs())) {}
    assert.equal((await held.call("GET", `/v1/topics/${topic}`)).json.messagesKept, 1);
    assert.deepEqual((await read(subscriber, "", held)).json, before);
    assertProblem(await held.call("GET", `${messages}/0-4`), 404, "message_not_found");
    assert.equal((await held.call("GET", `${messages}/0-5`)).status, 200);
  });

  test("one discontinuity tells of any number of messages gone, however small the page", async () => {
    const { topic, messages, subscriber } = await setUp({}, held);
    for (let i = 0; i < 300; i++) await publish(messages, { body: i, ttlSeconds: 1 });
    await publish(messages, { body: "alive" });
    held.clock.pass(2);
    const page = await read(subscriber, "?limit=1", held);
    assert.deepEqual(page.json.discontinuities, [
      { topic, shard: 0, fromSequence: 0, toSequence: 299, reason: "expired" },
    ]);
    assert.deepEqual(bodiesOf(page), ["alive"]);
  });

  test("loss at the end of the log is announced as well", async () => {
    const { topic, messages, subscriber } = await setUp({ retentionSeconds: 3600 }, held);
    await publish(messages, { messages: [{ body: 0 }, { body: 1, ttlSeconds: 5 }] });
    held.clock.pass(5);
    const page = await read(subscriber, "", held);
    assert.deepEqual(page.json.discontinuities, [
      { topic, shard: 0, fromSequence: 1, toSequence: 1, reason: "expired" },
    ]);
    const { cursor } = page.json;
    held.clock.pass(3600);
    assert.deepEqual((await read(subscriber, `?after=${cursor}`, held)).json.discontinuities, []);
    const all = await read(subscriber, "", held);
    assert.deepEqual(all.json.discontinuities, [
      { topic, shard: 0, fromSequence: 0, toSequence: 1, reason: "expired" },
    ]);
  });

  test("retention 0 keeps for ever; less than an hour is refused", async () => {
    const { topic, messages, subscriber } = await setUp({ retentionSeconds: 0 }, held);
    await publish(messages, { body: "kept" });
    held.clock.pass(10 * 365 * 86_400);
    assert.deepEqual(bodiesOf(await read(subscriber, "", held)), ["kept"]);
    for (const retentionSeconds of [1, 3599, -1, 1.5, 315_360_001])
      assertProblem(
        await held.call("PUT", `/v1/topics/${topic}`, { ...admin, json: { retentionSeconds } }),
        400,
        "invalid_request",
      );
  });

  test("a deleted topic's name is reserved for 10 minutes; a cursor of the earlier topic is told of its end", async () => {
    const { topic, messages, subscriber } = await setUp({ shards: 2 }, held);
    await publish(messages, {
      messages: [
        { body: "a", key: "1" },
        { body: "b", key: "2" },
      ],
    });
    const { cursor } = (await read(subscriber, "", held)).json;
    const { cursor: fromTheStart } = subscriber;
    await held.call("DELETE", `/v1/topics/${topic}`, admin);
    assert.deepEqual((await read(subscriber, "", held)).json.messages, []);
    const reserved = await held.call("PUT", `/v1/topics/${topic}`, { ...admin, json: {} });
    assert.equal(assertProblem(reserved, 409, "topic_reserved").retryAfterSeconds, 600);
    assertProblem(
      await held.call("POST", "/v1/publishers", { ...admin, json: { name: "n", topics: [topic] } }),
      409,
      "topic_reserved",
    );
    held.clock.pass(600);
    await held.call("PUT", `/v1/topics/${topic}`, { ...admin, json: { shards: 2 } });
    await publish(messages, { body: "c" });
    for (const after of [cursor, fromTheStart]) {
      const page = await read(subscriber, `?after=${after}`, held);
      assert.deepEqual(bodiesOf(page), ["c"]);
      const reasons = page.json.discontinuities.map(({ reason }: { reason: string }) => reason);
      assert.ok(reasons.length > 0 && reasons.every((reason: string) => reason === "topic_recreated"), after);
      assert.deepEqual((await read(subscriber, `?after=${page.json.cursor}`, held)).json.discontinuities, []);
    }
  });

  test("an Idempotency-Key is forgotten after 24 hours", async () => {
    const { messages } = await setUp({}, held);
    const call = { ...admin, json: { body: 1 }, headers: { "idempotency-key": "k" } };
    await held.call("POST", messages, call);
    held.clock.pass(86_399);
    assert.equal((await held.call("POST", messages, call)).headers["idempotent-replayed"], "true");
    held.clock.pass(1);
    assert.equal((await held.call("POST", messages, call)).headers["idempotent-replayed"], undefined);
    assert.equal((await held.call("GET", messages)).json.messages.length, 2);
  });
});
