import { BellwetherError } from "#contract/errors.ts";
import { type Operation, type OperationName, operations } from "#contract/operations.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./http-client.ts";
import { errorFromResponse } from "./problem.ts";
import { isTransient, type Retries, retryDelayMs } from "./retries.ts";
import { sleep } from "./sleep.ts";

/** What the transport needs to know, complete: `createClient` fills in the defaults. */
export interface TransportSettings {
  /** The service's root without a slash at its end. */
  readonly url: string;
  readonly token: string | undefined;
  readonly adminKey: string | undefined;
  /** Carries requests to `url`. */
  readonly http: HttpClient;
  readonly retries: Retries;
  /** For each try, from the request to the last byte of its answer. */
  readonly timeoutMs: number;
}

/** One call of an operation. `token` wins over those of the client. */
export interface Call {
  readonly operation: OperationName;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON, made once: a repeat sends the identical bytes. */
  readonly body?: unknown;
  /** The same, where its JSON is made already. */
  readonly json?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long the service may hold the answer on purpose (long poll), on top of `timeoutMs`. */
  readonly holdMs?: number;
}

/** Carries calls to the service. Both reject with `BellwetherError`, or with the signal's reason when it aborts. */
export interface Transport {
  /**
   * Sends the call, again if need be, and gives the JSON of the answer (undefined for 204). What cannot be repeated
   * safely (making a registration or a stream token, a seek) is sent once, except after 429, which did nothing.
   */
  call<T>(call: Call): Promise<T>;
  /** Opens an event stream, trying once. The chunks end when the service ends them, and throw when it is silent for `silenceMs`. */
  open(call: Call, silenceMs: number): Promise<AsyncGenerator<Uint8Array, void>>;
}

/** Makes the transport over HTTP. */
export function createTransport(settings: TransportSettings): Transport {
  return {
    async call<T>(call: Call) {
      const request = buildRequest(settings, call);
      for (let failures = 1; ; failures += 1) {
        try {
          return await sendOnce<T>(settings, request, settings.timeoutMs + (call.holdMs ?? 0));
        } catch (error) {
          if (!(error instanceof BellwetherError)) throw error;
          if (failures > 1 && isDeleted(request.operation, error)) return undefined as T;
          const delayMs = canRepeat(request.operation, error)
            ? retryDelayMs(settings.retries, failures, error)
            : undefined;
          if (delayMs === undefined || failures >= settings.retries.attempts) throw error;
          await sleep(delayMs, call.signal);
        }
      }
    },
    async open(call, silenceMs) {
      const request = buildRequest(settings, call);
      const headers = { ...request.headers, accept: "text/event-stream" };
      return openOnce(settings, { ...request, headers }, silenceMs);
    },
  };
}

interface Request extends HttpRequest {
  readonly operation: Operation;
  readonly signal: AbortSignal | undefined;
}

function buildRequest(settings: TransportSettings, call: Call): Request {
  const operation: Operation = operations[call.operation];
  const headers: Record<string, string> = { accept: "application/json", ...call.headers };
  const secret = call.token ?? secretFor(operation, settings);
  if (secret !== undefined) headers.authorization = `Bearer ${secret}`;
  const body = call.json ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  if (body !== undefined) headers["content-type"] = "application/json";
  return {
    operation,
    method: operation.method,
    target: fillPath(operation.path, call.params ?? {}) + (call.query ? queryString(call.query) : ""),
    headers,
    body,
    signal: call.signal,
  };
}

/** The admin key is for what only it may do; for the rest the narrower token is the better choice. */
function secretFor(operation: Operation, { token, adminKey }: TransportSettings): string | undefined {
  const administrative = operation.access === "admin" || operation.access === "register";
  return administrative ? (adminKey ?? token) : (token ?? adminKey);
}

function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = params[name] ?? "";
    // A dot segment would be folded away by the URL parser and hit another route.
    if (value === "" || value === "." || value === "..") {
      throw new BellwetherError("invalid_request", `"${value}" cannot be a ${name}.`);
    }
    return encodeURIComponent(value);
  });
}

function queryString(query: NonNullable<Call["query"]>): string {
  const set = Object.entries(query).filter((entry) => entry[1] !== undefined);
  const text = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

async function sendOnce<T>(settings: TransportSettings, request: Request, timeoutMs: number): Promise<T> {
  const { response: answer, deadline } = start(settings, request, timeoutMs);
  try {
    const response = await answer;
    if (!isSuccess(response)) throw await errorFromResponse(response);
    return (response.status === 204 ? undefined : parseJson(await response.text())) as T;
  } catch (error) {
    throw asBellwetherError(error, request, settings.url, deadline.passed);
  } finally {
    deadline.clear();
  }
}

async function openOnce(settings: TransportSettings, request: Request, silenceMs: number) {
  const { response: answer, cancel, deadline } = start(settings, request, settings.timeoutMs);
  try {
    const response = await answer;
    if (!isSuccess(response)) throw await errorFromResponse(response);
    if (!response.header("content-type")?.startsWith("text/event-stream")) {
      cancel();
      throw new BellwetherError("internal", "The answer is not an event stream.", {}, { status: response.status });
    }
    deadline.pause();
    return readChunks(settings, request, response, deadline, silenceMs);
  } catch (error) {
    deadline.clear();
    throw asBellwetherError(error, request, settings.url, deadline.passed);
  }
}

/** The silence is counted only while a chunk is waited for, not while the caller is busy with the last one. */
async function* readChunks(
  settings: TransportSettings,
  request: Request,
  response: HttpResponse,
  deadline: Deadline,
  silenceMs: number,
): AsyncGenerator<Uint8Array, void> {
  try {
    deadline.restart(silenceMs);
    for await (const chunk of response.chunks()) {
      deadline.pause();
      yield chunk;
      deadline.restart(silenceMs);
    }
  } catch (error) {
    throw asBellwetherError(error, request, settings.url, deadline.passed);
  } finally {
    deadline.clear();
  }
}

/** Sends the request, to be cancelled when its time is over or its caller wants it no more. */
function start({ http }: TransportSettings, request: Request, timeoutMs: number) {
  request.signal?.throwIfAborted();
  const { response, cancel } = http.send(request);
  return { response, cancel, deadline: startDeadline(timeoutMs, request.signal, cancel) };
}

function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = "The answer is not JSON. Check that the URL is that of a Bellwether service.";
    throw new BellwetherError("internal", message, {}, { cause });
  }
}

/** The caller's abort passes as it is; what is no error of ours came from the network. */
function asBellwetherError(error: unknown, request: Request, url: string, timedOut: boolean): unknown {
  if (error instanceof BellwetherError) return error;
  if (request.signal?.aborted) return request.signal.reason;
  const why = timedOut ? "it did not answer in time" : describe(error);
  return new BellwetherError(
    "connection_failed",
    `The service at ${url} could not be reached: ${why}.`,
    {},
    { cause: error },
  );
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  return cause.message || code || cause.name;
}

function canRepeat(operation: Operation, error: BellwetherError): boolean {
  if (!isTransient(error)) return false;
  return operation.method !== "POST" || operation.idempotent === true || error.status === 429;
}

/** The repeat of a DELETE whose first answer was lost finds nothing more to delete. */
function isDeleted(operation: Operation, error: BellwetherError): boolean {
  return operation.method === "DELETE" && error.status === 404;
}
