import { BellwetherError } from "#contract/errors.ts";
import type { OperationName } from "#contract/operations.ts";
import type { RequestSchema } from "#contract/request-schemas.ts";
import type { Caller } from "#functions/access.ts";
import type { Context } from "#functions/context.ts";
import type { HttpRequest, HttpResponse } from "./http-types.ts";
import type { RateFields } from "./rate-limit.ts";

/** What a call is once it has been read: validated against the schemas of its operation. */
export interface Call {
  readonly request: HttpRequest;
  readonly caller: Caller;
  /** Path parameters, query, and `body` where the operation takes one. */
  readonly input: Record<string, unknown>;
  readonly wantsStream: boolean;
  /** Told when an event stream ends. */
  readonly done: () => Promise<void>;
  /** How the caller stands to its rate, where it has one. */
  readonly rate: RateFields | undefined;
}

/** What an operation takes, and what runs its function and makes its output an answer. */
export interface Answer {
  readonly takes: RequestSchema;
  readonly run: (context: Context, call: Call) => Promise<HttpResponse>;
}

/** The operations that a host answers: all of them on one machine, one of them in a Lambda function. */
export type Answers = Partial<Record<OperationName, Answer>>;

export function idempotencyKeyOf(request: HttpRequest): string | undefined {
  const key = request.header("idempotency-key");
  if (key === undefined || /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new BellwetherError(
    "invalid_idempotency_key",
    "The Idempotency-Key must be 1..255 printable ASCII characters.",
  );
}

export function mediaTypeOf(request: HttpRequest): string {
  return (request.header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}
