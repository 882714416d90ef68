import type { PopularTerms, PopularTermsQuery, RisingTerms } from "#contract/types.ts";
import type { CallOptions } from "./publisher.ts";
import type { Retries } from "./retries.ts";
import { stoppable } from "./stoppable.ts";
import { parseData, silenceMsMax, streamEvents } from "./stream-events.ts";
import type { Call, Transport } from "./transport.ts";

/** The answer to a question: popular terms, unless its `sort` says `rising`, or may say either. */
export type TermsAnswer<Query extends PopularTermsQuery> = "sort" extends keyof Query
  ? Query["sort"] extends "rising"
    ? RisingTerms
    : Query["sort"] extends "popular" | undefined
      ? PopularTerms
      : PopularTerms | RisingTerms
  : PopularTerms;

/** The question for the popular terms of the last ten minutes, overall. */
export type NoQuery = Readonly<Record<never, never>>;

/** Asks once. */
export function getPopularTerms<Query extends PopularTermsQuery>(
  transport: Transport,
  query: Query,
  { signal }: CallOptions,
): Promise<TermsAnswer<Query>> {
  return transport.call({ ...callOf(query), signal });
}

/**
 * Gives the answer there is, and then each that differs, as an event stream says it. A lost connection is opened again,
 * and begins with the answer of then. Ends with the signal, or with an error that does not pass.
 */
export function watchPopularTerms<Query extends PopularTermsQuery>(
  transport: Transport,
  retries: Retries,
  query: Query,
  options: CallOptions,
): AsyncIterableIterator<TermsAnswer<Query>> {
  return stoppable(options.signal, async function* (signal, onEnd) {
    try {
      const open = () => transport.open({ ...callOf(query), signal }, silenceMsMax);
      for await (const events of streamEvents(open, { signal, retries })) {
        for (const event of events) {
          if (event.event === "terms") yield parseData<TermsAnswer<Query>>(event);
        }
      }
    } finally {
      onEnd();
    }
  });
}

function callOf({ topic, window, limit, sort, at }: PopularTermsQuery): Call {
  return { operation: "getPopularTerms", query: { topic, window, limit, sort, at } };
}
