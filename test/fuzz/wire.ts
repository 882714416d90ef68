import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Answer } from "../harness.ts";

/** A request as it goes over the wire: nothing is checked or put right on the way. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** How many bytes of the whole are sent before the caller leaves; all when not given. */
  readonly cutAt?: number;
  /** How many go in a first piece, the rest in another. */
  readonly pauseAt?: number;
  /** How many are sent before the caller says that there will be no more, and waits for the answer. */
  readonly halfAt?: number;
}

/** What came back. `ended`: the connection ended without an answer. `hung`: neither came in time. */
export type Outcome = { readonly answer: Answer } | { readonly ended: true } | { readonly hung: true };

const hungMs = 30_000;

/** How long an event stream is listened to. */
const streamMs = 30;

/** The request's bytes, header values as Latin-1. */
export function bytesOf({ method, target, headers, body }: WireRequest): Buffer {
  const head = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), "", ""];
  return Buffer.concat([Buffer.from(head.join("\r\n"), "latin1"), body]);
}

/** A caller with one connection at a time, opened again whenever it ended. */
export class Caller {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async send(request: WireRequest): Promise<Outcome> {
    const reused = this.#usable();
    const outcome = await this.#exchange(request);
    // A connection that idled may be ended by the server as the next request is on its way.
    return "ended" in outcome && reused && request.cutAt === undefined && request.halfAt === undefined
      ? this.#exchange(request)
      : outcome;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #usable(): boolean {
    return this.#socket !== undefined && !this.#socket.destroyed && this.#socket.readable && this.#socket.writable;
  }

  async #exchange(request: WireRequest): Promise<Outcome> {
    if (!this.#usable()) {
      this.#socket = connect(this.#port, "127.0.0.1").on("error", () => {});
      await Promise.race([once(this.#socket, "connect"), once(this.#socket, "close")]).catch(() => {});
    }
    const socket = this.#socket!;
    const bytes = bytesOf(request);
    if (request.cutAt !== undefined) {
      socket.write(bytes.subarray(0, request.cutAt), () => socket.destroy());
      if (!socket.closed) await once(socket, "close").catch(() => {});
      return { ended: true };
    }
    return new Promise((resolve) => {
      const reader = new AnswerReader(request.method);
      const end = (outcome: Outcome, keep: boolean): void => {
        clearTimeout(timer);
        socket.off("data", take).off("close", closed);
        if (!keep) socket.destroy();
        resolve(outcome);
      };
      const take = (chunk: Buffer): void => {
        const answer = reader.take(chunk);
        if (answer) end({ answer }, answer.headers.connection !== "close");
        else if (reader.isStream && !streaming) {
          streaming = true;
          setTimeout(() => end({ answer: reader.soFar() }, false), streamMs);
        }
      };
      const closed = (): void => {
        const answer = reader.ended();
        end(answer ? { answer } : { ended: true }, false);
      };
      let streaming = false;
      const timer = setTimeout(() => end({ hung: true }, false), hungMs);
      socket.on("data", take).on("close", closed);
      if (request.halfAt === undefined) {
        socket.write(bytes.subarray(0, request.pauseAt));
        if (request.pauseAt !== undefined) setTimeout(() => socket.write(bytes.subarray(request.pauseAt)), 5);
      } else socket.end(bytes.subarray(0, request.halfAt));
    });
  }
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the body begins. */
  readonly end: number;
}

/** Reads one answer: head, then a body by its length, in chunks, or none. */
class AnswerReader {
  readonly #method: string;
  #bytes: Buffer = Buffer.alloc(0);
  #head: Head | undefined;

  constructor(method: string) {
    this.#method = method;
  }

  get isStream(): boolean {
    return this.#head?.headers["content-type"] === "text/event-stream";
  }

  take(chunk: Buffer): Answer | undefined {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#head ??= this.#readHead();
    if (!this.#head) return undefined;
    const { status, headers, end } = this.#head;
    if (this.#method === "HEAD" || status === 204) return this.#answer("");
    const rest = this.#bytes.subarray(end);
    if (headers["transfer-encoding"] === "chunked") {
      const { text, isWhole } = dechunk(rest);
      return isWhole ? this.#answer(text) : undefined;
    }
    const length = Number(headers["content-length"] ?? Number.POSITIVE_INFINITY);
    return rest.length >= length ? this.#answer(rest.subarray(0, length).toString()) : undefined;
  }

  /** What there is of an answer when the connection ended: whole if its end was to be told by that. */
  ended(): Answer | undefined {
    return this.#head && this.#head.headers["content-length"] === undefined ? this.soFar() : undefined;
  }

  soFar(): Answer {
    const { headers, end } = this.#head!;
    const rest = this.#bytes.subarray(end);
    return this.#answer(headers["transfer-encoding"] === "chunked" ? dechunk(rest).text : rest.toString());
  }

  #readHead(): Head | undefined {
    const at = this.#bytes.indexOf("\r\n\r\n");
    if (at < 0) return undefined;
    const [first, ...lines] = this.#bytes.toString("latin1", 0, at).split("\r\n");
    const status = Number(first!.split(" ")[1]);
    if (status < 200) {
      this.#bytes = this.#bytes.subarray(at + 4);
      return this.#readHead();
    }
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    return { status, headers, end: at + 4 };
  }

  #answer(text: string): Answer {
    const { status, headers } = this.#head!;
    const isJson = /json/.test(headers["content-type"] ?? "") && text !== "";
    return { status, headers, text, json: isJson ? JSON.parse(text) : undefined };
  }
}

function dechunk(bytes: Buffer): { text: string; isWhole: boolean } {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(size) || lineEnd + 2 + size + 2 > bytes.length)
      return { text: Buffer.concat(parts).toString(), isWhole: false };
    if (size === 0) return { text: Buffer.concat(parts).toString(), isWhole: true };
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 4 + size;
  }
}
