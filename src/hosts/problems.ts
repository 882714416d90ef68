import { BellwetherError, type ErrorCode, type Problem } from "#contract/errors.ts";
import type { HttpResponse } from "./http-types.ts";

/** The HTTP status of each error code. */
export const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_json: 400,
  invalid_text: 400,
  invalid_cursor: 400,
  cursor_ahead: 400,
  invalid_idempotency_key: 400,
  unauthenticated: 401,
  forbidden: 403,
  origin_refused: 403,
  host_refused: 403,
  topic_not_found: 404,
  publisher_not_found: 404,
  subscriber_not_found: 404,
  message_not_found: 404,
  function_not_found: 404,
  table_not_found: 404,
  route_not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  request_timeout: 408,
  topic_reserved: 409,
  shards_fixed: 409,
  range_not_kept: 409,
  cursor_superseded: 409,
  limit_reached: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  too_many_requests: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
  connection_failed: 503,
};

/** An error as RFC 9457 problem details. What is not a BellwetherError becomes `internal`, its cause kept for the log. */
export function problemResponse(error: unknown): HttpResponse {
  const known = error instanceof BellwetherError ? error : undefined;
  const code = known?.code ?? "internal";
  const status = statusOfCode[code];
  const problem: Problem = {
    type: `urn:bellwether:error:${code}`,
    title: code.replaceAll("_", " "),
    status,
    detail: known?.message ?? "An unexpected fault of the service. It has been logged.",
    code,
    ...known?.details,
  };
  const retryAfterSeconds = known?.details.retryAfterSeconds ?? (status === 429 || status === 503 ? 1 : undefined);
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(status === 401 && { "www-authenticate": "Bearer" }),
      ...(known?.details.allow && { allow: known.details.allow.join(", ") }),
      ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
    },
    body: `${JSON.stringify(problem)}\n`,
    ...(known ? {} : { cause: error }),
  };
}
