import type { PopularTerms, RisingTerms } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import type { SummaryRecord } from "#core/store.ts";
import { hasEnoughMessages, risingTerms } from "#terms/rising.ts";
import { tokenizerVersion } from "#terms/tokenizer-version.ts";
import type { Lexicon, Totals } from "#terms/totals.ts";
import type { Context } from "./context.ts";
import { overall } from "./scopes.ts";
import { SummaryCache } from "./summary-cache.ts";
import { TermParts } from "./term-parts.ts";
import {
  isLongEnough,
  openView,
  type ReadingContext,
  readTerms,
  type Stretch,
  scopeOf,
  type TermsQuestion,
  type TermsView,
} from "./terms-reading.ts";
import { WatchedTerms } from "./watched-terms.ts";

/** An answer to a question about terms. */
export type TermsAnswer = PopularTerms | RisingTerms;

/** A question with how many terms are wanted, 1..1000. */
export interface TermsRequest extends TermsQuestion {
  readonly limit: number;
}

/** Of how many scopes views are kept, and answers of each; past it they are made anew. */
const viewsMax = 100;
const answersMax = 50;

interface KeptView {
  readonly view: Promise<TermsView>;
  readonly answers: Map<string, { readonly hidden: readonly string[]; readonly answer: Promise<TermsAnswer> }>;
  /** undefined while the view is being opened. */
  openedAtMs: number | undefined;
}

/**
 * Answers questions about terms for a process. All answers of a scope within a second are out of one view of it, and the
 * same question gets the same answer; summaries are decoded and added up once; and streams of one question share its
 * answers. This is the one thing here worth a cache: asked often, changing slowly, equal for all who may ask. (design:
 * popular terms, 4.)
 */
export class TermAnswers {
  readonly #context: ReadingContext & Pick<Context, "registry">;
  readonly #keptMs: number;
  readonly #parts = new TermParts();
  readonly #views = new Map<string, KeptView>();
  readonly #watched = new Map<string, WatchedTerms>();

  constructor({ store, clock, registry, appends, settings }: Context) {
    this.#context = { store, clock, registry, appends, summaries: new SummaryCache(store, clock) };
    this.#keptMs = settings.termsViewMs;
  }

  /** The one of this process. */
  static of(context: Context): TermAnswers {
    return context.kept.of(context, makeTermAnswers);
  }

  /** The answer, at most a second old. The caller may ask, and the topic is there: that has been found out. */
  ask(request: TermsRequest): Promise<TermsAnswer> {
    return this.#askWithin(request, this.#keptMs);
  }

  /**
   * The answer as JSON, at once and whenever its messages or terms have changed, at most once a second, until the signal
   * aborts or the topic is deleted. That its times move on is no change. All who watch one question share the work.
   */
  async *watch(request: TermsRequest, signal: AbortSignal): AsyncGenerator<string> {
    const key = `${scopeOf(request)} ${keyOf(request)}`;
    let watched = this.#watched.get(key);
    if (!watched) {
      const fresh = new WatchedTerms(
        () => this.#stateOf(request),
        () => {
          if (this.#watched.get(key) === fresh) this.#watched.delete(key);
        },
      );
      watched = fresh;
      this.#watched.set(key, watched);
    }
    yield* watched.listen(signal);
  }

  /** What a watched question has come to; undefined once its topic is gone. */
  async #stateOf(request: TermsRequest): Promise<{ state: string; json: () => string } | undefined> {
    let { topic } = request;
    if (topic) {
      const { incarnation } = topic;
      topic = await this.#context.registry.topic(topic.topic);
      if (topic?.incarnation !== incarnation) return undefined;
    }
    // Who looks once a second sees views that others opened, but none that is nearly over.
    const answer = await this.#askWithin({ ...request, topic }, this.#keptMs / 4);
    return { state: withoutTimes(answer), json: () => JSON.stringify(answer) };
  }

  async #askWithin(request: TermsRequest, ageMsMax: number): Promise<TermsAnswer> {
    const { view, answers } = this.#viewOf(request, ageMsMax);
    const key = keyOf(request);
    const hidden = request.topic?.terms.hidden ?? [];
    const kept = answers.get(key);
    if (kept && areEqual(kept.hidden, hidden)) return kept.answer;
    const answer = view.then((opened) => this.#answer(request, opened, hidden));
    if (answers.size >= answersMax) answers.clear();
    answers.set(key, { hidden, answer });
    answer.catch(() => answers.delete(key));
    return answer;
  }

  /** The view of a scope, if it is no older than this, or a new one. One that is being opened is waited for. */
  #viewOf(request: TermsRequest, ageMsMax: number): KeptView {
    const scope = scopeOf(request);
    const nowMs = this.#context.clock.nowMs();
    const isOpen = ({ openedAtMs }: KeptView, ageMs: number): boolean =>
      openedAtMs === undefined || (openedAtMs <= nowMs && nowMs < openedAtMs + ageMs);
    const kept = this.#views.get(scope);
    if (kept && isOpen(kept, ageMsMax)) return kept;
    for (const [each, other] of this.#views) {
      if (!isOpen(other, this.#keptMs) || this.#views.size >= viewsMax) this.#views.delete(each);
    }
    const opening: KeptView = {
      view: openView(this.#context, request.topic),
      answers: new Map(),
      openedAtMs: undefined,
    };
    this.#views.set(scope, opening);
    opening.view.then(
      (view) => {
        opening.openedAtMs = view.nowMs;
      },
      () => {
        if (this.#views.get(scope) === opening) this.#views.delete(scope);
      },
    );
    return opening;
  }

  async #answer(request: TermsRequest, view: TermsView, hiddenTexts: readonly string[]): Promise<TermsAnswer> {
    const { window, baseline } = await readTerms(this.#context, view, request);
    const lists = baseline ? [window.records, baseline.records] : [window.records];
    const [now, before] = (await this.#parts.totals(view.scope, ...lists)) as [Totals, Totals?];
    const head = headOf(request, view, window, now);
    const hidden = await numbersOf(hiddenTexts, now.lexicon);
    if (request.sort === "popular") return { ...head, sort: "popular", terms: now.top(request.limit, hidden) };
    if (!baseline || !before) return { ...head, sort: "rising", reason: "too-little-data", terms: [] };
    const rising = { ...head, sort: "rising", baseline: baselineOf(baseline, before) } as const;
    const messagesOf = (record: SummaryRecord): number => this.#parts.messagesOf(view.scope, record);
    const isEnough =
      hasEnoughMessages(now, before) && (await isLongEnough(this.#context, view, request, baseline, messagesOf));
    if (!isEnough) return { ...rising, reason: "too-little-data", terms: [] };
    return { ...rising, terms: risingTerms(now, before, request.limit, hidden) };
  }
}

const makeTermAnswers = (context: Context): TermAnswers => new TermAnswers(context);

function headOf(
  { topic, window: name }: TermsRequest,
  { asOfMs }: TermsView,
  { fromMs, toMs }: Stretch,
  { messages, pairs, floor }: Totals,
): Omit<PopularTerms, "sort" | "terms"> {
  return {
    scope: topic ? `topic:${topic.topic}` : overall,
    window: { name, ...(fromMs !== undefined && { from: timeToString(fromMs) }), to: timeToString(toMs) },
    asOf: timeToString(asOfMs),
    messages,
    pairs,
    floor,
    exact: floor === 0,
    tokenizer: tokenizerVersion,
  };
}

function baselineOf({ fromMs, toMs }: Stretch, { messages }: Totals): NonNullable<RisingTerms["baseline"]> {
  return { from: timeToString(fromMs!), to: timeToString(toMs), messages };
}

/** What of an answer is a change when it is another. */
function withoutTimes(answer: TermsAnswer): string {
  const { window, asOf, ...rest } = answer;
  const baseline = "baseline" in rest ? rest.baseline?.messages : undefined;
  return JSON.stringify({ ...rest, baseline });
}

const noNumbers: ReadonlySet<number> = new Set();

/** Hidden terms are left out of answers, not of counts; they may be spelled as people write them. */
async function numbersOf(hidden: readonly string[], lexicon: Lexicon): Promise<ReadonlySet<number>> {
  if (hidden.length === 0) return noNumbers;
  // Only here: what cuts words takes 8 MB of an idle server that does not.
  const { tokenize } = await import("#terms/tokenize.ts");
  return new Set(hidden.flatMap((text) => [...tokenize(text)].flatMap((term) => lexicon.find(term) ?? [])));
}

function keyOf({ window, sort, limit, atMs }: TermsRequest): string {
  return `${window} ${sort} ${limit} ${atMs ?? ""}`;
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, i) => text === b[i]));
}
