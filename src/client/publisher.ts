import type { MessageIn, Published } from "#contract/types.ts";
import { GatheredPublishes } from "./gathered-publishes.ts";
import type { Call, Transport } from "./transport.ts";

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

/** Publishes messages; resolves when they are durable. */
export type Publish = (
  topic: string,
  messages: MessageIn | readonly MessageIn[],
  options?: PublishOptions,
) => Promise<Published>;

/** A publisher that is registered. */
export interface PublisherHandle {
  /**
   * Publishes one message or a batch; resolves when it is durable. Single messages that are given while a call to their
   * topic is under way are sent together as the next, in the order given, and each gets its own answer or error. So many
   * can be given without waiting for each. A batch, and what has an `idempotencyKey`, is a call of its own, at once.
   */
  readonly publish: Publish;
}

/** Makes the handle of a publisher. */
export function createPublisherHandle(
  transport: Transport,
  credentials: string | PublisherCredentials,
): PublisherHandle {
  return { publish: createPublish(transport, typeof credentials === "string" ? credentials : credentials.token) };
}

/** Makes what publishes with a token, or with that of the client. Repeats send the identical bytes with the same key. */
export function createPublish(transport: Transport, token: string | undefined): Publish {
  const gathered = new Map<string, GatheredPublishes>();
  const send = (
    topic: string,
    content: Pick<Call, "body" | "json">,
    signal: AbortSignal | undefined,
    idempotencyKey: string = crypto.randomUUID(),
  ): Promise<Published> => {
    const headers = { "idempotency-key": idempotencyKey };
    return transport.call({ operation: "publish", params: { topic }, ...content, headers, token, signal });
  };
  return async (topic, messages, { idempotencyKey, signal } = {}) => {
    if (isBatch(messages)) return send(topic, { body: { messages } }, signal, idempotencyKey);
    if (idempotencyKey !== undefined) return send(topic, { body: messages }, signal, idempotencyKey);
    let publishes = gathered.get(topic);
    if (!publishes) {
      publishes = new GatheredPublishes(
        (json, abort) => send(topic, { json }, abort),
        () => gathered.delete(topic),
      );
      gathered.set(topic, publishes);
    }
    return publishes.publish(messages, signal);
  };
}

function isBatch(messages: MessageIn | readonly MessageIn[]): messages is readonly MessageIn[] {
  return Array.isArray(messages);
}
