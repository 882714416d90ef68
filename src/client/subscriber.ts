import type { CommittedCursor, Message, MessagePage, StreamToken, Subscriber } from "#contract/types.ts";
import type { DeliverySource } from "./deliveries.ts";
import { iterateMessages, type MessagesOptions, type MessagesSource } from "./messages.ts";
import type { CallOptions } from "./publisher.ts";
import type { Retries } from "./retries.ts";
import { silenceMsMax } from "./stream-events.ts";
import type { Transport } from "./transport.ts";

/** What one read of a subscription can be given. */
export interface SubscribeQuery extends CallOptions {
  /** Messages at most, 1..1,000; 100 by default. */
  readonly limit?: number | undefined;
  /** A cursor to read from; without it, the committed one. */
  readonly after?: string | undefined;
  /** Seconds to wait for a message if there is none, 0..20. */
  readonly wait?: number | undefined;
  /** Acknowledge everything before `after` with the same call. */
  readonly commit?: boolean | undefined;
}

/** A subscriber's identity. */
export interface SubscriberCredentials {
  readonly subscriberId: string;
  /** Left out: the client's own token or admin key, or none. */
  readonly token?: string | undefined;
}

/** A subscriber that is registered. */
export interface SubscriberHandle {
  readonly subscriberId: string;
  /**
   * Iterates over the messages in order, at least once each, going on from the committed cursor, and commits what was
   * processed: a message counts as processed when the next one is asked for. A lost connection is resumed without
   * loss. Ends with the error when the token is refused or the subscriber is gone.
   */
  messages(options?: MessagesOptions): AsyncIterableIterator<Message>;
  /** Reads one page. */
  subscribe(query?: SubscribeQuery): Promise<MessagePage>;
  get(options?: CallOptions): Promise<Subscriber>;
  commitCursor(request: { readonly cursor: string }, options?: CallOptions): Promise<CommittedCursor>;
  /** Moves to `earliest`, `latest`, an RFC 3339 time or a cursor. */
  seek(request: { readonly from: string }, options?: CallOptions): Promise<CommittedCursor>;
  createStreamToken(options?: CallOptions): Promise<StreamToken>;
}

/** Makes the handle of a subscriber. */
export function createSubscriberHandle(
  transport: Transport,
  retries: Retries,
  { subscriberId, token }: SubscriberCredentials,
): SubscriberHandle {
  const as = { params: { subscriberId }, token };
  const subscribe = (query: SubscribeQuery = {}) => readPage(transport, token, subscriberId, query);
  const commitCursor = (body: { readonly cursor: string }, { signal }: CallOptions = {}) =>
    transport.call<CommittedCursor>({ operation: "commitCursor", ...as, body, signal });

  const source: MessagesSource = {
    open: (signal): DeliverySource => ({
      openStream: (cursor) =>
        transport.open({ operation: "subscribe", ...as, headers: resumeHeaders(cursor), signal }, silenceMsMax),
      readPage: (after, wait, limit) => subscribe({ after, wait, limit, signal }),
    }),
    async commit(cursor) {
      await commitCursor({ cursor });
    },
    cursorBehind: (after, messages) => findCursorBehind(subscribe, after, messages),
  };

  return {
    subscriberId,
    messages: (options = {}) => iterateMessages(source, retries, options),
    subscribe,
    get: ({ signal } = {}) => transport.call({ operation: "getSubscriber", ...as, signal }),
    commitCursor,
    seek: (body, { signal } = {}) => transport.call({ operation: "seekSubscriber", ...as, body, signal }),
    createStreamToken: ({ signal } = {}) => transport.call({ operation: "createStreamToken", ...as, signal }),
  };
}

/**
 * Finds the cursor within a page by reading the page again in parts. How a page mixes several shards depends on its
 * size, so a part that holds another message is asked for again half as large; at the last, less is committed.
 */
async function findCursorBehind(
  subscribe: (query: SubscribeQuery) => Promise<MessagePage>,
  after: string | undefined,
  messages: readonly Message[],
): Promise<string | undefined> {
  const identify = ({ topic, id }: Message) => `${topic} ${id}`;
  const left = new Set(messages.map(identify));
  let cursor = after;
  for (let limit = left.size; limit > 0; ) {
    const page = await subscribe({ after: cursor, limit });
    const isWithin = page.messages.length > 0 && page.messages.every((message) => left.has(identify(message)));
    if (isWithin) {
      for (const message of page.messages) left.delete(identify(message));
      cursor = page.cursor;
    }
    limit = isWithin ? left.size : Math.floor(limit / 2);
  }
  return cursor;
}

/** Reads one page of a subscription with a token, or with that of the client. */
export function readPage(
  transport: Transport,
  token: string | undefined,
  subscriberId: string,
  { limit, after, wait, commit, signal }: SubscribeQuery,
): Promise<MessagePage> {
  const query = { limit, after, wait, commit };
  const holdMs = (wait ?? 0) * 1_000;
  return transport.call({ operation: "subscribe", params: { subscriberId }, query, token, signal, holdMs });
}

/** The header that resumes an event stream behind a cursor. */
export function resumeHeaders(cursor: string | undefined): Readonly<Record<string, string>> {
  return cursor === undefined ? {} : { "last-event-id": cursor };
}
