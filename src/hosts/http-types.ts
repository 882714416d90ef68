/** A call over HTTP, whatever brought it: `node:http`, API Gateway, or a client in the same process. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query as sent, percent-encoded. */
  readonly target: string;
  /** A header by its lower-case name. */
  header(name: string): string | undefined;
  /** The whole body. Throws `payload_too_large` past `limits.bodyBytesMax`, `request_timeout`. */
  body(): Promise<Uint8Array>;
  /** Aborts when the caller is gone or the host stops. */
  readonly signal: AbortSignal;
}

/** The answer to it. A stream is UTF-8 text to be sent as it comes, until it ends. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** In place of a body: what is no text, of the pages of a host. `content-length` says how much it is, also to HEAD. */
  readonly bytes?: Uint8Array;
  readonly stream?: AsyncIterable<Uint8Array>;
  /** The operation that answered, for logs and metrics. */
  readonly operation?: string;
  /** Who made a call that belongs into the audit log. */
  readonly caller?: string;
  /** The unexpected fault behind a 500, for the log only. */
  readonly cause?: unknown;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;
