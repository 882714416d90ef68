import { limits } from "#contract/limits.ts";
import type { HttpRequest } from "../http-types.ts";

/**
 * The shape that nearly every call of every client has: GET or POST under /v1/, HTTP/1.1, each header on a line of its
 * own, printable ASCII. Of the grammar of RFC 9112 it takes a part about which no two parsers disagree.
 */
const plainHead =
  /^(GET|POST) (\/v1\/[\x21-\x7e]*) HTTP\/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*(?:\r\n|$))+)$/;

/** Whoever sends one of these wants something of the connection itself. */
const notPlain = ["transfer-encoding", "upgrade", "expect", "te", "trailer", "keep-alive", "proxy-connection"];

/**
 * Reads a call that came whole in one piece and is of the plain shape. undefined for everything else, be it valid or not:
 * `node:http` decides about that.
 */
export function readPlainRequest(bytes: Buffer, signal: () => AbortSignal): PlainRequest | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0 || headEnd > limits.headerBytesMax - 4) return undefined;
  const match = plainHead.exec(bytes.toString("latin1", 0, headEnd));
  if (!match) return undefined;
  const headers = headersOf(match[3]!);
  if (!headers?.has("host") || notPlain.some((name) => headers.has(name))) return undefined;
  if (!/^(keep-alive)?$/i.test(headers.get("connection") ?? "")) return undefined;
  if (headers.get("accept")?.includes("event-stream")) return undefined;
  const length = headers.get("content-length") ?? "0";
  const body = bytes.subarray(headEnd + 4);
  if (!/^\d{1,9}$/.test(length) || Number(length) !== body.length) return undefined;
  return new PlainRequest(match[1]!, match[2]!, headers, body, signal);
}

/** Name in lower case to value. undefined when a name comes twice: what that means differs from name to name. */
function headersOf(lines: string): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (let at = 0; at < lines.length; ) {
    const colon = lines.indexOf(":", at);
    const end = lines.indexOf("\r\n", colon);
    const next = end < 0 ? lines.length : end;
    const name = lines.slice(at, colon).toLowerCase();
    if (headers.has(name)) return undefined;
    headers.set(name, lines.slice(colon + 1, next).trim());
    at = next + 2;
  }
  return headers;
}

/** A call that was read by `readPlainRequest`. */
export class PlainRequest implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly #headers: ReadonlyMap<string, string>;
  readonly #body: Uint8Array;
  readonly #signal: () => AbortSignal;

  constructor(
    method: string,
    target: string,
    headers: ReadonlyMap<string, string>,
    body: Uint8Array,
    signal: () => AbortSignal,
  ) {
    this.method = method;
    this.target = target;
    this.#headers = headers;
    this.#body = body;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }

  header(name: string): string | undefined {
    return this.#headers.get(name);
  }

  body(): Promise<Uint8Array> {
    return Promise.resolve(this.#body);
  }
}
