import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AppendResult, Store } from "#core/store.ts";
import {
  type Answer,
  adminKey,
  assertProblem,
  eventually,
  type HeldService,
  readAll,
  startHeldService,
  startService,
} from "./harness.ts";

const messages = "/v1/topics/t/messages";

/** Whatever floods it: what is refused is refused early and clearly, and the service stays well. */
describe("rates", () => {
  test("are off as it comes, and no answer speaks of them", async () => {
    await using service = await startHeldService();
    const { token } = await service.registerPublisher(["t"], adminKey);
    for (let i = 0; i < 50; i++) {
      const answer = await service.call("POST", messages, { token, body: "x" });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers.ratelimit ?? answer.headers["ratelimit-policy"], undefined);
    }
  });

  test("of a publisher are its own: one past its rate is 429, another is not", async () => {
    await using service = await startHeldService({ publisherRate: "3" });
    const one = await service.registerPublisher(["t"], adminKey);
    const other = await service.registerPublisher(["t"], adminKey);
    const publish = (token: string, body = "x"): Promise<Answer> => service.call("POST", messages, { token, body });
    const first = await publish(one.token);
    assert.equal(first.headers["ratelimit-policy"], '"publisher";q=3;w=60');
    assert.equal(first.headers.ratelimit, '"publisher";r=2;t=20');
    await publish(one.token);
    await publish(one.token);
    const refused = await publish(one.token);
    assert.equal(assertProblem(refused, 429, "too_many_requests").retryAfterSeconds, 20);
    assert.equal(refused.headers["retry-after"], "20");
    assert.equal(refused.headers.ratelimit, '"publisher";r=0;t=20');
    assert.equal((await publish(other.token)).status, 201);
    // Whoever has not its secret cannot use its rate up.
    const wrong = `${other.token.slice(0, -2)}xx`;
    for (let i = 0; i < 5; i++) assertProblem(await publish(wrong), 401, "unauthenticated");
    assert.equal((await publish(other.token)).status, 201);
    // Reading is not counted, nor is the admin.
    for (let i = 0; i < 5; i++) assert.equal((await service.call("GET", messages)).status, 200);
    for (let i = 0; i < 5; i++) assert.equal((await publish(adminKey)).status, 201);
    service.clock.pass(20);
    assert.equal((await publish(one.token)).status, 201);
    assertProblem(await publish(one.token), 429, "too_many_requests");
  });

  test("of an address come before all else, and leave the service's health alone", async () => {
    await using service = await startHeldService({ addressRate: "5" });
    for (let i = 4; i >= 0; i--) {
      const answer = await service.call("GET", "/v1/topics", { token: "unknown" });
      assertProblem(answer, 401, "unauthenticated");
      assert.match(String(answer.headers.ratelimit), new RegExp(`^"address";r=${i};t=\\d+$`));
    }
    for (const path of ["/v1/topics", "/v1/nothing"]) {
      const answer = await service.call("GET", path, { token: adminKey });
      assertProblem(answer, 429, "too_many_requests");
      assert.equal(answer.headers["retry-after"], "12");
    }
    for (const path of ["/healthz", "/metrics", "/openapi.json"])
      assert.equal((await service.call("GET", path)).status, 200);
    service.clock.pass(60);
    assert.equal((await service.call("GET", "/v1/topics", { token: adminKey })).status, 200);
  });

  test("of both stand in one field, and those behind proxies are told apart", async () => {
    await using service = await startHeldService({ addressRate: "4", publisherRate: "9", proxies: "1" });
    const from = (address: string) => ({ headers: { "x-forwarded-for": `evil, ${address}` } });
    const { json } = await service.call("POST", "/v1/publishers", {
      ...from("10.0.0.1"),
      token: adminKey,
      json: { name: "n", topics: ["t"] },
    });
    const answer = await service.call("POST", messages, { ...from("10.0.0.2"), token: json.token, body: "x" });
    assert.equal(answer.headers["ratelimit-policy"], '"publisher";q=9;w=60, "address";q=4;w=60');
    assert.match(String(answer.headers.ratelimit), /^"publisher";r=8;t=\d+, "address";r=3;t=\d+$/);
    for (let i = 0; i < 4; i++) await service.call("GET", "/v1/topics", from("10.0.0.3"));
    assertProblem(await service.call("GET", "/v1/topics", from("10.0.0.3")), 429, "too_many_requests");
    assert.equal((await service.call("GET", "/v1/topics", from("10.0.0.4"))).status, 200);
  });
});

/** A store whose appends wait until they are let go. */
function held(store: Store): { store: Store; waiting(): number; letGo(): void } {
  const waiting: (() => void)[] = [];
  const append = (request: Parameters<Store["append"]>[0]): Promise<AppendResult> =>
    new Promise<void>((resolve) => waiting.push(resolve)).then(() => store.append(request));
  return {
    store: new Proxy(store, { get: (target, name) => (name === "append" ? append : bound(target, name)) }),
    waiting: () => waiting.length,
    letGo() {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name);
  return typeof value === "function" ? value.bind(target) : value;
}

async function startWithHeldAppends(
  flags: Record<string, string>,
): Promise<HeldService & Omit<ReturnType<typeof held>, "store">> {
  let hold: ReturnType<typeof held> | undefined;
  const service = await startHeldService(flags, (store) => {
    hold = held(store);
    return hold.store;
  });
  return Object.assign(service, { waiting: hold!.waiting, letGo: hold!.letGo });
}

describe("while the store hangs", () => {
  test("calls past the number that may be under way are 503 at once; reading and health go on, and all ends well", async () => {
    await using service = await startWithHeldAppends({ inFlightCallsMax: "3" });
    const { token } = await service.registerPublisher(["t"], adminKey);
    const publish = (): Promise<Answer> => service.call("POST", messages, { token, body: "x" });
    const underWay = [publish(), publish(), publish()];
    await eventually(() => service.waiting() === 3, "three wait for the store");
    for (let i = 0; i < 5; i++) {
      const refused = await publish();
      assertProblem(refused, 503, "unavailable");
      assert.equal(refused.headers["retry-after"], "1");
    }
    assert.equal((await service.call("GET", "/healthz")).status, 200);
    assert.equal((await service.call("GET", messages)).status, 200);
    service.letGo();
    for (const answer of await Promise.all(underWay)) assert.equal(answer.status, 201);
    const again = publish();
    await eventually(() => service.waiting() === 1, "there is room again");
    service.letGo();
    assert.equal((await again).status, 201);
    assert.equal((await service.call("GET", messages)).json.messages.length, 4);
  });

  test("so are calls past the bytes, by their heads: their bodies are not waited for; one larger than all is taken alone", async () => {
    await using service = await startWithHeldAppends({ inFlightBytesMax: "1000" });
    const { token } = await service.registerPublisher(["t"], adminKey);
    const publish = (bytes: number): Promise<Answer> =>
      service.call("POST", messages, { token, body: "x".repeat(bytes) });
    const first = publish(900);
    await eventually(() => service.waiting() === 1, "one waits for the store");
    assertProblem(await publish(101), 503, "unavailable");
    const socket = await service.socket();
    socket.write(`POST ${messages} HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n`);
    assert.match(await readAll(socket), /^HTTP\/1\.1 503 /);
    const small = publish(100);
    await eventually(() => service.waiting() === 2, "a small one still fits");
    service.letGo();
    assert.deepEqual([(await first).status, (await small).status], [201, 201]);
    const large = publish(5_000);
    await eventually(() => service.waiting() === 1, "a large one is taken alone");
    service.letGo();
    assert.equal((await large).status, 201);
  });

  test("a caller without the right has no body read, and takes no room", async () => {
    await using service = await startWithHeldAppends({ inFlightBytesMax: "1000" });
    await service.registerPublisher(["t"], adminKey);
    const subscriber = await service.registerSubscriber(["t"], "latest", adminKey);
    const paths = ["/v1/publishers", "/v1/subscribers", messages, `/v1/subscribers/${subscriber.subscriberId}/seek`];
    for (const path of paths) {
      const socket = await service.socket();
      // Nothing of the body comes.
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n`);
      assert.match(await readAll(socket), /^HTTP\/1\.1 401 /, path);
    }
  });
});

describe("connections", () => {
  test("past as many as may be are told so and closed; health is answered even then, and an end makes room", async () => {
    await using service = await startService({ adminKey, connectionsMax: "3" });
    const talk = async (path: string): Promise<string> => {
      const socket = await service.socket();
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      return readAll(socket);
    };
    const held = [await service.socket(), await service.socket(), await service.socket()];
    const refused = await talk("/v1/topics");
    assert.match(refused, /^HTTP\/1\.1 503 .*"code":"unavailable"/s);
    assert.match(refused, /^retry-after: 5\r$/im);
    assert.match(refused, /^connection: close\r$/im);
    assert.match(await talk("/healthz"), /^HTTP\/1\.1 200 .*"status":"ok"/s);
    for (const socket of held) socket.destroy();
    await eventually(async () => {
      const socket = await service.socket();
      socket.write("GET /v1/topics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
      return /^HTTP\/1\.1 401 /.test(await readAll(socket));
    }, "there is room again");
  });
});
