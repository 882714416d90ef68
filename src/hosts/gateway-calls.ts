import type { Json } from "#contract/types.ts";
import type { HttpRequest } from "./http-types.ts";

type JsonObject = { readonly [name: string]: Json };

/** A call as API Gateway brings it, payload 2.0 or 1.0. Throws a plain error for an event that is no call. */
export function requestOf(event: Json, signal: AbortSignal): HttpRequest {
  const { rawPath, rawQueryString, path, httpMethod, queryStringParameters, requestContext, ...rest } = objectOf(event);
  const version2 = typeof rawPath === "string";
  const method = version2 ? objectOf(objectOf(requestContext).http).method : httpMethod;
  const where = version2 ? rawPath : path;
  if (typeof method !== "string" || typeof where !== "string")
    throw new Error("The event is no call of API Gateway: it has neither rawPath nor path, or no method.");
  const query = version2
    ? String(rawQueryString ?? "")
    : new URLSearchParams(textsOf(queryStringParameters)).toString();
  const headers = new Map(textsOf(rest.headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    method,
    target: encodePath(where) + (query === "" ? "" : `?${query}`),
    header: (name) => headers.get(name),
    body: async () => Buffer.from(String(rest.body ?? ""), rest.isBase64Encoded === true ? "base64" : "utf8"),
    signal,
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function textsOf(value: Json | undefined): [string, string][] {
  return Object.entries(objectOf(value)).map(([name, each]) => [name, String(each)]);
}

/** The gateway gives some paths decoded: what cannot stand in an encoded one is encoded again. */
function encodePath(path: string): string {
  return path
    .toWellFormed()
    .replace(/%(?![0-9A-Fa-f]{2})/g, "%25")
    .replace(/[^\x21-\x7e]|[?#]/gu, encodeURIComponent);
}
