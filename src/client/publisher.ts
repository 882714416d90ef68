import type { MessageIn, Published } from "#contract/types.ts";
import type { Transport } from "./transport.ts";

/** What a call can be given besides its request. */
export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a publish can be given besides its messages. */
export interface PublishOptions extends CallOptions {
  /** By default a new random one for each call, so that the client's own repeats are safe. Give one to repeat safely yourself. */
  readonly idempotencyKey?: string | undefined;
}

/** A publisher's identity; its token alone is enough. */
export interface PublisherCredentials {
  readonly publisherId?: string;
  readonly token: string;
}

/** A publisher that is registered. */
export interface PublisherHandle {
  /** Publishes one message or a batch; resolves when it is durable. */
  publish(topic: string, messages: MessageIn | readonly MessageIn[], options?: PublishOptions): Promise<Published>;
}

/** Makes the handle of a publisher. */
export function createPublisherHandle(
  transport: Transport,
  credentials: string | PublisherCredentials,
): PublisherHandle {
  const token = typeof credentials === "string" ? credentials : credentials.token;
  return { publish: (topic, messages, options) => publish(transport, token, topic, messages, options) };
}

/** Publishes with a token, or with that of the client. Repeats send the identical bytes with the same key. */
export function publish(
  transport: Transport,
  token: string | undefined,
  topic: string,
  messages: MessageIn | readonly MessageIn[],
  { idempotencyKey = crypto.randomUUID(), signal }: PublishOptions = {},
): Promise<Published> {
  return transport.call({
    operation: "publish",
    params: { topic },
    body: Array.isArray(messages) ? { messages } : messages,
    headers: { "idempotency-key": idempotencyKey },
    token,
    signal,
  });
}
