import { BellwetherError, type FieldError } from "#contract/errors.ts";
import { type Operation, type OperationName, operations } from "#contract/operations.ts";
import type { RequestSchema } from "#contract/request-schemas.ts";
import { type Caller, callerName, identify, requireBeforeBody, withoutToken } from "#functions/access.ts";
import type { Context } from "#functions/context.ts";
import { identifyStream } from "#functions/subscribe.ts";
import { isAudited } from "./audit.ts";
import { type Answer, type Answers, type Call, mediaTypeOf } from "./call.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "./http-types.ts";
import { problemResponse } from "./problems.ts";
import { addRateFields, type RateFields, RateLimited } from "./rate-limit.ts";
import { methodsAt, type Route, route } from "./router.ts";

/** What a host asks of a call once it is known who makes it, before its body is read. Throws RateLimited. */
export type Admission = (operation: OperationName, caller: Caller) => RateFields | undefined;

/** The service as a function from call to answer: routes, validates, finds out who calls, and runs the operation. */
export function createHttpHandler(context: Context, answers: Answers, admit?: Admission): HttpHandler {
  const knownPaths = new Map<string, Target>();
  return async (request) => {
    let name: OperationName | undefined;
    try {
      const mark = request.target.indexOf("?");
      const path = mark < 0 ? request.target : request.target.slice(0, mark);
      if (request.method === "OPTIONS") return optionsResponse(path);
      const key = `${request.method} ${path}`;
      let target = knownPaths.get(key);
      if (!target) {
        const found = route(request.method, path);
        // Before anything of the path is refused, so that a refusal is counted as one of the operation.
        name = found.name;
        target = targetOf(found, answers[name]);
        remember(knownPaths, key, target);
      }
      name = target.name;
      const query = mark < 0 ? undefined : new URLSearchParams(request.target.slice(mark + 1));
      const call = await read(context, request, target, query, admit);
      const response = finish(request, name, await target.answer.run(context, call));
      if (call.rate) addRateFields(response.headers, call.rate);
      return isAudited(name) ? { ...response, caller: callerName(call.caller) } : response;
    } catch (error) {
      const response = problemResponse(error);
      if (error instanceof RateLimited) addRateFields(response.headers, error.fields);
      return { ...response, ...(name && { operation: name }), ...(request.method === "HEAD" && { body: "" }) };
    }
  };
}

/** An operation and its path parameters, validated. */
interface Target {
  readonly name: OperationName;
  readonly answer: Answer;
  readonly path: Readonly<Record<string, unknown>>;
}

/** Few paths are asked for often. Finding and validating each anew, and hashing the secret, took 7 % of a single publish (measured). */
const knownPathsMax = 1_000;

function remember(known: Map<string, Target>, key: string, target: Target): void {
  if (known.size >= knownPathsMax) known.clear();
  known.set(key, target);
}

function targetOf({ name, params }: Route, answer: Answer | undefined): Target {
  if (!answer) throw new BellwetherError("route_not_found", `There is no ${name} here.`);
  return { name, answer, path: Object.freeze(validate(answer.takes.params, params(), "path")) };
}

async function read(
  context: Context,
  request: HttpRequest,
  { name, answer, path }: Target,
  query: URLSearchParams | undefined,
  admit: Admission | undefined,
): Promise<Call> {
  const operation: Operation = operations[name];
  const { query: querySchema, body: bodySchema } = answer.takes;
  const wantsStream = accepts(request, operation) && request.method !== "HEAD";
  const options = query === undefined || query.size === 0 ? {} : validate(querySchema, single(query), "query");
  const { caller, done } = await callerOf(context, request, options, path, wantsStream);
  const rate = admit?.(name, caller);
  if (bodySchema) requireBeforeBody(context, operation.access, caller, path);
  const resume = wantsStream ? (request.header("last-event-id") ?? options.lastEventId) : undefined;
  const input = {
    ...path,
    ...options,
    ...(resume !== undefined && resume !== "" && { after: resume }),
    ...(bodySchema && { body: validate(bodySchema, await jsonBody(request, name), "body") }),
  };
  return { request, caller, input, wantsStream, done, rate };
}

async function callerOf(
  context: Context,
  request: HttpRequest,
  query: Record<string, unknown>,
  path: Record<string, unknown>,
  wantsStream: boolean,
): Promise<{ caller: Caller; done: () => Promise<void> }> {
  const { streamToken } = query;
  if (typeof streamToken === "string") {
    if (!wantsStream)
      throw new BellwetherError(
        "forbidden",
        "A stream token opens event streams only. Send `Accept: text/event-stream`, or the subscriber's token.",
      );
    const { caller, seen } = await identifyStream(context, streamToken, path.subscriberId as string | undefined);
    return { caller, done: seen };
  }
  const authorization = request.header("authorization");
  if (authorization === undefined) return { caller: withoutToken(context, isForwarded(request)), done: async () => {} };
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization.trim());
  if (!match) throw new BellwetherError("unauthenticated", "The Authorization header must be `Bearer <token>`.");
  return { caller: await identify(context, match[1]!), done: async () => {} };
}

function isForwarded(request: HttpRequest): boolean {
  return request.header("x-forwarded-for") !== undefined || request.header("forwarded") !== undefined;
}

/** Whether an event stream is asked for. Throws `not_acceptable` when nothing that can be given is. */
function accepts(request: HttpRequest, operation: Operation): boolean {
  const accept = request.header("accept");
  if (accept === undefined || accept === "*/*") return false;
  const types = accept.split(",").map((part) => part.split(";")[0]!.trim().toLowerCase());
  if (operation.stream && types.includes("text/event-stream")) return true;
  if (types.some((type) => ["*/*", "application/*", "application/json", "application/problem+json", ""].includes(type)))
    return false;
  throw new BellwetherError(
    "not_acceptable",
    `None of "${accept.slice(0, 100)}" can be given; application/json${operation.stream ? " and text/event-stream" : ""} can.`,
  );
}

function single(query: URLSearchParams): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  for (const [name, value] of query) {
    if (name in values) throw invalid([{ path: `query.${name}`, message: "is given more than once" }]);
    values[name] = value;
  }
  return { ...values };
}

async function jsonBody(request: HttpRequest, name: OperationName): Promise<unknown> {
  const mediaType = mediaTypeOf(request);
  const bytes = await request.body();
  if (bytes.length === 0 && name === "putTopic") return {};
  if (mediaType !== "application/json") {
    throw new BellwetherError(
      "unsupported_media_type",
      `The content type "${mediaType}" is not application/json. With curl, use --json.`,
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new BellwetherError("invalid_text", "The body is not valid UTF-8. Send UTF-8 text.");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BellwetherError("invalid_json", `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}.`);
  }
}

function validate(
  schema: RequestSchema["params"] | NonNullable<RequestSchema["body"]>,
  value: unknown,
  where: string,
): Record<string, unknown> {
  const result = schema.safeParse(value);
  if (result.success) return result.data as Record<string, unknown>;
  throw invalid(
    result.error.issues.slice(0, 20).map((issue) => ({
      path: [
        where,
        ...issue.path.map(String),
        ...(issue.code === "unrecognized_keys" ? [issue.keys[0]!.slice(0, 100)] : []),
      ].join("."),
      message: issue.code === "unrecognized_keys" ? "is not known here" : issue.message,
    })),
  );
}

function invalid(errors: readonly FieldError[]): BellwetherError {
  return new BellwetherError("invalid_request", `${errors[0]!.path}: ${errors[0]!.message}.`, { errors });
}

function optionsResponse(path: string): HttpResponse {
  const allow = methodsAt(path);
  if (!allow)
    return problemResponse(new BellwetherError("route_not_found", `There is nothing at ${path.slice(0, 200)}.`));
  return { status: 204, headers: { allow: allow.join(", ") } };
}

function finish(request: HttpRequest, name: OperationName, response: HttpResponse): HttpResponse {
  const { headers, stream, body } = response;
  if (body !== undefined && name.startsWith("register")) {
    const made = /"(publisher|subscriber)Id":"([a-z0-9]+)"/.exec(body);
    if (made) headers.location = `/v1/${made[1]}s/${made[2]}`;
  }
  const status = response.status === 200 ? operations[name].status : response.status;
  if (stream) return { status, headers, operation: name, stream };
  if (body === undefined) return { status, headers, operation: name };
  return { status, headers, operation: name, body: request.method === "HEAD" ? "" : body };
}
