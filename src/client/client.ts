import { BellwetherError } from "#contract/errors.ts";
import type * as t from "#contract/types.ts";
import { createFetchHttp } from "./fetch-http.ts";
import type { HttpClient } from "./http-client.ts";
import { iterateMessages, type MessagesOptions } from "./messages.ts";
import { createNodeHttp } from "./node-http.ts";
import {
  type CallOptions,
  createPublish,
  createPublisherHandle,
  type PublisherCredentials,
  type PublisherHandle,
  type PublishOptions,
} from "./publisher.ts";
import { type Retries, retriesDefault } from "./retries.ts";
import { silenceMsMax } from "./stream-events.ts";
import {
  createSubscriberHandle,
  readPage,
  resumeHeaders,
  type SubscribeQuery,
  type SubscriberCredentials,
  type SubscriberHandle,
} from "./subscriber.ts";
import { getPopularTerms, type NoQuery, type TermsAnswer, watchPopularTerms } from "./terms.ts";
import { createTransport } from "./transport.ts";

/** What a client is made of; only `url` must be there. */
export interface ClientSettings {
  /** Where the service is, as `https://example.org` or with a path below which it lies. */
  readonly url: string;
  /** The token of a publisher or a subscriber; not needed for what the handles do. */
  readonly token?: string | undefined;
  /** Used for what only it may do, and for the rest if there is no token. Keep it out of web pages. */
  readonly adminKey?: string | undefined;
  /**
   * Another fetch, for tests, proxies and agents of your own. By default it is `node:http` or `node:https` on Node, which
   * costs less and follows no redirects, and `fetch` elsewhere.
   */
  readonly fetch?: typeof fetch | undefined;
  /** By default 5 attempts, `baseMs` 200, `maxMs` 10,000. */
  readonly retries?: Partial<Retries> | undefined;
  /** For each try, on top of what a long poll waits on purpose; 30,000 by default. */
  readonly timeoutMs?: number | undefined;
}

/** What a list can be given: `after` is the `next` of the page before. */
export interface ListQuery {
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** What a list of registrations can be given: only those for `topic`, only those whose name contains `search`, in any case, or whose id begins with it. */
export interface RegistrationsQuery extends ListQuery {
  readonly topic?: string | undefined;
  readonly search?: string | undefined;
}

/** What browsing a topic can be given: from a cursor or an RFC 3339 time, backwards from one, and filters. */
export interface BrowseQuery extends ListQuery, t.BrowseFilters {
  readonly at?: string | undefined;
}

/**
 * The client: a method for each operation, with the operation's name, and handles for those who publish and read.
 * Every method rejects with `BellwetherError` (look at `code`), or with the reason of the given signal. Network
 * failures, 429 and 503 are tried again where that is safe: reads, PUT, DELETE, and publish through its Idempotency-Key.
 */
export interface Client {
  /** The service's root, without a slash at its end. */
  readonly url: string;

  /** A publisher by its token. */
  publisher(credentials: string | PublisherCredentials): PublisherHandle;
  /** A subscriber by its id and token. */
  subscriber(credentials: SubscriberCredentials): SubscriberHandle;
  /** Watches a topic without consuming: an event stream from `after` or `at`, else from now on, resumed when it breaks. */
  tailMessages(
    topic: string,
    options?: Pick<BrowseQuery, "after" | "at"> & Pick<MessagesOptions, "signal" | "onDiscontinuity">,
  ): AsyncIterableIterator<t.Message>;

  /** Watches popular or rising terms: the answer there is, then each that differs, at most once a second, for ever. */
  watchPopularTerms<Query extends t.PopularTermsQuery = NoQuery>(
    query?: Query,
    options?: CallOptions,
  ): AsyncIterableIterator<TermsAnswer<Query>>;

  registerPublisher(request: t.RegisterPublisherRequest, options?: CallOptions): Promise<t.RegisteredPublisher>;
  listPublishers(query?: RegistrationsQuery, options?: CallOptions): Promise<t.Page<t.Publisher>>;
  getPublisher(publisherId: string, options?: CallOptions): Promise<t.Publisher>;
  putPublisherTopics(
    publisherId: string,
    request: { readonly topics: readonly string[] },
    options?: CallOptions,
  ): Promise<t.Publisher>;
  deletePublisher(publisherId: string, options?: CallOptions): Promise<void>;

  registerSubscriber(request: t.RegisterSubscriberRequest, options?: CallOptions): Promise<t.RegisteredSubscriber>;
  listSubscribers(query?: RegistrationsQuery, options?: CallOptions): Promise<t.Page<t.Subscriber>>;
  getSubscriber(subscriberId: string, options?: CallOptions): Promise<t.Subscriber>;
  deleteSubscriber(subscriberId: string, options?: CallOptions): Promise<void>;
  subscribe(subscriberId: string, query?: SubscribeQuery): Promise<t.MessagePage>;
  commitCursor(
    subscriberId: string,
    request: { readonly cursor: string },
    options?: CallOptions,
  ): Promise<t.CommittedCursor>;
  seekSubscriber(
    subscriberId: string,
    request: { readonly from: string },
    options?: CallOptions,
  ): Promise<t.CommittedCursor>;
  createStreamToken(subscriberId: string, options?: CallOptions): Promise<t.StreamToken>;

  listTopics(
    query?: ListQuery & { readonly prefix?: string | undefined },
    options?: CallOptions,
  ): Promise<t.Page<t.TopicState>>;
  putTopic(topic: string, request?: t.PutTopicRequest, options?: CallOptions): Promise<t.Topic>;
  getTopic(topic: string, options?: CallOptions): Promise<t.TopicState>;
  deleteTopic(topic: string, options?: CallOptions): Promise<void>;

  publish(
    topic: string,
    messages: t.MessageIn | readonly t.MessageIn[],
    options?: PublishOptions,
  ): Promise<t.Published>;
  browseMessages(topic: string, query?: BrowseQuery, options?: CallOptions): Promise<t.MessagePage>;
  getTopicActivity(topic: string, query?: t.ActivityQuery, options?: CallOptions): Promise<t.TopicActivity>;
  getMessage(topic: string, messageId: string, options?: CallOptions): Promise<t.Message>;
  /** With `sort: "rising"`, the terms that rise. */
  getPopularTerms<Query extends t.PopularTermsQuery = NoQuery>(
    query?: Query,
    options?: CallOptions,
  ): Promise<TermsAnswer<Query>>;
  /** Does a part of a rebuild. To do all of it, call again with `continue`, after `pollAfterMs`, until it is `done`. */
  rebuildTerms(request: t.RebuildTermsRequest, options?: CallOptions): Promise<t.TermsRebuild>;

  /** What the service holds and carries, for a dashboard. */
  getOverview(options?: CallOptions): Promise<t.Overview>;
  listFunctions(query?: ListQuery, options?: CallOptions): Promise<t.Page<t.DeployedFunction>>;
  listFunctionEvents(name: string, options?: CallOptions): Promise<t.Page<t.FunctionEvent>>;
  /** Runs a function by its name with an event. Never repeated by itself, as a function may change something. */
  invokeFunction(name: string, request: t.InvokeFunctionRequest, options?: CallOptions): Promise<t.Invocation>;
  listTables(query?: ListQuery, options?: CallOptions): Promise<t.Page<t.Table>>;
  listTableItems(table: string, query?: ListQuery, options?: CallOptions): Promise<t.Page<t.TableItem>>;
}

/** Makes a client. It holds no connection and nothing to close. Throws `invalid_request` for a URL that is none of http(s). */
export function createClient(settings: ClientSettings): Client {
  const url = rootOf(settings.url);
  const retries = { ...retriesDefault, ...settings.retries };
  const transport = createTransport({
    url,
    token: settings.token,
    adminKey: settings.adminKey,
    http: httpFor(url, settings.fetch),
    retries,
    timeoutMs: settings.timeoutMs ?? 30_000,
  });
  const { call } = transport;

  return {
    url,
    publisher: (credentials) => createPublisherHandle(transport, credentials),
    subscriber: (credentials) => createSubscriberHandle(transport, retries, credentials),
    tailMessages(topic, { after, at, ...options } = {}) {
      const open = (signal: AbortSignal, cursor: string | undefined) => {
        const query = cursor === undefined ? { after, at } : {};
        const headers = resumeHeaders(cursor);
        return transport.open({ operation: "browseMessages", params: { topic }, query, headers, signal }, silenceMsMax);
      };
      const readPage = () => Promise.reject(new Error("A tail is a stream."));
      const source = (signal: AbortSignal) => ({ openStream: (cursor?: string) => open(signal, cursor), readPage });
      return iterateMessages({ open: source }, retries, options);
    },

    watchPopularTerms: (query, options = {}) => watchPopularTerms(transport, retries, query ?? ({} as never), options),

    registerPublisher: (body, { signal } = {}) => call({ operation: "registerPublisher", body, signal }),
    listPublishers: ({ after, limit, topic, search } = {}, { signal } = {}) =>
      call({ operation: "listPublishers", query: { after, limit, topic, search }, signal }),
    getPublisher: (publisherId, { signal } = {}) =>
      call({ operation: "getPublisher", params: { publisherId }, signal }),
    putPublisherTopics: (publisherId, body, { signal } = {}) =>
      call({ operation: "putPublisherTopics", params: { publisherId }, body, signal }),
    deletePublisher: (publisherId, { signal } = {}) =>
      call({ operation: "deletePublisher", params: { publisherId }, signal }),

    registerSubscriber: (body, { signal } = {}) => call({ operation: "registerSubscriber", body, signal }),
    listSubscribers: ({ after, limit, topic, search } = {}, { signal } = {}) =>
      call({ operation: "listSubscribers", query: { after, limit, topic, search }, signal }),
    getSubscriber: (subscriberId, { signal } = {}) =>
      call({ operation: "getSubscriber", params: { subscriberId }, signal }),
    deleteSubscriber: (subscriberId, { signal } = {}) =>
      call({ operation: "deleteSubscriber", params: { subscriberId }, signal }),
    subscribe: (subscriberId, query = {}) => readPage(transport, undefined, subscriberId, query),
    commitCursor: (subscriberId, body, { signal } = {}) =>
      call({ operation: "commitCursor", params: { subscriberId }, body, signal }),
    seekSubscriber: (subscriberId, body, { signal } = {}) =>
      call({ operation: "seekSubscriber", params: { subscriberId }, body, signal }),
    createStreamToken: (subscriberId, { signal } = {}) =>
      call({ operation: "createStreamToken", params: { subscriberId }, signal }),

    listTopics: ({ after, limit, prefix } = {}, { signal } = {}) =>
      call({ operation: "listTopics", query: { after, limit, prefix }, signal }),
    putTopic: (topic, body = {}, { signal } = {}) => call({ operation: "putTopic", params: { topic }, body, signal }),
    getTopic: (topic, { signal } = {}) => call({ operation: "getTopic", params: { topic }, signal }),
    deleteTopic: (topic, { signal } = {}) => call({ operation: "deleteTopic", params: { topic }, signal }),

    publish: createPublish(transport, undefined),
    browseMessages: (topic, { after, at, before, contains, term, key, limit } = {}, { signal } = {}) =>
      call({
        operation: "browseMessages",
        params: { topic },
        query: { after, at, before, contains, term, key, limit },
        signal,
      }),
    getTopicActivity: (topic, { from, to, buckets } = {}, { signal } = {}) =>
      call({ operation: "getTopicActivity", params: { topic }, query: { from, to, buckets }, signal }),
    getMessage: (topic, messageId, { signal } = {}) =>
      call({ operation: "getMessage", params: { topic, messageId }, signal }),
    getPopularTerms: (query, options = {}) => getPopularTerms(transport, query ?? ({} as never), options),
    rebuildTerms: (body, { signal } = {}) => call({ operation: "rebuildTerms", body, signal }),

    getOverview: ({ signal } = {}) => call({ operation: "getOverview", signal }),
    listFunctions: ({ after, limit } = {}, { signal } = {}) =>
      call({ operation: "listFunctions", query: { after, limit }, signal }),
    listFunctionEvents: (name, { signal } = {}) =>
      call({ operation: "listFunctionEvents", params: { function: name }, signal }),
    invokeFunction: (name, body, { signal } = {}) =>
      call({ operation: "invokeFunction", params: { function: name }, body, signal }),
    listTables: ({ after, limit } = {}, { signal } = {}) =>
      call({ operation: "listTables", query: { after, limit }, signal }),
    listTableItems: (table, { after, limit } = {}, { signal } = {}) =>
      call({ operation: "listTableItems", params: { table }, query: { after, limit }, signal }),
  };
}

function httpFor(url: string, given: typeof fetch | undefined): HttpClient {
  if (given) return createFetchHttp(url, given);
  // Called as a bare function: a browser's fetch refuses another `this`.
  return createNodeHttp(url) ?? createFetchHttp(url, (input, init) => fetch(input, init));
}

function rootOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new BellwetherError("invalid_request", `"${text}" is not the http or https URL of a service.`);
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}
