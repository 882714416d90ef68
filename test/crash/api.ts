/** The calls to the service that the harness makes, over plain HTTP: the SDK would hide failures behind its retries. */

export interface ApiMessage {
  readonly id: string;
  readonly sequence: number;
  readonly publisherId: string;
  readonly publishedAt: string;
  readonly title?: string;
  readonly key?: string;
  readonly body: unknown;
}

export interface ApiPage {
  readonly messages: readonly ApiMessage[];
  readonly cursor: string;
  readonly discontinuities: readonly unknown[];
  readonly pollAfterMs: number;
}

export interface ApiTerms {
  readonly asOf: string;
  readonly messages: number;
  readonly pairs: number;
  readonly floor: number;
  readonly exact: boolean;
  readonly terms: readonly { readonly term: string; readonly count: number; readonly error: number }[];
}

/** An answer that the service should not have given: its status and what it said. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Throws UnexpectedAnswer for any other answer than a good one, and what fetch throws when the service is not there. */
export async function call<T>(
  url: string,
  method: string,
  path: string,
  options: { token?: string; body?: string | Uint8Array; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<T> {
  const { token, body, headers, signal } = options;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: body as never }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new UnexpectedAnswer(response.status, `${method} ${path.slice(0, 200)}: ${response.status} ${text.trim()}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** All messages of a topic, by shard, in the order that they are read. */
export async function readLog(url: string, topic: string): Promise<Map<number, ApiMessage[]>> {
  const log = new Map<number, ApiMessage[]>();
  let after = "";
  for (;;) {
    const page = await call<ApiPage>(url, "GET", `/v1/topics/${topic}/messages?limit=1000${after}`);
    for (const message of page.messages) {
      const shard = shardOf(message);
      const messages = log.get(shard) ?? [];
      messages.push(message);
      log.set(shard, messages);
    }
    if (page.pollAfterMs > 0) return log;
    after = `&after=${page.cursor}`;
  }
}

export function shardOf({ id }: { readonly id: string }): number {
  return Number(id.split("-")[0]);
}
