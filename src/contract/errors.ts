/** Every error code of Bellwether with what it means and what to do. The list is closed; within v1 codes are only added. */
export const errorCodes = {
  invalid_request:
    "A value breaks a rule of the request's schema. Correct the values named in `errors` and send it again.",
  invalid_json: "The body is not the JSON or NDJSON that its content type says. Correct the place named in the detail.",
  invalid_text: "The body is not valid UTF-8 text. Send UTF-8.",
  invalid_cursor: "The cursor was not issued by Bellwether or is damaged. Use a cursor exactly as it was given.",
  cursor_ahead:
    "The cursor lies beyond the end of the log. Use a cursor exactly as it was given, on the service that gave it.",
  invalid_idempotency_key: "The Idempotency-Key is empty, too long or holds characters that are not printable ASCII.",
  unauthenticated: "No token was given, or it is not known (any more). Send `Authorization: Bearer <token>`.",
  forbidden: "The token is known and has no right to this. Use one that has, or the admin key.",
  origin_refused: "A web page of another origin may not use this service. Add its origin to CORS_ORIGINS if it should.",
  host_refused:
    "The Host header is none that this open service answers to. Use localhost, or add the name to ALLOWED_HOSTS.",
  topic_not_found: "There is no topic of this name. Create it with putTopic or by registering for it.",
  publisher_not_found: "There is no publisher with this id.",
  subscriber_not_found: "There is no subscriber with this id.",
  message_not_found: "There is no message with this id in the topic; it may have expired.",
  function_not_found: "There is no function of this name. /v1/functions lists them.",
  table_not_found: "There is no table of this name. /v1/tables lists them.",
  route_not_found: "There is nothing at this path. /openapi.json lists what there is.",
  method_not_allowed: "The path exists and does not take this method. The Allow header lists those it takes.",
  not_acceptable: "None of the media types in Accept can be given here.",
  topic_reserved:
    "The topic of this name was deleted a short while ago. The name is free again 10 minutes after the deletion.",
  shards_fixed: "The number of shards is chosen when a topic is created and cannot be changed afterwards.",
  range_not_kept:
    "Messages of the range are gone from the log, or were not counted in their time. Take a later range, or one topic.",
  cursor_superseded:
    "The subscriber was moved by a seek after this cursor was given. Read again from its present cursor.",
  payload_too_large: "The body, a message or the batch is larger than its limit. Send less at once.",
  headers_too_large: "The request's headers are larger than the limit.",
  unsupported_media_type: "The content type is none that this function takes.",
  idempotency_key_reused: "The Idempotency-Key was used for another payload. Use a new key for a new payload.",
  limit_reached: "The service holds as many of these as it is set to allow. Delete some, or raise the setting.",
  too_many_requests: "Too many requests or streams at once. Try again after the seconds in Retry-After.",
  unavailable:
    "The service cannot do this now. Try again after the seconds in Retry-After; an Idempotency-Key makes that safe.",
  request_timeout: "The request was not received whole in time. Send it again.",
  internal: "An unexpected fault of the service. It has been logged; trying again is safe with an Idempotency-Key.",
  connection_failed: "The service could not be reached (given by clients only). Check the address, and that it runs.",
} as const;

/** One of the closed list of error codes. */
export type ErrorCode = keyof typeof errorCodes;

/** One value of a request that broke a rule. `path` points into the request, as `body.topics.0` or `query.limit`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** What an error can carry besides its code and message. Only what is set is shown. */
export interface ErrorDetails {
  /** The values that broke a rule. */
  readonly errors?: readonly FieldError[];
  /** Seconds to wait before another try; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** The limit that was passed and the measured size, in bytes. */
  readonly limitBytes?: number;
  readonly actualBytes?: number;
  /** The methods that the path takes. */
  readonly allow?: readonly string[];
  /** Positions in the batch of the messages that were stored before the failure. */
  readonly accepted?: readonly number[];
}

/** The body of every error answer: RFC 9457 problem details, with `code` as its machine-readable name. */
export interface Problem extends ErrorDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
}

/**
 * The one error class on both sides of the wire. The message says which value, which rule, what to do next. Tests and
 * programs look at `code`, never at the message.
 */
export class BellwetherError extends Error {
  override readonly name = "BellwetherError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** The HTTP status of the answer it came with; only set by clients. */
  readonly status: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options: { cause?: unknown; status?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.status = options.status;
  }
}
