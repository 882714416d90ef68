/** One request, complete. */
export interface HttpRequest {
  readonly method: string;
  /** Below the service's root: path and query, with the slash they begin with. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** An answer whose head is there. Its body is read once, by either of the two. */
export interface HttpResponse {
  readonly status: number;
  /** A header by its name in small letters. */
  header(name: string): string | undefined;
  /** Resolves when the body is there as a whole. */
  text(): Promise<string>;
  /** The body as it comes. Leaving the iteration closes the connection. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** A request under way. */
export interface HttpExchange {
  /** Rejects when no answer came. */
  readonly response: Promise<HttpResponse>;
  /** Ends it wherever it stands: what is waited for, of the response and of its body, rejects. */
  cancel(reason?: unknown): void;
}

/** What carries requests to one service, which is all the transport knows of HTTP. */
export interface HttpClient {
  /** Sends the request, once. */
  send(request: HttpRequest): HttpExchange;
}
