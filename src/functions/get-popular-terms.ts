import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { PopularTerms, PopularTermsQuery } from "#contract/types.ts";
import { timeFromString } from "#core/clock.ts";
import { type Caller, requireRead } from "./access.ts";
import type { Context } from "./context.ts";
import { knownTopic } from "./known-topics.ts";
import { TermAnswers, type TermsAnswer, type TermsRequest } from "./term-answers.ts";

/** Answers which terms are popular or rising in a window, from the fewest summaries that cover it, with its error. */
export function getPopularTerms(
  context: Context,
  caller: Caller,
  input: PopularTermsQuery & { readonly sort?: "popular" },
): Promise<PopularTerms>;
export function getPopularTerms(context: Context, caller: Caller, input: PopularTermsQuery): Promise<TermsAnswer>;
export async function getPopularTerms(
  context: Context,
  caller: Caller,
  input: PopularTermsQuery,
): Promise<TermsAnswer> {
  return TermAnswers.of(context).ask(await begin(context, caller, input));
}

/**
 * The same as JSON texts, for an event stream: the answer there is, and then each that differs, once a second at most. Where
 * streams are finite it ends with the answer there is.
 */
export async function popularTermsStream(
  context: Context,
  caller: Caller,
  input: PopularTermsQuery,
  signal: AbortSignal,
): Promise<AsyncGenerator<string>> {
  const request = await begin(context, caller, input);
  if (request.atMs !== undefined) throw invalid("at", "is not for event streams: what is past does not change");
  if (context.settings.finiteStreams) return one(JSON.stringify(await TermAnswers.of(context).ask(request)));
  return whileAllowed(context, caller, TermAnswers.of(context).watch(request, signal));
}

async function begin(context: Context, caller: Caller, input: PopularTermsQuery): Promise<TermsRequest> {
  requireRead(context, caller, input.topic);
  const { window = "10m", sort = "popular", limit = limits.termsDefault } = input;
  const atMs = input.at === undefined ? undefined : momentOf(input.at, context.clock.nowMs());
  if (window === "all" && sort === "rising")
    throw invalid("sort", "is not for the window all: nothing lies before it. Ask for 1m, 10m, 1h or 1d");
  if (window === "all" && atMs !== undefined)
    throw invalid("at", "is not for the window all, which is kept as one sum. Ask for 1m, 10m, 1h or 1d");
  const topic = input.topic === undefined ? undefined : await knownTopic(context, input.topic);
  return { topic, window, sort, limit, atMs };
}

function momentOf(text: string, nowMs: number): number {
  const timeMs = timeFromString(text);
  if (timeMs === undefined) throw invalid("at", "must be an RFC 3339 time such as 2026-01-31T08:00:00Z");
  if (timeMs > nowMs) throw invalid("at", "lies in the future. Leave it out to ask for now");
  return timeMs;
}

async function* one(answer: string): AsyncGenerator<string> {
  yield answer;
}

/** Ends the stream of a subscriber that was deleted meanwhile. */
async function* whileAllowed(
  context: Context,
  caller: Caller,
  answers: AsyncGenerator<string>,
): AsyncGenerator<string> {
  for await (const answer of answers) {
    const isGone = caller.kind === "subscriber" && !(await context.registry.subscriber(caller.subscriber.subscriberId));
    if (isGone) return;
    yield answer;
  }
}

function invalid(name: string, message: string): BellwetherError {
  return new BellwetherError("invalid_request", `query.${name} ${message}.`, {
    errors: [{ path: `query.${name}`, message }],
  });
}
