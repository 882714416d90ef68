import type { Socket } from "node:net";
import type { HttpRequest, HttpResponse } from "../http-types.ts";
import { STATUS_CODES } from "./node-http.ts";
import { type PlainRequest, readPlainRequest } from "./plain-request.ts";

/** A connection that has had calls and has none under way, or that takes nothing of its answer, is closed after this. */
const idleMs = 75_000;

/** What a connection needs of its server. */
export interface PlainConnectionHost {
  answer(request: HttpRequest, socket: Socket): Promise<HttpResponse>;
  /** Goes on with the connection by `node:http`, which has seen nothing of it yet. */
  giveToHttp(socket: Socket): void;
  /** A new connection has to say something within this. */
  silentMs(): number;
  /** Tells a connection that never said anything that its time is over, and ends it. */
  refuseSilent(socket: Socket): void;
  /** The connection has ended or was given away. */
  left(connection: PlainConnection): void;
}

/**
 * A connection whose calls are read and answered without `node:http`, as long as each is plain and comes whole (see
 * `plain-request.ts`); with the first that is not, the connection and that call go to `node:http` for good. The
 * request, response and streams of `node:http` were half of what a single publish cost the serving thread: an echo
 * without them takes 0.5 of the CPU (14 against 28 us a call, alternating in one run).
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #host: PlainConnectionHost;
  #busy = false;
  /** Something came while a call was under way, from a client that does not wait for answers. The socket keeps it. */
  #early = false;
  #called = false;
  #stopping = false;
  #given = false;
  #gone: AbortController | undefined;

  constructor(socket: Socket, host: PlainConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    socket.setTimeout(host.silentMs());
    socket.on("data", this.#onData).on("end", this.#onEnd).on("timeout", this.#onTimeout);
    socket.on("close", this.#onClose).on("error", this.#onError);
  }

  /** Answers what is under way and what has come by now, and ends. */
  stop(): void {
    this.#stopping = true;
    this.#gone?.abort();
    // In this turn of the event loop what came may still be read.
    setImmediate(() => {
      if (!this.#busy && !this.#given) this.#socket.destroy();
    });
  }

  readonly #signal = (): AbortSignal => {
    this.#gone ??= new AbortController();
    if (this.#stopping || this.#socket.destroyed) this.#gone.abort();
    return this.#gone.signal;
  };

  readonly #onData = (bytes: Buffer): void => {
    if (this.#busy) {
      // Put back, so that its end, if the client sends no more, comes behind it.
      this.#early = true;
      this.#socket.pause();
      this.#socket.unshift(bytes);
      return;
    }
    const request = readPlainRequest(bytes, this.#signal);
    if (request) void this.#serve(request);
    else this.#giveAway(bytes);
  };

  async #serve(request: PlainRequest): Promise<void> {
    this.#busy = true;
    if (!this.#called) this.#socket.setTimeout(idleMs);
    this.#called = true;
    try {
      const response = await this.#host.answer(request, this.#socket);
      this.#gone = undefined;
      if (this.#socket.destroyed) return;
      const taken = this.#socket.write(textOf(response, this.#stopping));
      if (this.#stopping) this.#socket.end();
      else if (taken) this.#next();
      else this.#socket.once("drain", this.#next);
    } catch {
      this.#socket.destroy();
    }
  }

  readonly #next = (): void => {
    this.#busy = false;
    if (this.#stopping) this.#socket.end();
    else if (this.#early) {
      this.#early = false;
      this.#socket.resume();
    }
  };

  #giveAway(bytes: Buffer): void {
    const socket = this.#socket;
    this.#detach();
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(bytes);
    this.#host.giveToHttp(socket);
    socket.resume();
    this.#host.left(this);
  }

  #detach(): void {
    const socket = this.#socket;
    this.#given = true;
    socket.off("data", this.#onData).off("end", this.#onEnd).off("timeout", this.#onTimeout);
    socket.off("close", this.#onClose).off("error", this.#onError).off("drain", this.#next);
  }

  /** The client sends no more. What is under way is still answered. */
  readonly #onEnd = (): void => {
    this.#stopping = true;
    if (!this.#busy) this.#socket.end();
  };

  readonly #onTimeout = (): void => {
    if (!this.#called) setImmediate(this.#onSilence);
    else if (!this.#busy || this.#socket.writableNeedDrain) this.#socket.destroy();
  };

  /** After what has come was read: when the process stood still, its time is over before anything is read. */
  readonly #onSilence = (): void => {
    if (!this.#called && !this.#given) this.#host.refuseSilent(this.#socket);
  };

  readonly #onClose = (): void => {
    this.#gone?.abort();
    this.#host.left(this);
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };
}

function textOf({ status, headers, body = "" }: HttpResponse, last: boolean): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  if (status !== 204) head += `content-length: ${Buffer.byteLength(body)}\r\n`;
  return `${head}Date: ${dateNow()}\r\n${last ? "Connection: close" : keepAlive}\r\n\r\n${body}`;
}

const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${idleMs / 1000}`;

let dateSecond = 0;
let date = "";

/** The time as HTTP writes it, made once a second. */
function dateNow(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1000).toUTCString();
  }
  return date;
}
