import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { type AuditEntry, auditEntryOf } from "../audit.ts";
import { createHostPages } from "../host-pages.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http-types.ts";
import { problemResponse } from "../problems.ts";
import { addRateFields, type RateFields, RateLimited } from "../rate-limit.ts";
import { addressOf } from "./address.ts";
import { Connections } from "./connections.ts";
import { type ConsoleFiles, consoleFolder, createConsoleFiles } from "./console-files.ts";
import type { FairUse } from "./fair-use.ts";
import { Load } from "./load.ts";
import type { Metrics } from "./metrics.ts";
import { createServer } from "./node-http.ts";
import { checkOrigin } from "./origins.ts";
import { PlainConnection } from "./plain-connection.ts";
import type { LocalSettings } from "./settings.ts";
import { Turns } from "./turns.ts";

/** A reader that takes nothing for this long is gone: its stream ends, and it resumes from its cursor. */
const stalledMs = 30_000;

/** How long what a refused caller still sends is dropped before the connection ends. */
const lingerMs = 1_000;

export interface LocalServer {
  readonly server: Server;
  /** Ends streams and waits, answers what is in flight, and stops listening. */
  close(): Promise<void>;
}

/** Puts the service behind `node:http`: limits, origins, streams with back-pressure, and the routes that belong to a host. */
export function createLocalServer(
  handler: HttpHandler,
  settings: LocalSettings,
  metrics: Metrics,
  logFault: (error: unknown, operation: string) => void,
  { fairUse, audit }: { readonly fairUse: FairUse; audit(entry: AuditEntry): void },
  consoleFiles: ConsoleFiles = createConsoleFiles(consoleFolder, settings.consoleEndpoints),
): LocalServer {
  const load = new Load(settings);
  const stopping = new AbortController();
  const hostPages = createHostPages({
    "/metrics": { type: "text/plain; version=0.0.4; charset=utf-8", body: () => metrics.render() },
  });
  let streams = 0;
  const turns = new Turns();

  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 5_000,
    },
    (incoming, outgoing) => {
      void serve(incoming, outgoing);
    },
  );
  const refused = new WeakSet<Socket>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // What a refused caller still sends is no request either.
    if (refused.has(socket)) return;
    refused.add(socket);
    refuseMalformed(error, socket);
  });
  // An expectation other than 100-continue may be left aside (RFC 9110, 10.1.1); node:http would give a bare 417.
  server.on("checkExpectation", (incoming, outgoing) => void serve(incoming, outgoing));
  const giveToHttp = server.listeners("connection")[0]! as (this: Server, socket: Socket) => void;
  server.removeListener("connection", giveToHttp);
  const plain = new Set<PlainConnection>();
  const plainHost = {
    answer: measured,
    giveToHttp: (socket: Socket) => giveToHttp.call(server, socket),
    silentMs: () => server.headersTimeout,
    refuseSilent: (socket: Socket) =>
      refuseMalformed(Object.assign(new Error("silent"), { code: "ERR_HTTP_REQUEST_TIMEOUT" }), socket),
    left: (connection: PlainConnection) => plain.delete(connection),
  };
  const connections = new Connections(server, settings.connectionsMax);
  server.on("connection", (socket: Socket) => {
    // One too many is closed after its first answer, which node:http sees to.
    if (connections.isOneTooMany(socket)) plainHost.giveToHttp(socket);
    else plain.add(new PlainConnection(socket, plainHost));
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (!(await turns.take(incoming, outgoing))) return;
    const gone = new Gone(outgoing, stopping.signal);
    try {
      const request = new NodeRequest(incoming, gone);
      if (connections.isOneTooMany(incoming.socket)) outgoing.shouldKeepAlive = false;
      const response = await measured(request, incoming.socket);
      if (response.stream) await sendStream(outgoing, response, response.stream, gone.signal);
      else send(incoming, outgoing, response);
    } catch (error) {
      logFault(error, "none");
      outgoing.destroy();
    }
  }

  async function measured(request: HttpRequest, socket: Socket): Promise<HttpResponse> {
    const startedAt = performance.now();
    const response = await answer(request, socket);
    metrics.called(response.operation ?? "none", response.status, (performance.now() - startedAt) / 1000);
    if (response.cause !== undefined) logFault(response.cause, response.operation ?? "none");
    if (response.caller !== undefined) {
      const entry = auditEntryOf(response, request.target, addressOf(request, socket.remoteAddress, settings.proxies));
      if (entry) audit(entry);
    }
    return response;
  }

  async function answer(request: HttpRequest, socket: Socket): Promise<HttpResponse> {
    let cors: Record<string, string>;
    try {
      cors = checkOrigin(settings, request.header("host"), request.header("origin"));
    } catch (error) {
      return problemResponse(error);
    }
    const { method, target } = request;
    const page = target.startsWith("/v1/")
      ? undefined
      : ((await hostPages(method, target.split("?", 1)[0]!)) ?? (await consoleFiles(request)));
    const response = page ?? (await called(request, socket));
    return Object.keys(cors).length === 0 ? response : { ...response, headers: { ...response.headers, ...cors } };
  }

  /** A call of an operation, if there is room and its caller's address may. */
  async function called(request: HttpRequest, socket: Socket): Promise<HttpResponse> {
    let rate: RateFields | undefined;
    let held = 0;
    try {
      if (connections.isOneTooMany(socket)) throw connections.refusal();
      rate = fairUse.address(request, socket);
      held = load.enter(request);
      const response = await admit(await handler(request));
      if (rate) addRateFields(response.headers, rate);
      return response;
    } catch (error) {
      const response = problemResponse(error);
      const fields = error instanceof RateLimited ? error.fields : rate;
      if (fields) addRateFields(response.headers, fields);
      return response;
    } finally {
      load.leave(held);
    }
  }

  /** Takes the place of a stream, or refuses it when there are as many as may be. */
  async function admit(response: HttpResponse): Promise<HttpResponse> {
    if (!response.stream) return response;
    if (streams < settings.streamsMax) {
      streams += 1;
      metrics.streamOpened();
      return response;
    }
    // Begun, as what was never begun does not run its end.
    const stream = response.stream[Symbol.asyncIterator]();
    await stream.next();
    await stream.return?.();
    return problemResponse(
      new BellwetherError(
        "too_many_requests",
        `There are ${streams} event streams open, as many as may be. Try again later, or poll.`,
        { retryAfterSeconds: 5 },
      ),
    );
  }

  async function sendStream(
    outgoing: ServerResponse,
    { status, headers }: HttpResponse,
    stream: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      // Its end is that of the connection. So there are no chunks, and the same bytes go to every socket as they are.
      outgoing.removeHeader("transfer-encoding");
      outgoing.writeHead(status, { ...headers, connection: "close" });
      outgoing.flushHeaders();
      const { socket } = outgoing.req;
      for await (const bytes of stream) {
        if (outgoing.destroyed) break;
        if (!socket.write(bytes) && !(await drained(socket, signal))) break;
      }
      outgoing.end();
    } finally {
      streams -= 1;
      metrics.streamClosed();
    }
  }

  return {
    server,
    async close() {
      const closed = once(server, "close");
      server.close();
      stopping.abort();
      for (const connection of plain) connection.stop();
      const closeIdle = (): void => server.closeIdleConnections();
      closeIdle();
      const idle = setInterval(closeIdle, 50);
      const force = setTimeout(() => server.closeAllConnections(), 10_000);
      await closed;
      clearInterval(idle);
      clearTimeout(force);
    },
  };
}

/**
 * The signal that a caller has left or the host stops. Made when first asked for: most calls never wait, and making and
 * aborting a signal for each took 8 % of the server's time under single publishes (measured by a CPU profile).
 */
class Gone {
  readonly #outgoing: ServerResponse;
  readonly #stopping: AbortSignal;
  #controller: AbortController | undefined;

  constructor(outgoing: ServerResponse, stopping: AbortSignal) {
    this.#outgoing = outgoing;
    this.#stopping = stopping;
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    const abort = (): void => {
      this.#stopping.removeEventListener("abort", abort);
      controller.abort();
    };
    if (this.#stopping.aborted || this.#outgoing.destroyed) abort();
    this.#stopping.addEventListener("abort", abort);
    this.#outgoing.once("close", abort);
    return controller.signal;
  }
}

/** Waits until a slow reader has taken what was written. Nothing more is read for it meanwhile. false when it is gone. */
async function drained(socket: Socket, signal: AbortSignal): Promise<boolean> {
  try {
    await once(socket, "drain", { signal: AbortSignal.any([signal, AbortSignal.timeout(stalledMs)]) });
    return true;
  } catch {
    if (!signal.aborted) socket.destroy();
    return false;
  }
}

function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body, bytes }: HttpResponse,
): void {
  if (outgoing.destroyed) return;
  if (bytes) {
    outgoing.writeHead(status, incoming.complete ? headers : { ...headers, connection: "close" });
    outgoing.end(bytes);
    return;
  }
  if (body !== undefined && incoming.method !== "HEAD") headers["content-length"] = String(Buffer.byteLength(body));
  // A body that was not read to its end would be taken for the next request.
  if (!incoming.complete) {
    endUnread(incoming, outgoing.writeHead(status, { ...headers, connection: "close" }), body ?? "");
    return;
  }
  outgoing.writeHead(status, headers);
  // As text, not as bytes: node:http then sends head and body in one piece.
  outgoing.end(body);
}

/**
 * Answers a caller that is still sending, and takes and drops what comes for a while before the connection ends: ended at
 * once it would be reset, and the answer lost on its way (measured: one 413 in four).
 */
function endUnread(incoming: IncomingMessage, outgoing: ServerResponse, body: string): void {
  const end = (): void => {
    clearTimeout(timer);
    outgoing.end();
  };
  const timer = setTimeout(end, lingerMs);
  outgoing.flushHeaders();
  outgoing.write(body);
  incoming.once("close", end).resume();
}

/**
 * A call as `node:http` brings it. A class rather than an object literal with a getter: such literals were collected so
 * late that singles cost 1.4 times the CPU (measured with terms off: 92 against 64 us a message).
 */
class NodeRequest implements HttpRequest {
  readonly #incoming: IncomingMessage;
  readonly #gone: Gone;

  constructor(incoming: IncomingMessage, gone: Gone) {
    this.#incoming = incoming;
    this.#gone = gone;
  }

  get method(): string {
    return this.#incoming.method!;
  }

  get target(): string {
    return this.#incoming.url!;
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  header(name: string): string | undefined {
    const value = this.#incoming.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  body(): Promise<Uint8Array> {
    return readBody(this.#incoming);
  }
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const declared = Number(incoming.headers["content-length"] ?? 0);
  if (declared > limits.bodyBytesMax) throw tooLarge(declared);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limits.bodyBytesMax) {
        incoming.removeAllListeners("data").pause();
        reject(tooLarge(length));
      } else chunks.push(chunk);
    });
    incoming.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    const cut = (): void => {
      if (incoming.complete) return;
      reject(new BellwetherError("request_timeout", "The request ended before its body was whole. Send it again."));
    };
    incoming.on("close", cut);
    incoming.on("error", cut);
  });
}

function tooLarge(actualBytes: number): BellwetherError {
  return new BellwetherError(
    "payload_too_large",
    `The body has ${actualBytes} bytes or more; the limit is ${limits.bodyBytesMax}. Send less at once.`,
    { limitBytes: limits.bodyBytesMax, actualBytes },
  );
}

/**
 * What `node:http` refuses before it is a request: said in the same form as every error, then the connection ends. What the
 * caller still sends is dropped for a while first, as by `endUnread`.
 */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const known =
    error.code === "HPE_HEADER_OVERFLOW"
      ? new BellwetherError(
          "headers_too_large",
          `The request's headers are larger than ${limits.headerBytesMax} bytes.`,
        )
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? new BellwetherError("request_timeout", "The request was not received whole in time. Send it again.")
        : new BellwetherError("invalid_request", "The request is not valid HTTP/1.1.");
  const { status, headers, body } = problemResponse(known);
  const lines = Object.entries({ ...headers, connection: "close", "content-length": Buffer.byteLength(body!) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${problemTitle(status)}\r\n${lines.join("")}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer)).resume();
}

function problemTitle(status: number): string {
  return status === 431 ? "Request Header Fields Too Large" : status === 408 ? "Request Timeout" : "Bad Request";
}
