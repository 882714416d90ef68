import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { HttpRequest } from "../http-types.ts";

/** A call as API Gateway brings it: payload 2.0 (HTTP API, function URL), or 1.0 (REST API, the console's proxy test event). */
export type GatewayEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent;

/** The same for both payloads; texts only, as every answer is one. */
export interface GatewayResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** What is needed of a call, whichever payload brought it. Throws a plain error for an event that is no call. */
export function requestOf(event: GatewayEvent, signal: AbortSignal): HttpRequest {
  const { method, target, headers } = isVersion2(event) ? partsOf2(event) : partsOf1(event);
  return {
    method,
    target,
    header: (name) => headers.get(name),
    body: async () => bodyOf(event),
    signal,
  };
}

interface Parts {
  readonly method: string;
  readonly target: string;
  /** By lower-case name, several of one name joined. */
  readonly headers: ReadonlyMap<string, string>;
}

function isVersion2(event: GatewayEvent): event is APIGatewayProxyEventV2 {
  return "rawPath" in event && typeof event.rawPath === "string";
}

function partsOf2({ rawPath, rawQueryString, headers, requestContext }: APIGatewayProxyEventV2): Parts {
  const { stage } = requestContext;
  // A stage that is not $default stands before the path.
  const isStaged = stage !== "$default" && (rawPath === `/${stage}` || rawPath.startsWith(`/${stage}/`));
  const path = isStaged ? rawPath.slice(stage.length + 1) || "/" : rawPath;
  return {
    method: requestContext.http.method,
    target: encodePath(path) + (rawQueryString ? `?${rawQueryString}` : ""),
    headers: lowerCased(Object.entries(headers)),
  };
}

function partsOf1(event: APIGatewayProxyEvent): Parts {
  if (typeof event.path !== "string" || typeof event.httpMethod !== "string")
    throw new Error("The event is no call of API Gateway: it has neither rawPath nor path and httpMethod.");
  const { multiValueQueryStringParameters, queryStringParameters, multiValueHeaders, headers } = event;
  const pairs = multiValueQueryStringParameters
    ? Object.entries(multiValueQueryStringParameters).flatMap(([name, values]) =>
        (values ?? []).map((value) => [name, value] as [string, string]),
      )
    : definedPairs(queryStringParameters);
  const query = new URLSearchParams(pairs).toString();
  return {
    method: event.httpMethod,
    target: encodePath(event.path) + (query ? `?${query}` : ""),
    headers: lowerCased(
      multiValueHeaders
        ? Object.entries(multiValueHeaders).map(([name, values]) => [name, values?.join(", ")])
        : Object.entries(headers ?? {}),
    ),
  };
}

function definedPairs(parameters: Record<string, string | undefined> | null): [string, string][] {
  return Object.entries(parameters ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function lowerCased(entries: readonly (readonly [string, string | undefined])[]): Map<string, string> {
  return new Map(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), value]])));
}

/**
 * HTTP APIs give the path decoded, REST APIs and function URLs as it was sent. What cannot stand in an encoded path is
 * encoded, so that a decoded `?` does not begin a query, and what is encoded stays as it is. No name here needs encoding.
 */
function encodePath(path: string): string {
  return path.replace(/%(?![0-9A-Fa-f]{2})/g, "%25").replace(/[^\x21-\x7e]|[?#"<>\\^`{|}]/gu, (character) => {
    const isLoneSurrogate = /\p{Surrogate}/u.test(character);
    return encodeURIComponent(isLoneSurrogate ? "\ufffd" : character);
  });
}

function bodyOf({ body, isBase64Encoded }: GatewayEvent): Uint8Array {
  const bytes = Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
  if (bytes.length <= limits.bodyBytesMax) return bytes;
  throw new BellwetherError(
    "payload_too_large",
    `The body has ${bytes.length} bytes; the limit is ${limits.bodyBytesMax}. Send less at once.`,
    { limitBytes: limits.bodyBytesMax, actualBytes: bytes.length },
  );
}
