import type { PopularTerms, RisingTerms } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import type { SummaryRecord } from "#core/store.ts";
import { hasEnoughMessages, risingTerms } from "#terms/rising.ts";
import { tokenize, tokenizerVersion } from "#terms/tokenize.ts";
import type { Lexicon, Totals } from "#terms/totals.ts";
import type { Context } from "./context.ts";
import { overall } from "./scopes.ts";
import { SummaryCache } from "./summary-cache.ts";
import { TermParts } from "./term-parts.ts";
import {
  isLongEnough,
  type ReadingContext,
  readTerms,
  scopeOf,
  type TermsQuestion,
  type TermsReading,
} from "./terms-reading.ts";
import { WatchedTerms } from "./watched-terms.ts";

/** An answer to a question about terms. */
export type TermsAnswer = PopularTerms | RisingTerms;

/** A question with how many terms are wanted, 1..1000. */
export interface TermsRequest extends TermsQuestion {
  readonly limit: number;
}

/** How long a whole answer is given again. */
const answerKeptMs = 1_000;
/** How many answers are kept at most; past it all are made anew. */
const answersMax = 200;

/** What of an answer follows from the summaries alone, whatever the time. */
type Body = Pick<PopularTerms, "messages" | "pairs" | "floor" | "exact" | "terms"> | RisingBody;
type RisingBody = Pick<RisingTerms, "messages" | "pairs" | "floor" | "exact" | "terms" | "reason"> & {
  readonly baselineMessages: number | undefined;
};

interface Made {
  readonly answer: TermsAnswer;
  readonly body: Body;
  /** Which summaries it is made of, in which version. */
  readonly sources: string;
  readonly hidden: readonly string[];
}

interface KeptAnswer {
  readonly made: Promise<Made>;
  readonly hidden: readonly string[];
  /** Infinity while it is being made. */
  untilMs: number;
}

/**
 * Answers questions about terms for a process. A whole answer is given again for a second; as long as the summaries that
 * it is made of stay as they are, only its times are made anew; and streams of one question share its answers. This is
 * the one thing here worth a cache: asked often, changing slowly, equal for all who may ask. (design: popular terms, 4.)
 */
export class TermAnswers {
  readonly #context: ReadingContext & Pick<Context, "registry">;
  readonly #parts = new TermParts();
  readonly #keptMs: number;
  readonly #kept = new Map<string, KeptAnswer>();
  readonly #watched = new Map<string, WatchedTerms>();

  constructor(context: Pick<Context, "store" | "clock" | "registry" | "appends">, keptMs: number = answerKeptMs) {
    this.#context = { ...context, summaries: new SummaryCache(context.store, context.clock) };
    this.#keptMs = keptMs;
  }

  /** The answer, at most a second old. The caller may ask, and the topic is there: that has been found out. */
  async ask(request: TermsRequest): Promise<TermsAnswer> {
    const kept = this.#kept.get(keyOf(request));
    if (kept && this.#isFresh(kept) && areEqual(kept.hidden, hiddenOf(request))) return (await kept.made).answer;
    return (await this.#refresh(request)).answer;
  }

  /**
   * The answer as JSON, at once and whenever its messages or terms have changed, at most once a second, until the signal
   * aborts or the topic is deleted. That its times move on is no change. All who watch one question share the work.
   */
  async *watch(request: TermsRequest, signal: AbortSignal): AsyncGenerator<string> {
    const key = keyOf(request);
    let watched = this.#watched.get(key);
    if (!watched) {
      const fresh = new WatchedTerms(
        () => this.#changed(request),
        () => {
          if (this.#watched.get(key) === fresh) this.#watched.delete(key);
        },
      );
      watched = fresh;
      this.#watched.set(key, watched);
    }
    yield* watched.listen(signal);
  }

  /** The next state of a watched question; undefined once its topic is gone. */
  async #changed(request: TermsRequest): Promise<{ state: unknown; json: () => string } | undefined> {
    let { topic } = request;
    if (topic) {
      const { incarnation } = topic;
      topic = await this.#context.registry.topic(topic.topic);
      if (topic?.incarnation !== incarnation) return undefined;
    }
    const { answer, body } = await this.#refresh({ ...request, topic });
    return { state: body, json: () => JSON.stringify(answer) };
  }

  #refresh(request: TermsRequest): Promise<Made> {
    const key = keyOf(request);
    const before = this.#kept.get(key);
    const made = this.#make(
      request,
      before?.made.catch(() => undefined),
    );
    const kept: KeptAnswer = { made, hidden: hiddenOf(request), untilMs: Number.POSITIVE_INFINITY };
    if (this.#kept.size >= answersMax && !before) this.#kept.clear();
    this.#kept.set(key, kept);
    made.then(
      () => {
        kept.untilMs = this.#context.clock.nowMs() + this.#keptMs;
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return made;
  }

  /** One that is being made is waited for: nobody asks the store twice for the same at once. */
  #isFresh({ untilMs }: KeptAnswer): boolean {
    const nowMs = this.#context.clock.nowMs();
    return untilMs === Number.POSITIVE_INFINITY || (untilMs > nowMs && untilMs <= nowMs + this.#keptMs);
  }

  async #make(request: TermsRequest, before: Promise<Made | undefined> | undefined): Promise<Made> {
    const last = await before;
    const reading = await readTerms(this.#context, request);
    const sources = sourcesOf(reading);
    const hidden = hiddenOf(request);
    const isSame = last?.sources === sources && areEqual(last.hidden, hidden);
    const body = isSame ? last.body : await this.#bodyOf(request, reading);
    return { answer: answerOf(request, reading, body), body, sources, hidden };
  }

  async #bodyOf(request: TermsRequest, { window, baseline }: TermsReading): Promise<Body> {
    const lists = baseline ? [window.records, baseline.records] : [window.records];
    const [now, before] = (await this.#parts.totals(scopeOf(request), ...lists)) as [Totals, Totals?];
    const { messages, pairs, floor } = now;
    const counts = { messages, pairs, floor, exact: floor === 0 };
    const hidden = numbersOf(hiddenOf(request), now.lexicon);
    if (request.sort === "popular") return { ...counts, terms: now.top(request.limit, hidden) };
    const rising = { ...counts, baselineMessages: before?.messages };
    const isEnough = baseline && before && hasEnoughMessages(now, before);
    const messagesOf = (record: SummaryRecord): number => this.#parts.messagesOf(scopeOf(request), record);
    if (!isEnough || !(await isLongEnough(this.#context, request, baseline, messagesOf)))
      return { ...rising, reason: "too-little-data", terms: [] };
    return { ...rising, terms: risingTerms(now, before, request.limit, hidden) };
  }
}

function answerOf(request: TermsRequest, { asOfMs, window, baseline }: TermsReading, body: Body): TermsAnswer {
  const { topic, sort } = request;
  const { messages, pairs, floor, exact, terms } = body;
  const from = window.fromMs === undefined ? {} : { from: timeToString(window.fromMs) };
  return {
    scope: topic ? `topic:${topic.topic}` : overall,
    sort,
    window: { name: request.window, ...from, to: timeToString(window.toMs) },
    asOf: timeToString(asOfMs),
    messages,
    pairs,
    floor,
    exact,
    tokenizer: tokenizerVersion,
    ...("baselineMessages" in body && {
      ...(baseline?.fromMs !== undefined && {
        baseline: {
          from: timeToString(baseline.fromMs),
          to: timeToString(baseline.toMs),
          messages: body.baselineMessages,
        },
      }),
      ...(body.reason && { reason: body.reason }),
    }),
    terms,
  } as TermsAnswer;
}

/** Hidden terms are left out of answers, not of counts; they may be spelled as people write them. */
function numbersOf(hidden: readonly string[], lexicon: Lexicon): Set<number> {
  return new Set(hidden.flatMap((text) => [...tokenize(text)].flatMap((term) => lexicon.find(term) ?? [])));
}

function sourcesOf({ window, baseline }: TermsReading): string {
  const of = (records: readonly SummaryRecord[]): string =>
    records.map(({ scope, level, startMs, version }) => `${scope}/${level}/${startMs}/${version}`).join();
  return `${of(window.records)};${of(baseline?.records ?? [])}`;
}

function keyOf(request: TermsRequest): string {
  return `${scopeOf(request)} ${request.window} ${request.sort} ${request.limit} ${request.atMs ?? ""}`;
}

function hiddenOf({ topic }: TermsQuestion): readonly string[] {
  return topic?.terms.hidden ?? [];
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, i) => text === b[i]));
}
