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
import { allAnswers } from "#hosts/answers.ts";
import type { AuditEntry } from "#hosts/audit.ts";
import { startBackground } from "#hosts/background.ts";
import { createHttpHandler } from "#hosts/http.ts";
import { createLambdaDeployment } from "#hosts/lambda/deployment.ts";
import { FairUse } from "#hosts/local/fair-use.ts";
import { createMetrics } from "#hosts/local/metrics.ts";
import { createLocalServer } from "#hosts/local/server.ts";
import { startLocalService } from "#hosts/local/service.main.ts";
import { type LocalSettings, readSettings, type SettingName } from "#hosts/local/settings.ts";
import { createContext, randomIds, systemClock } from "#hosts/node-context.ts";
import { createProcessContext } from "#hosts/process-context.ts";
import { startEngine } from "#stores/dynamodb/fake-engine.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { host } from "./host.ts";
import { throughInProcessHost } from "./in-process-handler.ts";
import { startBackend } from "./lambda/backend.ts";
import { bundles } from "./lambda/bundles.ts";
import { createInProcessGateway } from "./lambda/in-process.ts";
import { startLambdaStack } from "./lambda/stack.ts";
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

/** Starts the service as `npm start` does, on a free port and a folder of its own; or the host that the tests are run on. */
export async function startService(
  flags: Partial<Record<SettingName, string>> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<TestService> {
  const settings = readSettings({ port: "0", ...flags }, environment);
  if (host.name === "functions") return startFunctions(settings);
  if (host.name === "in-process") return startInProcess(settings);
  if (host.name === "lambda") return startStack(settings);
  if (host.name === "dynamodb") return startOverDynamoDb(flags, environment);
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
  /** What was written into the audit log. */
  readonly audited: AuditEntry[];
}

/** Starts the service over a memory store and a clock that the test moves. Nothing runs behind the calls. */
export async function startHeldService(
  flags: Partial<Record<SettingName, string>> = {},
  wrapStore: (store: Store) => Store = (store) => store,
): Promise<HeldService> {
  const settings = settingsHere(readSettings({ adminKey, publicRead: "true", ...flags }, {}));
  const clock = new HeldClock();
  const store = wrapStore(createMemoryStore());
  const metrics = createMetrics();
  const context = createProcessContext(store, settings, metrics.measure, { clock });
  const faults: unknown[] = [];
  const audited: AuditEntry[] = [];
  if (host.finiteStreams) {
    const server = createInProcessGateway(context, settings, (error) => faults.push(error));
    const url = await listen(server);
    const service = await testService(url, () => close(server));
    return Object.assign(service, { clock, store, context, server, faults, audited });
  }
  const fairUse = new FairUse(settings, () => clock.nowMs());
  const handler = createHttpHandler(context, allAnswers, fairUse.publisher);
  const inProcess = host.name === "in-process" ? throughInProcessHost(handler) : undefined;
  const local = createLocalServer(inProcess?.handler ?? handler, settings, metrics, (error) => faults.push(error), {
    fairUse,
    audit: (entry) => audited.push(entry),
  });
  const url = await listen(local.server);
  const service = await testService(url, async () => {
    await inProcess?.close();
    await local.close();
  });
  return Object.assign(service, { clock, store, context, server: local.server, faults, audited });
}

/** The service in this process over a memory store, called by its `fetch`. */
async function startInProcess(settings: LocalSettings): Promise<TestService> {
  const context = createProcessContext(createMemoryStore(), settings);
  const background = startBackground(context, {
    counted: () => {},
    worked: () => {},
    failed: (_, error) => assert.fail(String(error)),
  });
  const { handler, close } = throughInProcessHost(createHttpHandler(context, allAnswers));
  const unheard = { fairUse: new FairUse(settings), audit: () => {} };
  const local = createLocalServer(handler, settings, createMetrics(), (error) => assert.fail(String(error)), unheard);
  return testService(await listen(local.server), async () => {
    await close();
    await local.close();
    await background.stop();
  });
}

let nodes = 0;

/** As `npm start` with `STORE=dynamodb`, over tables of its own. */
async function startOverDynamoDb(
  flags: Partial<Record<SettingName, string>>,
  environment: NodeJS.ProcessEnv,
): Promise<TestService> {
  const engine = await startEngine();
  if (engine.missing) throw new Error(engine.missing);
  nodes += 1;
  const tablePrefix = `node-${process.pid}-${Date.now()}-${nodes}-`;
  const service = await startLocalService(
    { port: "0", store: "dynamodb", tablePrefix, createTables: "true", logLevel: "silent", ...flags },
    { ...environment, AWS_ENDPOINT_URL_DYNAMODB: engine.url },
  );
  return testService(service.url, async () => {
    await service.close();
    await engine.close();
  });
}

/** The Lambda functions in this process, over a memory store, behind the emulated gateway. */
async function startFunctions(given: LocalSettings): Promise<TestService> {
  const settings = settingsHere(given);
  const deployment = createLambdaDeployment({ bundleBytes: {}, own: undefined });
  const context = createContext(createMemoryStore(), settings, systemClock, randomIds, deployment);
  const background = startBackground(context, {
    counted: () => {},
    worked: () => {},
    failed: (_, error) => assert.fail(String(error)),
  });
  const server = createInProcessGateway(context, settings, (error) => assert.fail(String(error)));
  const url = await listen(server);
  return testService(url, async () => {
    await close(server);
    await background.stop();
  });
}

/** The whole emulated stack: gateway, function processes, tables and their stream. */
async function startStack(settings: LocalSettings): Promise<TestService> {
  const stack = await startLambdaStack({
    settings,
    backend: await startBackend(),
    bundles: (await bundles()).folder,
    registryCacheSeconds: 0,
    onLog: (name, line) => {
      if (/"level":"(ERROR|CRITICAL)"/.test(line)) process.stderr.write(`${name}: ${line}\n`);
    },
  });
  return testService(stack.url, () => stack.close());
}

/** On Lambda's host streams are finite and waits short; everything else is as on one machine. */
function settingsHere(settings: LocalSettings): LocalSettings {
  if (!host.finiteStreams) return settings;
  return { ...settings, finiteStreams: true, waitSecondsMax: 2, registryCacheMs: 0, openAdmin: host.openAdmin };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, "close").catch(() => {});
}

async function testService(url: string, stop: () => Promise<void>): Promise<TestService> {
  const agent = new Agent({ keepAlive: true });
  const sockets: Socket[] = [];
  const port = Number(new URL(url).port);
  const hostname = new URL(url).hostname;
  let check: ReturnType<typeof responseChecker> | undefined;
  let closed: Promise<void> | undefined;

  const send = async (method: string, path: string, options: CallOptions): Promise<Answer> => {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const outgoing = httpRequest({
      agent,
      host: hostname,
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
      const socket = connect(port, hostname);
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
