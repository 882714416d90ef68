import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ErrorCode, Problem } from "#contract/errors.ts";
import type { RegisteredPublisher, RegisteredSubscriber } from "#contract/types.ts";
import type { Clock } from "#core/clock.ts";
import type { Store } from "#core/store.ts";
import type { Context } from "#functions/context.ts";
import { createHttpHandler } from "#hosts/http.ts";
import { createMetrics } from "#hosts/local/metrics.ts";
import { createLocalServer } from "#hosts/local/server.ts";
import { startLocalService } from "#hosts/local/service.main.ts";
import { readSettings, type SettingName } from "#hosts/local/settings.ts";
import { createProcessContext } from "#hosts/process-context.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { type OpenApi, responseChecker } from "./response-checker.ts";

/** A key long enough to be one, for services that are not open. */
export const adminKey = "an-admin-key-for-tests";

export interface CallOptions {
  readonly token?: string;
  /** Sent as `application/json`. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** An answer that has been held to the service's own OpenAPI description. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; each test knows its shape. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and asserts on it
  readonly json: any;
}

/** A running service and what tests do with it. Disposing of it stops it and removes its folder. */
export interface TestService extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Makes a call and checks the answer against /openapi.json. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  registerPublisher(topics: readonly string[], token?: string): Promise<RegisteredPublisher>;
  registerSubscriber(topics: readonly string[], from?: string, token?: string): Promise<RegisteredSubscriber>;
  /** A TCP connection, for requests that no client would send. Ended with the service. */
  socket(): Promise<Socket>;
  close(): Promise<void>;
}

/** Starts the service as `npm start` does, on a free port and a folder of its own. */
export async function startService(
  flags: Partial<Record<SettingName, string>> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<TestService> {
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-test-"));
  const service = await startLocalService({ port: "0", dataDir, logLevel: "silent", ...flags }, environment);
  return testService(service.url, async () => {
    await service.close();
    await rm(dataDir, { recursive: true, force: true });
  });
}

/** A clock that stands until it is moved. */
export class HeldClock implements Clock {
  #nowMs: number;

  constructor(nowMs: number = Date.parse("2026-03-01T12:00:00Z")) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  pass(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }
}

/** The service over the memory store, with its inner parts at hand. */
export interface HeldService extends TestService {
  readonly clock: HeldClock;
  readonly store: Store;
  readonly context: Context;
  readonly server: Server;
  /** What was logged as an unexpected fault. */
  readonly faults: unknown[];
}

/** Starts the service over a memory store and a clock that the test moves. Nothing runs behind the calls. */
export async function startHeldService(
  flags: Partial<Record<SettingName, string>> = {},
  wrapStore: (store: Store) => Store = (store) => store,
): Promise<HeldService> {
  const settings = readSettings({ adminKey, publicRead: "true", ...flags }, {});
  const clock = new HeldClock();
  const store = wrapStore(createMemoryStore());
  const metrics = createMetrics();
  const context = createProcessContext(store, settings, metrics.measure, clock);
  const faults: unknown[] = [];
  const { server, close } = createLocalServer(createHttpHandler(context), settings, metrics, (error) =>
    faults.push(error),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(await testService(url, close), { clock, store, context, server, faults });
}

async function testService(url: string, stop: () => Promise<void>): Promise<TestService> {
  const agent = new Agent({ keepAlive: true });
  const sockets: Socket[] = [];
  const port = Number(new URL(url).port);
  const host = new URL(url).hostname;
  let check: ReturnType<typeof responseChecker> | undefined;
  let closed: Promise<void> | undefined;

  const send = async (method: string, path: string, options: CallOptions): Promise<Answer> => {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const outgoing = httpRequest({
      agent,
      host,
      port,
      method,
      path,
      headers: {
        ...(options.json !== undefined && { "content-type": "application/json" }),
        ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
        ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
        ...(options.headers as Record<string, string | string[]>),
      },
    });
    outgoing.end(body);
    const [incoming] = await once(outgoing, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const json = /json/.test(incoming.headers["content-type"] ?? "") && text !== "" ? JSON.parse(text) : undefined;
    return { status: incoming.statusCode, headers: incoming.headers, text, json };
  };

  const service: TestService = {
    url,
    port,
    async call(method, path, options = {}) {
      check ??= responseChecker((await send("GET", "/openapi.json", {})).json as OpenApi);
      const answer = await send(method, path, options);
      check(method, path, answer);
      return answer;
    },
    async registerPublisher(topics, token) {
      const answer = await service.call("POST", "/v1/publishers", {
        json: { name: "test", topics },
        ...(token && { token }),
      });
      assert.equal(answer.status, 201, answer.text);
      return answer.json;
    },
    async registerSubscriber(topics, from, token) {
      const answer = await service.call("POST", "/v1/subscribers", {
        json: { topics, ...(from && { from }) },
        ...(token && { token }),
      });
      assert.equal(answer.status, 201, answer.text);
      return answer.json;
    },
    async socket() {
      const socket = connect(port, host);
      socket.on("error", () => {});
      sockets.push(socket);
      await once(socket, "connect");
      return socket;
    },
    close() {
      closed ??= (async () => {
        await stop();
        agent.destroy();
        for (const socket of sockets) socket.destroy();
      })();
      return closed;
    },
    [Symbol.asyncDispose]: () => service.close(),
  };
  return service;
}

/** Holds an answer to be this error, and gives the problem. */
export function assertProblem(answer: Answer, status: number, code: ErrorCode): Problem {
  assert.equal(`${answer.status} ${answer.json?.code}`, `${status} ${code}`, answer.text.slice(0, 500));
  return answer.json;
}

/** Waits until something holds; fails when it does not within the time. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}

/** The promise's value; fails when it does not come within the time. */
export async function within<T>(promise: Promise<T>, what: string, ms = 15_000): Promise<T> {
  const late = new AbortController();
  const timeout = delay(ms, undefined, { signal: late.signal }).then(() => assert.fail(`not within ${ms} ms: ${what}`));
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    late.abort();
    timeout.catch(() => {});
  }
}

/** Everything that a socket gives until it ends. */
export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  if (!socket.closed) await within(once(socket, "close"), "the connection ends");
  return text;
}
