import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { limits } from "#contract/limits.ts";
import { type OperationName, operationNames, operations } from "#contract/operations.ts";
import type { RegisteredPublisher, RegisteredSubscriber } from "#contract/types.ts";
import { hashSecret } from "#core/tokens.ts";
import { readSettings, SettingError, type SettingName } from "#hosts/local/settings.ts";
import {
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

/** Who calls: no token, the admin key, a publisher and a subscriber of the topic, and one of each that is not. */
const callers = ["open", "admin", "publisher", "otherPublisher", "subscriber", "otherSubscriber"] as const;
type Caller = (typeof callers)[number];

/** Who may call what, by the letters of the columns in `callers`: `+` may, `-` may not, `.` makes no sense to ask. */
type Rights = Readonly<Record<OperationName, string>>;

const closed: Rights = {
  //                  open, admin, publisher, other, subscriber, other
  registerPublisher: "-+----",
  listPublishers: "-+----",
  getPublisher: "-++---",
  putPublisherTopics: "-+----",
  deletePublisher: "-+----",
  registerSubscriber: "-+----",
  listSubscribers: "-+----",
  getSubscriber: "-+--+-",
  deleteSubscriber: "-+----",
  subscribe: "-+--+-",
  commitCursor: "-+--+-",
  seekSubscriber: "-+--+-",
  createStreamToken: "-+--+-",
  listTopics: "-+----",
  putTopic: "-+----",
  getTopic: "-++-+-",
  deleteTopic: "-+----",
  publish: "-++---",
  browseMessages: "-+--+-",
  getMessage: "-+--+-",
  getPopularTerms: "-+--+-",
  rebuildTerms: "-+----",
  getTopicActivity: "-+--+-",
  getOverview: "-+----",
  listFunctions: "-+----",
  listFunctionEvents: "-+----",
  invokeFunction: "-+----",
  listTables: "-+----",
  listTableItems: "-+----",
};
const readable = {
  listTopics: 1,
  getTopic: 1,
  browseMessages: 1,
  getTopicActivity: 1,
  getMessage: 1,
  getPopularTerms: 1,
  getOverview: 1,
};
const publicRead = Object.fromEntries(
  operationNames.map((name) => [name, name in readable ? "++++++" : closed[name]]),
) as Rights;
/** An open service that others may reach has no admin. */
const open = Object.fromEntries(
  operationNames.map((name) => {
    const rights = ["register", "putTopic"].some((each) => name.startsWith(each)) ? "++++++" : publicRead[name];
    return [name, `${rights[0]}.${rights.slice(2)}`];
  }),
) as Rights;
/** One that only this machine reaches has nobody but admins; a token narrows what its holder may do. */
const ownMachine = Object.fromEntries(operationNames.map((name) => [name, `+${open[name].slice(1)}`])) as Rights;

const worlds: Record<string, { flags: Partial<Record<SettingName, string>>; rights: Rights }> = {
  "with an admin key": { flags: { adminKey }, rights: closed },
  "with an admin key and PUBLIC_READ": { flags: { adminKey, publicRead: "true" }, rights: publicRead },
  "that is open": { flags: { allowedHosts: "bellwether.lan" }, rights: open },
  "that is open to this machine alone": { flags: {}, rights: host.openAdmin ? ownMachine : open },
};

for (const [world, { flags, rights }] of Object.entries(worlds)) {
  describe(`a service ${world}`, () => {
    let service: TestService;
    const tokens: Partial<Record<Caller, string>> = { admin: adminKey };
    let publisher: RegisteredPublisher;
    let subscriber: RegisteredSubscriber;
    before(async () => {
      service = await startService(flags);
      const key = flags.adminKey;
      publisher = await service.registerPublisher(["mine"], key);
      subscriber = await service.registerSubscriber(["mine"], "earliest", key);
      tokens.publisher = publisher.token;
      tokens.subscriber = subscriber.token;
      tokens.otherPublisher = (await service.registerPublisher(["theirs"], key)).token;
      tokens.otherSubscriber = (await service.registerSubscriber(["theirs"], "earliest", key)).token;
      const published = await service.call("POST", "/v1/topics/mine/messages", { token: publisher.token, body: "x" });
      assert.equal(published.status, 201);
    });
    after(() => service.close());

    const bodyOf = (name: OperationName): unknown =>
      ({
        registerPublisher: { name: "n", topics: ["mine"] },
        registerSubscriber: { topics: ["mine"] },
        putPublisherTopics: { topics: ["mine"] },
        commitCursor: { cursor: subscriber.cursor },
        seekSubscriber: { from: "latest" },
        putTopic: {},
        publish: { body: 1 },
        invokeFunction: { event: {} },
        rebuildTerms: { from: new Date(Date.now() - 7_200_000).toISOString(), to: new Date().toISOString() },
      })[name as string];

    for (const name of operationNames) {
      // Seeks supersede the cursor that commits are tried with, and deletions what is called: they take others' places.
      const deletes = name.startsWith("delete");
      const done = deletes ? 404 : name === "invokeFunction" && !host.triesFunctions ? 503 : operations[name].status;
      test(`${name}: ${rights[name]}`, async () => {
        for (const [i, caller] of callers.entries()) {
          const right = rights[name][i];
          if (right === ".") continue;
          const id = deletes && right === "+" ? "nobody" : undefined;
          const path = operations[name].path
            .replace("{topic}", deletes && right === "+" ? "no-such-topic" : "mine")
            .replace("{publisherId}", id ?? publisher.publisherId)
            .replace("{subscriberId}", id ?? subscriber.subscriberId)
            .replace("{messageId}", "0-0")
            .replace("{function}", "rollUpTerms")
            .replace("{table}", host.topicsTable)
            .concat(name === "getPopularTerms" ? "?topic=mine" : "");
          const json = bodyOf(name);
          const token = tokens[caller];
          const answer = await service.call(operations[name].method, path, {
            ...(token !== undefined && { token }),
            ...(json !== undefined && { json }),
          });
          if (right === "+") assert.equal(answer.status, done, `${caller}: ${answer.text}`);
          else if (caller === "open") assertProblem(answer, 401, "unauthenticated");
          else assertProblem(answer, 403, "forbidden");
          if (name === "seekSubscriber" && right === "+") subscriber = { ...subscriber, cursor: answer.json.cursor };
        }
      });
    }

    test("what is not there is refused like what is, to those without the right", async () => {
      const token = tokens.otherSubscriber!;
      const paths = [
        ["GET", "/v1/subscribers/nobody"],
        ["GET", "/v1/subscribers/nobody/messages"],
        ["GET", "/v1/publishers/nobody"],
        ["DELETE", "/v1/topics/nothing"],
        ...(flags.adminKey && !flags.publicRead
          ? [
              ["GET", "/v1/topics/nothing"],
              ["GET", "/v1/topics/nothing/messages"],
              ["GET", "/v1/topics/nothing/messages/0-0"],
              ["GET", "/v1/popular-terms?topic=nothing"],
            ]
          : []),
      ];
      for (const [method, path] of paths)
        assertProblem(await service.call(method!, path!, { token }), 403, "forbidden");
      const publish = { token: publisher.token, json: { body: 1 } };
      assertProblem(await service.call("POST", "/v1/topics/nothing/messages", publish), 403, "forbidden");
    });

    test("streams ask the same rights as reads", async () => {
      const headers = { accept: "text/event-stream" };
      const path = `/v1/subscribers/${subscriber.subscriberId}/messages`;
      if (rights.subscribe.startsWith("-"))
        assertProblem(await service.call("GET", path, { headers }), 401, "unauthenticated");
      assertProblem(await service.call("GET", path, { headers, token: tokens.otherSubscriber! }), 403, "forbidden");
      if (flags.adminKey && !flags.publicRead)
        assertProblem(
          await service.call("GET", "/v1/topics/mine/messages", { headers, token: tokens.publisher! }),
          403,
          "forbidden",
        );
    });

    test("a token that is wrong in any way is 401, even where none is needed", async () => {
      const [kind, , id, secret] = ["bw", "pub", publisher.publisherId, publisher.token.split("_").slice(3).join("_")];
      const flipped = `${secret!.slice(0, -1)}${secret!.endsWith("A") ? "B" : "A"}`;
      const wrong = [
        `${kind}_pub_${id}_${flipped}`,
        `${kind}_sub_${id}_${secret}`,
        `${kind}_str_${id}_${secret}`,
        `${kind}_pub_${subscriber.subscriberId}_${secret}`,
        `${kind}_pub_nobody_${secret}`,
        `${kind}_pub_${id}_`,
        `${kind}_pub_${id}`,
        "bw",
        "wrong-admin-key-for-tests",
        `${adminKey}x`,
        hashSecret(adminKey),
        "null",
        "undefined",
        "__proto__",
      ];
      for (const token of wrong)
        for (const path of ["/v1/topics", "/v1/publishers"]) {
          const answer = await service.call("GET", path, { token });
          assertProblem(answer, 401, "unauthenticated");
          assert.equal(answer.headers["www-authenticate"], "Bearer");
          if (token.length > 20) assert.ok(!answer.text.includes(token), "the token is not echoed");
        }
      for (const authorization of ["Basic YTpi", "Bearer", "Bearer a b", `Bearer ${"x".repeat(600)}`, "", "bw_pub_a_b"])
        assertProblem(await service.call("GET", "/v1/topics", { headers: { authorization } }), 401, "unauthenticated");
    });

    test("the scheme's name may be written small", async () => {
      const headers = { authorization: `bearer ${subscriber.token}` };
      assert.equal((await service.call("GET", `/v1/subscribers/${subscriber.subscriberId}`, { headers })).status, 200);
    });

    test("health, metrics and the description are for all, and hold no secret", async () => {
      for (const path of hostPages) {
        const { status, text } = await service.call("GET", path);
        assert.equal(status, 200);
        assert.ok(!text.includes(adminKey) && !text.includes(publisher.token));
      }
    });
  });
}

describe("the admin key", () => {
  test("may be two while one replaces the other, given as hashes", async () => {
    const [old, next] = ["the-old-admin-key", "the-next-admin-key"];
    const service = await startService({ adminKeyHashes: `${hashSecret(old)}, ${hashSecret(next).toUpperCase()}` });
    try {
      for (const token of [old, next])
        assert.equal((await service.call("GET", "/v1/publishers", { token })).status, 200);
      const third = await service.call("GET", "/v1/publishers", { token: "another-admin-key" });
      assertProblem(third, 401, "unauthenticated");
    } finally {
      await service.close();
    }
  });

  test("is read from the environment, and a flag wins over it", () => {
    const environment = { ADMIN_KEY: "from-the-environment" };
    assert.deepEqual(readSettings({}, environment).adminKeyHashes, [hashSecret("from-the-environment")]);
    assert.deepEqual(readSettings({ adminKey }, environment).adminKeyHashes, [hashSecret(adminKey)]);
  });

  test("that is short, or hashes that are none or three, are refused without being shown", () => {
    const hash = hashSecret(adminKey);
    for (const flags of [
      { adminKey: "short-secret" },
      { adminKeyHashes: "abc" },
      { adminKeyHashes: `${hash},${hash},${hash}` },
    ])
      assert.throws(
        () => readSettings(flags, {}),
        (error) => error instanceof SettingError && !/short-secret|abc\b/.test(error.message),
      );
  });
});

describe("where an open service listens and whom it answers", () => {
  test("it refuses to bind beyond loopback without an admin key, unless told so", async () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.0.0.1.example.org"]) {
      assert.throws(() => readSettings({ host }, {}), SettingError, host);
      assert.equal(readSettings({ host, adminKey }, {}).openRegistration, false);
      assert.equal(readSettings({ host, allowOpen: "true" }, {}).openRegistration, true);
    }
    for (const host of ["127.0.0.1", "localhost", "::1"]) assert.equal(readSettings({ host }, {}).host, host);
    await assert.rejects(startService({ host: "0.0.0.0" }), SettingError);
  });

  test("it answers to names of this machine and ALLOWED_HOSTS only", async () => {
    const service = await startService({ allowedHosts: "bellwether.lan" });
    try {
      const get = (host: string): ReturnType<TestService["call"]> =>
        service.call("GET", "/v1/topics", { headers: { host } });
      for (const host of [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:80",
        "Bellwether.lan:80",
      ])
        assert.equal((await get(host)).status, 200, host);
      for (const host of [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "10.0.0.1",
        "evil.example:localhost",
      ])
        assert.equal((await get(host)).json.code, "host_refused", host);
      const post = { headers: { host: "evil.example" }, json: { name: "n", topics: ["t"] } };
      assertProblem(await service.call("POST", "/v1/publishers", post), 403, "host_refused");
      assertProblem(await service.call("GET", "/healthz", { headers: { host: "evil.example" } }), 403, "host_refused");
    } finally {
      await service.close();
    }
  });

  test("it refuses web pages of other origins, and takes its own and those of CORS_ORIGINS", async () => {
    const service = await startService({ corsOrigins: "https://app.example, http://localhost:3000" });
    try {
      const own = `http://127.0.0.1:${service.port}`;
      const get = (origin: string): ReturnType<TestService["call"]> =>
        service.call("GET", "/v1/topics", { headers: { origin } });
      for (const origin of [
        "https://evil.example",
        "null",
        "https://app.example.evil",
        "http://app.example",
        "http://127.0.0.1:1",
      ]) {
        const answer = await get(origin);
        assertProblem(answer, 403, "origin_refused");
        assert.equal(answer.headers["access-control-allow-origin"], undefined);
      }
      const same = await get(own);
      assert.deepEqual([same.status, same.headers["access-control-allow-origin"]], [200, undefined]);
      for (const origin of ["https://app.example", "http://localhost:3000"]) {
        const { status, headers } = await get(origin);
        assert.deepEqual([status, headers["access-control-allow-origin"], headers.vary], [200, origin, "Origin"]);
      }
      const refused = await service.call("GET", "/v1/publishers", { headers: { origin: "https://app.example" } });
      assertProblem(refused, 401, "unauthenticated");
      assert.equal(refused.headers["access-control-allow-origin"], "https://app.example", "errors can be read as well");
    } finally {
      await service.close();
    }
  });

  test("whoever calls may do everything only while no setting lets others in", async () => {
    const openAdmin = (flags: Partial<Record<SettingName, string>>): boolean => readSettings(flags, {}).openAdmin;
    for (const flags of [{}, { host: "::1" }, { host: "localhost" }, { allowOpen: "false" }, { proxies: "0" }])
      assert.equal(openAdmin(flags), true, JSON.stringify(flags));
    for (const flags of [
      { adminKey },
      { host: "0.0.0.0", adminKey },
      { host: "0.0.0.0", allowOpen: "true" },
      { allowOpen: "true" },
      { allowedHosts: "bellwether.lan" },
      { corsOrigins: "http://localhost:3000" },
      { proxies: "1" },
      { publicRead: "false" },
    ])
      assert.equal(openAdmin(flags), false, JSON.stringify(flags));
  });

  const onItsMachine = { skip: unless(host.openAdmin, "an open service has no admin there") };
  test("what a proxy forwards is not taken for a call of this machine's own", onItsMachine, async () => {
    await using service = await startService();
    const list = (headers: Record<string, string>): ReturnType<TestService["call"]> =>
      service.call("GET", "/v1/publishers", { headers });
    assert.equal((await list({})).status, 200);
    for (const name of ["x-forwarded-for", "forwarded"])
      assertProblem(await list({ [name]: "for=192.0.2.1" }), 401, "unauthenticated");
    assert.equal((await service.call("GET", "/v1/topics", { headers: { forwarded: "for=192.0.2.1" } })).status, 200);
  });

  test("any origin is refused as a setting for an open service", () => {
    assert.throws(() => readSettings({ corsOrigins: "*" }, {}), SettingError);
  });
});

describe("CORS", () => {
  test("is off unless CORS_ORIGINS; a preflight names methods and headers; * takes any origin", async () => {
    const off = await startService({ adminKey });
    const on = await startService({ adminKey, corsOrigins: "*" });
    try {
      const headers = {
        origin: "https://app.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,content-type",
      };
      const without = await off.call("OPTIONS", "/v1/topics/a", { headers });
      assert.equal(without.headers["access-control-allow-origin"], undefined);
      const preflight = await on.call("OPTIONS", "/v1/topics/a", { headers });
      assert.equal(preflight.status, 204);
      assert.equal(preflight.headers["access-control-allow-origin"], "https://app.example");
      assert.match(String(preflight.headers["access-control-allow-methods"]), /PUT/);
      assert.match(
        String(preflight.headers["access-control-allow-headers"]),
        /Authorization.*Content-Type.*Idempotency-Key/,
      );
      assert.equal(preflight.headers["access-control-allow-credentials"], undefined);
    } finally {
      await off.close();
      await on.close();
    }
  });
});

describe("caps", () => {
  test("on topics, publishers and subscribers answer 409 limit_reached, and deletions make room", async () => {
    const service = await startService({ adminKey, topicsMax: "2", publishersMax: "2", subscribersMax: "2" });
    try {
      const admin: CallOptions = { token: adminKey };
      for (const name of ["a", "b"]) await service.call("PUT", `/v1/topics/${name}`, admin);
      const publishers = [
        await service.registerPublisher(["a"], adminKey),
        await service.registerPublisher(["a"], adminKey),
      ];
      const subscribers = [
        await service.registerSubscriber(["a"], undefined, adminKey),
        await service.registerSubscriber(["a"], undefined, adminKey),
      ];
      const thirds = [
        ["PUT", "/v1/topics/c", {}],
        ["POST", "/v1/publishers", { name: "n", topics: ["a"] }],
        ["POST", "/v1/publishers", { name: "n", topics: ["c"] }],
        ["POST", "/v1/subscribers", { topics: ["a"] }],
        ["PUT", `/v1/publishers/${publishers[0]!.publisherId}/topics`, { topics: ["c"] }],
      ] as const;
      for (const [method, path, json] of thirds)
        assertProblem(await service.call(method, path, { ...admin, json }), 409, "limit_reached");
      assert.equal((await service.call("PUT", "/v1/topics/a", admin)).status, 200, "what is there may be put again");
      await service.call("DELETE", "/v1/topics/b", admin);
      await service.call("DELETE", `/v1/publishers/${publishers[0]!.publisherId}`, admin);
      await service.call("DELETE", `/v1/subscribers/${subscribers[0]!.subscriberId}`, admin);
      await service.call("PUT", "/v1/topics/c", admin);
      await service.registerPublisher(["c"], adminKey);
      await service.registerSubscriber(["c"], undefined, adminKey);
    } finally {
      await service.close();
    }
  });
});

describe("stream tokens, on a clock that the test moves", () => {
  let service: HeldService;
  let subscriber: RegisteredSubscriber;
  let other: RegisteredSubscriber;
  before(async () => {
    service = await startHeldService();
    subscriber = await service.registerSubscriber(["t"], "earliest", adminKey);
    other = await service.registerSubscriber(["t"], "earliest", adminKey);
  });
  after(async () => {
    await service.close();
    assert.deepEqual(service.faults, []);
  });

  const make = async (): Promise<string> => {
    const path = `/v1/subscribers/${subscriber.subscriberId}/stream-tokens`;
    return (await service.call("POST", path, subscriber)).json.streamToken;
  };
  const pathOf = (token: string, { subscriberId } = subscriber): string =>
    `/v1/subscribers/${subscriberId}/messages?streamToken=${token}`;
  const sse = { headers: { accept: "text/event-stream" } };
  /** Opens the stream, and ends it. */
  const use = async (token: string): Promise<void> => {
    const response = await fetch(service.url + pathOf(token), sse);
    assert.equal(response.status, 200);
    await response.body!.cancel();
    const usable = (): Promise<number> =>
      service.store.getStreamToken(token.split("_")[2]!).then((record) => record!.usableUntilMs);
    await eventually(
      async () => (await usable()) <= service.clock.nowMs() + limits.streamTokenReopenSeconds * 1000,
      "the end of the stream is noted",
    );
  };

  test("open that subscriber's stream and nothing else", async () => {
    const token = await make();
    assertProblem(await service.call("GET", pathOf(token)), 403, "forbidden");
    assertProblem(await service.call("GET", pathOf(token, other), sse), 403, "forbidden");
    assertProblem(await service.call("GET", `/v1/topics/t/messages?streamToken=${token}`, sse), 400, "invalid_request");
    const asBearer = { token };
    for (const path of ["/v1/topics", `/v1/subscribers/${subscriber.subscriberId}`])
      assertProblem(await service.call("GET", path, asBearer), 401, "unauthenticated");
    const cursor = { ...asBearer, json: { cursor: subscriber.cursor } };
    assertProblem(
      await service.call("PUT", `/v1/subscribers/${subscriber.subscriberId}/cursor`, cursor),
      401,
      "unauthenticated",
    );
    await use(token);
  });

  test("that are wrong, of another kind or have no subscriber any more are 401", async () => {
    const token = await make();
    const flipped = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    for (const wrong of [flipped, "x", subscriber.token, token.replace("bw_str", "bw_sub"), adminKey])
      assertProblem(await service.call("GET", pathOf(wrong), sse), 401, "unauthenticated");
    const gone = await service.registerSubscriber(["t"], undefined, adminKey);
    const path = `/v1/subscribers/${gone.subscriberId}`;
    const { streamToken } = (await service.call("POST", `${path}/stream-tokens`, gone)).json;
    await service.call("DELETE", path, { token: adminKey });
    assertProblem(await service.call("GET", pathOf(streamToken, gone), sse), 401, "unauthenticated");
  });

  test("end after 60 s unused", async () => {
    const [kept, late] = [await make(), await make()];
    service.clock.pass(59);
    await use(kept);
    service.clock.pass(1);
    assertProblem(await service.call("GET", pathOf(late), sse), 401, "unauthenticated");
  });

  test("once used reopen until 10 minutes after the stream ended, and 12 hours at most", async () => {
    const token = await make();
    await use(token);
    for (let passed = 0; passed < limits.streamTokenSecondsMax - 599; passed += 599) {
      await use(token);
      service.clock.pass(599);
    }
    await use(token);
    service.clock.pass(600);
    assertProblem(await service.call("GET", pathOf(token), sse), 401, "unauthenticated");

    const unused = await make();
    await use(unused);
    service.clock.pass(600);
    assertProblem(await service.call("GET", pathOf(unused), sse), 401, "unauthenticated");
  });
});

describe("secrets", () => {
  test("are in no log, and in no later answer, whatever goes wrong", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "bellwether-test-"));
    const main = fileURLToPath(new URL("../src/hosts/local/main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, "--port", "0", "--data-dir", dataDir], {
      env: { ...process.env, ADMIN_KEY: adminKey, LOG_LEVEL: "trace" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      child.stderr.on("data", (chunk) => {
        output += chunk;
      });
      await eventually(() => /http:\/\/127\.0\.0\.1:\d+/.test(output), "the service greets");
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)![0];
      const post = async (path: string, token: string, json: unknown): Promise<Record<string, string>> => {
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
        return (await fetch(url + path, { method: "POST", headers, body: JSON.stringify(json) })).json() as never;
      };
      const publisher = await post("/v1/publishers", adminKey, { name: "n", topics: ["t"] });
      const subscriber = await post("/v1/subscribers", adminKey, { topics: ["t"] });
      const stream = await post(`/v1/subscribers/${subscriber.subscriberId}/stream-tokens`, subscriber.token!, {});
      const secrets = [adminKey, publisher.token!, subscriber.token!, stream.streamToken!];
      let answers = "";
      for (const token of [...secrets, `${publisher.token}x`]) {
        const headers = { authorization: `Bearer ${token}` };
        for (const path of [
          "/v1/topics",
          "/v1/publishers",
          "/v1/subscribers",
          `/v1/publishers/${publisher.publisherId}`,
          `/v1/subscribers/${subscriber.subscriberId}`,
          `/v1/subscribers/${subscriber.subscriberId}/messages?streamToken=${token}`,
          "/metrics",
        ])
          answers += await (await fetch(url + path, { headers })).text();
        answers += JSON.stringify(await post("/v1/topics/t/messages", token, "{"));
      }
      child.kill("SIGTERM");
      const [code] = await once(child, "exit");
      assert.equal(code, 0);
      for (const secret of secrets) {
        // A secret may hold a "_" of its own.
        const last = secret.replace(/^bw_[a-z]+_[a-z0-9]+_/, "");
        assert.ok(!output.includes(last), `in the log: ${output}`);
        assert.ok(!answers.includes(last), "in an answer");
      }
    } finally {
      child.kill("SIGKILL");
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

describe("every answer", () => {
  test("is marked as nothing to guess about and nothing to keep, also errors and streams", async () => {
    await using service = await startService({ corsOrigins: "http://page.example" });
    const publisher = await service.registerPublisher(["t"]);
    await service.call("POST", "/v1/topics/t/messages", { token: publisher.token, body: "<script>alert(1)</script>" });
    for (const path of ["/v1/topics", "/v1/topics/t/messages", "/v1/<b>", "/healthz", "/metrics", "/openapi.json", "/"])
      for (const origin of [undefined, "http://page.example", "http://other.example"]) {
        const response = await fetch(service.url + path, { headers: origin === undefined ? {} : { origin } });
        assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
        assert.equal(response.headers.get("cache-control"), "no-store", path);
        assert.match(response.headers.get("content-type")!, /^(application\/(problem\+)?json|text\/plain)(;|$)/, path);
        await response.body?.cancel();
      }
    const stream = await fetch(`${service.url}/v1/topics/t/messages`, { headers: { accept: "text/event-stream" } });
    assert.equal(stream.headers.get("x-content-type-options"), "nosniff");
    assert.equal(stream.headers.get("cache-control"), "no-store");
    await stream.body?.cancel();
  });
});
