import { BellwetherError, type ErrorCode, type ErrorDetails, errorCodes } from "#contract/errors.ts";
import type { HttpResponse } from "./http-client.ts";

/**
 * The error of an answer that is not a success. A problem document gives its own code; anything else was said by
 * something in between (a proxy, an API gateway), and its status alone is read. A redirect is one too, where HTTP does not
 * follow it.
 */
export async function errorFromResponse(response: HttpResponse): Promise<BellwetherError> {
  const text = await response.text();
  const problem = parseObject(text);
  const details = detailsFrom(problem, response.header("retry-after"));
  const options = { status: response.status };
  if (typeof problem.code === "string" && Object.hasOwn(errorCodes, problem.code)) {
    const code = problem.code as ErrorCode;
    const message = typeof problem.detail === "string" ? problem.detail : errorCodes[code];
    return new BellwetherError(code, message, details, options);
  }
  const location = response.status < 400 ? response.header("location") : undefined;
  if (location !== undefined) {
    const message = `The answer was ${response.status}, a redirect to ${location}. Give the client the URL of the service itself.`;
    return new BellwetherError("internal", message, details, options);
  }
  const said = typeof problem.detail === "string" ? problem.detail : text.trim().slice(0, 200);
  const message = `The answer was ${response.status} without a problem document${said === "" ? "." : `: ${said}`}`;
  return new BellwetherError(codeFromStatus(response.status), message, details, options);
}

function codeFromStatus(status: number): ErrorCode {
  if (status === 401) return "unauthenticated";
  if (status === 403) return "forbidden";
  if (status === 413) return "payload_too_large";
  if (status === 429) return "too_many_requests";
  return status >= 502 && status <= 504 ? "unavailable" : "internal";
}

function detailsFrom(problem: Record<string, unknown>, retryAfter: string | undefined): ErrorDetails {
  const details: Record<string, unknown> = {};
  for (const name of ["errors", "retryAfterSeconds", "limitBytes", "actualBytes", "allow", "accepted"]) {
    if (problem[name] !== undefined) details[name] = problem[name];
  }
  const seconds = Number(retryAfter ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) details.retryAfterSeconds = seconds;
  return details;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
