import { BellwetherError, type FieldError } from "#contract/errors.ts";
import { type Operation, type OperationName, operations } from "#contract/operations.ts";
import { schemas } from "#contract/schemas.ts";
import { type Caller, identify } from "#functions/access.ts";
import { type BrowseInput, browseMessages, browseStream } from "#functions/browse-messages.ts";
import { commitCursor } from "#functions/commit-cursor.ts";
import type { Context } from "#functions/context.ts";
import { createStreamToken } from "#functions/create-stream-token.ts";
import { deletePublisher } from "#functions/delete-publisher.ts";
import { deleteSubscriber } from "#functions/delete-subscriber.ts";
import { deleteTopic } from "#functions/delete-topic.ts";
import { getMessage } from "#functions/get-message.ts";
import { getOverview } from "#functions/get-overview.ts";
import { getPopularTerms, popularTermsStream } from "#functions/get-popular-terms.ts";
import { getPublisher } from "#functions/get-publisher.ts";
import { getSubscriber } from "#functions/get-subscriber.ts";
import { getTopic } from "#functions/get-topic.ts";
import { getTopicActivity } from "#functions/get-topic-activity.ts";
import { invokeFunction } from "#functions/invoke-function.ts";
import { listFunctionEvents } from "#functions/list-function-events.ts";
import { listFunctions } from "#functions/list-functions.ts";
import { listPublishers } from "#functions/list-publishers.ts";
import { listSubscribers } from "#functions/list-subscribers.ts";
import { listTableItems } from "#functions/list-table-items.ts";
import { listTables } from "#functions/list-tables.ts";
import { listTopics } from "#functions/list-topics.ts";
import type { MessagesPage } from "#functions/messages-page.ts";
import { publish } from "#functions/publish.ts";
import { putPublisherTopics } from "#functions/put-publisher-topics.ts";
import { putTopic } from "#functions/put-topic.ts";
import { rebuildTerms } from "#functions/rebuild-terms.ts";
import { registerPublisher } from "#functions/register-publisher.ts";
import { registerSubscriber } from "#functions/register-subscriber.ts";
import { seekSubscriber } from "#functions/seek-subscriber.ts";
import { identifyStream, type SubscribeInput, subscribe, subscribeStream } from "#functions/subscribe.ts";
import { eventStream, pageFrames, termsFrames } from "./event-stream.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "./http-types.ts";
import { problemResponse } from "./problems.ts";
import { methodsAt, route } from "./router.ts";

/** What a call is once it has been read: validated against the schemas of its operation. */
interface Call {
  readonly request: HttpRequest;
  readonly caller: Caller;
  /** Path parameters, query, and `body` where the operation takes one. */
  readonly input: Record<string, unknown>;
  readonly wantsStream: boolean;
  /** Told when an event stream ends. */
  readonly done: () => Promise<void>;
}

type Answer = (context: Context, call: Call) => Promise<HttpResponse>;

/** Operations whose input and output are plain JSON. */
const plain =
  (run: (context: Context, caller: Caller, input: never) => Promise<unknown>): Answer =>
  async (context, { caller, input }) => {
    const output = await run(context, caller, input as never);
    return output === undefined ? { status: 204, headers: {} } : jsonResponse(200, `${JSON.stringify(output)}\n`);
  };

const answers: Record<OperationName, Answer> = {
  registerPublisher: plain(registerPublisher),
  listPublishers: plain(listPublishers),
  getPublisher: plain(getPublisher),
  putPublisherTopics: plain(putPublisherTopics),
  deletePublisher: plain(deletePublisher),
  registerSubscriber: plain(registerSubscriber),
  listSubscribers: plain(listSubscribers),
  getSubscriber: plain(getSubscriber),
  deleteSubscriber: plain(deleteSubscriber),
  subscribe: async (context, call) => {
    const input = call.input as unknown as SubscribeInput;
    if (call.wantsStream)
      return streamResponse(
        await subscribeStream(context, call.caller, input, call.request.signal),
        pageFrames,
        call.done,
      );
    return pageResponse(await subscribe(context, call.caller, input, call.request.signal));
  },
  commitCursor: plain(commitCursor),
  seekSubscriber: plain(seekSubscriber),
  createStreamToken: plain(createStreamToken),
  listTopics: plain(listTopics),
  putTopic: plain(putTopic),
  getTopic: plain(getTopic),
  deleteTopic: plain(deleteTopic),
  publish: async (context, { request, caller, input }) => {
    const idempotencyKey = idempotencyKeyOf(request);
    const { replayed, ...published } = await publish(context, caller, {
      topic: input.topic as string,
      mediaType: mediaTypeOf(request),
      body: () => request.body(),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    const response = jsonResponse(201, `${JSON.stringify(published)}\n`);
    if (published.messages.length === 1)
      response.headers.location = `/v1/topics/${published.topic}/messages/${published.messages[0]!.id}`;
    if (replayed) response.headers["idempotent-replayed"] = "true";
    return response;
  },
  browseMessages: async (context, call) => {
    const input = call.input as unknown as BrowseInput;
    if (call.wantsStream)
      return streamResponse(
        await browseStream(context, call.caller, input, call.request.signal),
        pageFrames,
        call.done,
      );
    return pageResponse(await browseMessages(context, call.caller, input, call.request.signal));
  },
  getMessage: async (context, { caller, input }) =>
    jsonResponse(200, `${(await getMessage(context, caller, input as never)).message}\n`),
  getPopularTerms: async (context, call) => {
    const { caller, input, request, done } = call;
    if (!call.wantsStream) return plain(getPopularTerms)(context, call);
    return streamResponse(await popularTermsStream(context, caller, input, request.signal), termsFrames, done);
  },
  rebuildTerms: plain(rebuildTerms),
  getTopicActivity: plain(getTopicActivity),
  getOverview: plain(getOverview),
  listFunctions: plain(listFunctions),
  listFunctionEvents: plain(listFunctionEvents),
  invokeFunction: plain(invokeFunction),
  listTables: plain(listTables),
  listTableItems: plain(listTableItems),
};

/** The service as a function from call to answer: routes, validates, finds out who calls, and runs the operation. */
export function createHttpHandler(context: Context): HttpHandler {
  const knownPaths = new Map<string, Target>();
  return async (request) => {
    let name: OperationName | undefined;
    try {
      const mark = request.target.indexOf("?");
      const path = mark < 0 ? request.target : request.target.slice(0, mark);
      if (request.method === "OPTIONS") return optionsResponse(path);
      const target = targetOf(knownPaths, request.method, path);
      name = target.name;
      const query = mark < 0 ? undefined : new URLSearchParams(request.target.slice(mark + 1));
      const call = await read(context, request, target, query);
      const response = await answers[name](context, call);
      return finish(request, name, response);
    } catch (error) {
      const response = problemResponse(error);
      return { ...response, ...(name && { operation: name }), ...(request.method === "HEAD" && { body: "" }) };
    }
  };
}

/** An operation and its path parameters, validated. */
interface Target {
  readonly name: OperationName;
  readonly path: Readonly<Record<string, unknown>>;
}

/** Few paths are asked for often. Finding and validating each anew, and hashing the secret, took 7 % of a single publish (measured). */
const knownPathsMax = 1_000;

function targetOf(known: Map<string, Target>, method: string, path: string): Target {
  const key = `${method} ${path}`;
  let target = known.get(key);
  if (!target) {
    const { name, params } = route(method, path);
    target = { name, path: Object.freeze(validate(schemas[name].params, params, "path")) };
    if (known.size >= knownPathsMax) known.clear();
    known.set(key, target);
  }
  return target;
}

async function read(
  context: Context,
  request: HttpRequest,
  { name, path }: Target,
  query: URLSearchParams | undefined,
): Promise<Call> {
  const operation: Operation = operations[name];
  const { query: querySchema, body: bodySchema } = schemas[name];
  const wantsStream = accepts(request, operation) && request.method !== "HEAD";
  const options = query === undefined || query.size === 0 ? {} : validate(querySchema, single(query), "query");
  const { caller, done } = await callerOf(context, request, options, path, wantsStream);
  const resume = wantsStream ? (request.header("last-event-id") ?? options.lastEventId) : undefined;
  const input = {
    ...path,
    ...options,
    ...(resume !== undefined && resume !== "" && { after: resume }),
    ...(bodySchema && { body: validate(bodySchema, await jsonBody(request, name), "body") }),
  };
  return { request, caller, input, wantsStream, done };
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
  if (authorization === undefined) return { caller: await identify(context, undefined), done: async () => {} };
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization.trim());
  if (!match) throw new BellwetherError("unauthenticated", "The Authorization header must be `Bearer <token>`.");
  return { caller: await identify(context, match[1]), done: async () => {} };
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
  schema: (typeof schemas)[OperationName]["params"] | NonNullable<(typeof schemas)[OperationName]["body"]>,
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

function idempotencyKeyOf(request: HttpRequest): string | undefined {
  const key = request.header("idempotency-key");
  if (key === undefined || /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new BellwetherError(
    "invalid_idempotency_key",
    "The Idempotency-Key must be 1..255 printable ASCII characters.",
  );
}

function mediaTypeOf(request: HttpRequest): string {
  return (request.header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

function jsonResponse(status: number, body: string): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" },
    body,
  };
}

/** Copies the messages' texts into the page; nothing is parsed. */
function pageResponse(page: MessagesPage): HttpResponse {
  const { messages, cursor, discontinuities, pollAfterMs, scanned } = page;
  const looked = scanned === undefined ? "" : `,"scanned":${scanned}`;
  return jsonResponse(
    200,
    `{"messages":[${messages.join()}],"cursor":"${cursor}","discontinuities":${JSON.stringify(discontinuities)},"pollAfterMs":${pollAfterMs}${looked}}\n`,
  );
}

function streamResponse<T>(
  items: AsyncGenerator<T>,
  framesOf: (item: T) => string,
  done: () => Promise<void>,
): HttpResponse {
  return {
    status: 200,
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-accel-buffering": "no",
    },
    stream: eventStream(items, framesOf, done),
  };
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
