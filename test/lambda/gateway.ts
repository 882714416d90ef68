import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import type { HttpResponse } from "#hosts/http-types.ts";
import { problemResponse } from "#hosts/problems.ts";
import type { Outcome } from "./runtime-api.ts";

/** A route of the gateway, as `GET /v1/topics/{topic}`, and what it calls. */
export interface GatewayRoute {
  readonly method: string;
  readonly path: string;
  invoke(event: APIGatewayProxyEventV2): Promise<Outcome>;
}

export interface GatewayOptions {
  readonly routes: readonly GatewayRoute[];
  /** Takes what no route takes: `$default`. */
  readonly otherwise: GatewayRoute["invoke"];
  /** CORS headers for this origin; throws for a call that may not come in. */
  readonly admit: (host: string | undefined, origin: string | undefined) => Record<string, string>;
  /** Calls a second over the whole stage, and how many may come at once. Undefined: no throttling. */
  readonly throttle?: { readonly callsPerSecond: number; readonly burst: number };
}

const bodyBytesMax = 10_485_760;
const headerBytesMax = 10_240;
const integrationMsMax = 30_000;

/**
 * The HTTP API of API Gateway in front of functions, as far as a caller or a function can tell: routes, payload 2.0, its
 * quotas, its own errors (which are no problem documents), and throttling.
 * Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html and
 * .../http-api-quotas.html; that the path comes decoded is not in them, but seen by many.
 */
export function createGateway(options: GatewayOptions): Server {
  const tokens = options.throttle && new TokenBucket(options.throttle.callsPerSecond, options.throttle.burst);
  return createServer({ maxHeaderSize: 65_536 }, (incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    let cors: Record<string, string>;
    try {
      cors = options.admit(incoming.headers.host, incoming.headers.origin);
    } catch (error) {
      return send(incoming, outgoing, problemResponse(error), {});
    }
    send(incoming, outgoing, await answer(incoming), cors);
  }

  async function answer(incoming: IncomingMessage): Promise<HttpResponse> {
    if (tokens && !tokens.take()) return said(429, "Too Many Requests");
    const headerBytes = incoming.rawHeaders.reduce((bytes, text) => bytes + text.length, incoming.url!.length);
    if (headerBytes > headerBytesMax) return said(431, "Request Header Fields Too Large");
    const body = await bodyOf(incoming);
    if (!body) return said(413, "Request Entity Too Large");
    const [path, query = ""] = splitOnce(incoming.url!, "?");
    const decoded = decode(path);
    if (decoded === undefined) return said(400, "Bad Request");
    const route = options.routes.find((each) => each.method === incoming.method && matches(each.path, path));
    const routeKey = route ? `${route.method} ${route.path}` : "$default";
    const event = eventOf(incoming, decoded, query, body, routeKey);
    const outcome = await Promise.race([(route?.invoke ?? options.otherwise)(event), tooLate()]);
    return resultOf(outcome);
  }
}

function eventOf(
  incoming: IncomingMessage,
  rawPath: string,
  rawQueryString: string,
  body: Buffer,
  routeKey: string,
): APIGatewayProxyEventV2 {
  const { cookie, ...headers } = joined(incoming);
  const query = [...new URLSearchParams(rawQueryString).keys()].length > 0 && joinedQuery(rawQueryString);
  const isText = isTextType(headers["content-type"]);
  const nowMs = Date.now();
  return {
    version: "2.0",
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie && { cookies: cookie.split("; ") }),
    headers,
    ...(query && { queryStringParameters: query }),
    requestContext: {
      accountId: "000000000000",
      apiId: "emulated",
      domainName: headers.host ?? "localhost",
      domainPrefix: "emulated",
      http: {
        method: incoming.method!,
        path: rawPath,
        protocol: "HTTP/1.1",
        sourceIp: incoming.socket.remoteAddress ?? "",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey,
      stage: "$default",
      time: new Date(nowMs).toISOString(),
      timeEpoch: nowMs,
    },
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Names in lower case, several of one name joined with commas. */
function joined({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    headers[name] = headers[name] === undefined ? rawHeaders[i + 1]! : `${headers[name]},${rawHeaders[i + 1]}`;
  }
  return headers;
}

function joinedQuery(text: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text))
    query[name] = query[name] === undefined ? value : `${query[name]},${value}`;
  return query;
}

/** What comes as text; everything else, forms too, comes in base64. */
function isTextType(type = ""): boolean {
  return /^(text\/|application\/(json|xml|javascript)\b)/i.test(type);
}

function resultOf(outcome: Outcome | "too late"): HttpResponse {
  if (outcome === "too late") return said(503, "Service Unavailable");
  if (outcome.kind === "error")
    return outcome.type === "TooManyRequests" ? said(503, "Service Unavailable") : said(500, "Internal Server Error");
  const { statusCode, headers, body, isBase64Encoded } = JSON.parse(outcome.payload);
  if (typeof statusCode !== "number") return said(500, "Internal Server Error");
  return { status: statusCode, headers, body: isBase64Encoded ? Buffer.from(body, "base64").toString() : (body ?? "") };
}

/** An answer of the gateway's own. */
function said(status: number, message: string): HttpResponse {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ message }) };
}

function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body = "" }: HttpResponse,
  cors: Record<string, string>,
): void {
  outgoing.writeHead(status, {
    ...headers,
    ...cors,
    "apigw-requestid": randomUUID(),
    ...(incoming.method !== "HEAD" && status !== 204 && { "content-length": Buffer.byteLength(body) }),
    ...(!incoming.complete && { connection: "close" }),
  });
  outgoing.end(incoming.method === "HEAD" ? undefined : body);
}

/** undefined for one that is too large, the rest of which is dropped. */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bodyBytesMax) chunks.push(chunk);
  }
  return bytes <= bodyBytesMax ? Buffer.concat(chunks) : undefined;
}

function matches(pattern: string, path: string): boolean {
  const parts = path.split("/");
  const wanted = pattern.split("/");
  return (
    wanted.length === parts.length &&
    wanted.every((part, i) => (part.startsWith("{") ? parts[i] !== "" : part === parts[i]))
  );
}

function splitOnce(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function tooLate(): Promise<"too late"> {
  return new Promise((resolve) => setTimeout(() => resolve("too late"), integrationMsMax).unref());
}

/** So many calls a second, saved up to `burst`. */
class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = performance.now();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  take(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
