import type { PopularTerms, RisingTerms } from "#contract/types.ts";
import { scoreOf } from "#terms/rising.ts";
import { stopWordsFor } from "#terms/stop-words.ts";
import { messageTerms } from "#terms/tokenize.ts";

/** A question as it goes into the URL. Without a topic: overall. */
export interface Asked {
  readonly topic?: string;
  readonly window: "1m" | "10m" | "1h" | "1d" | "all";
  readonly sort: "popular" | "rising";
  readonly limit: number;
  readonly at?: string;
}

export type Answer = PopularTerms | RisingTerms;

/** When the messages of one scope were published: all of them, and those with each term. Times in ms, in order. */
class Times {
  readonly all: number[] = [];
  readonly byTerm = new Map<string, number[]>();

  sort(): void {
    for (const times of [this.all, ...this.byTerm.values()]) times.sort((a, b) => a - b);
  }
}

/** Exact counts of everything that was published, by the same tokenizer, of any stretch of time. */
export class Truth {
  readonly #scopes = new Map<string | undefined, Times>();
  readonly #stopWords = stopWordsFor(["en"]);
  #isSorted = true;

  add(topic: string, publishedAt: string, message: { readonly title?: string; readonly body: unknown }): void {
    const atMs = Date.parse(publishedAt);
    const terms = messageTerms(message, { stopWords: this.#stopWords });
    for (const scope of [topic, undefined]) {
      const times = this.#scopes.get(scope) ?? new Times();
      this.#scopes.set(scope, times);
      times.all.push(atMs);
      for (const term of terms) {
        const ofTerm = times.byTerm.get(term);
        if (ofTerm) ofTerm.push(atMs);
        else times.byTerm.set(term, [atMs]);
      }
    }
    this.#isSorted = false;
  }

  /** Messages of a topic (overall) published in [fromMs, toMs). */
  messages(topic: string | undefined, fromMs: number, toMs: number): number {
    return countWithin(this.#of(topic).all, fromMs, toMs);
  }

  /** Those of them that contain the term. */
  count(topic: string | undefined, term: string, fromMs: number, toMs: number): number {
    return countWithin(this.#of(topic).byTerm.get(term) ?? [], fromMs, toMs);
  }

  terms(topic: string | undefined): Iterable<string> {
    return this.#of(topic).byTerm.keys();
  }

  #of(topic: string | undefined): Times {
    if (!this.#isSorted) for (const times of this.#scopes.values()) times.sort();
    this.#isSorted = true;
    return this.#scopes.get(topic) ?? new Times();
  }
}

/**
 * What of an answer is not true, each as a sentence. Messages published after the answer's `asOf` may be in it or not;
 * all others must be. Everything that was published by then must have been added to the truth.
 */
export function falsehoodsOf(truth: Truth, asked: Asked, answer: Answer): string[] {
  const { topic } = asked;
  const fromMs = answer.window.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(answer.window.from);
  const toMs = Date.parse(answer.window.to);
  const dueMs = Math.min(toMs, Date.parse(answer.asOf) + 1);
  const wrong: string[] = [];
  const hold = (what: string, low: number, value: number, high: number): void => {
    if (value < low || value > high) wrong.push(`${what} is ${value}, not in [${low}, ${high}]`);
  };
  hold("messages", truth.messages(topic, fromMs, dueMs), answer.messages, truth.messages(topic, fromMs, toMs));
  if (asked.at !== undefined) {
    const atMs = Date.parse(asked.at);
    if (!(fromMs < atMs && atMs < toMs)) wrong.push(`the window ends at ${answer.window.to}, asked for ${asked.at}`);
  }
  if (answer.exact !== (answer.floor === 0)) wrong.push(`exact is ${answer.exact} at a floor of ${answer.floor}`);
  if (answer.terms.length > asked.limit) wrong.push(`there are ${answer.terms.length} terms of ${asked.limit}`);
  if (answer.sort === "rising") wrong.push(...falseRises(truth, topic, answer, { fromMs, toMs, dueMs }));
  else wrong.push(...falseCounts(truth, asked, answer, { fromMs, toMs, dueMs }));
  return wrong.slice(0, 5);
}

interface Edges {
  readonly fromMs: number;
  readonly toMs: number;
  readonly dueMs: number;
}

function falseCounts(truth: Truth, asked: Asked, answer: PopularTerms, edges: Edges): string[] {
  const { fromMs, toMs, dueMs } = edges;
  const { terms, floor } = answer;
  // Only once all is counted is it known which are the first.
  const isKnown = dueMs === toMs && terms.some(({ certain }) => certain);
  const last = isKnown ? countOfLastAmong(truth, asked, edges) : 0;
  const wrong: string[] = [];
  const shown = new Set<string>();
  for (const [i, { term, count, error, certain }] of terms.entries()) {
    if (shown.has(term)) wrong.push(`"${term}" is there twice`);
    shown.add(term);
    const least = truth.count(asked.topic, term, fromMs, dueMs);
    const most = truth.count(asked.topic, term, fromMs, toMs);
    if (count > most || count + error < least)
      wrong.push(`"${term}" is in ${least}..${most} messages, not in [${count}, ${count + error}]`);
    if (error > floor) wrong.push(`the error ${error} of "${term}" is above the floor ${floor}`);
    if (i > 0 && count > terms[i - 1]!.count) wrong.push(`"${term}" stands behind a smaller count`);
    if (certain && most < last) wrong.push(`"${term}" is certain, and not among the first ${asked.limit}`);
  }
  // What is not shown is not held, or has a smaller count than the last.
  const bound = floor + (terms.length < asked.limit ? 0 : (terms.at(-1)?.count ?? 0));
  for (const term of truth.terms(asked.topic)) {
    if (shown.has(term)) continue;
    const least = truth.count(asked.topic, term, fromMs, dueMs);
    if (least > bound) wrong.push(`"${term}" is in ${least} messages and is not there (at most ${bound})`);
  }
  return wrong;
}

/** What a term must be in at least to be among the first k, ties included. */
function countOfLastAmong(truth: Truth, { topic, limit }: Asked, { fromMs, toMs }: Edges): number {
  const counts = [...truth.terms(topic)].map((term) => truth.count(topic, term, fromMs, toMs));
  return counts.sort((a, b) => b - a)[limit - 1] ?? 0;
}

function falseRises(truth: Truth, topic: string | undefined, answer: RisingTerms, edges: Edges): string[] {
  const { baseline, terms, messages } = answer;
  const { fromMs, toMs, dueMs } = edges;
  if (!baseline) return terms.length > 0 ? ["there are rising terms without a baseline"] : [];
  const baseFromMs = Date.parse(baseline.from);
  const baseToMs = Date.parse(baseline.to);
  const wrong: string[] = [];
  if (baseToMs > fromMs) wrong.push(`the baseline ends at ${baseline.to}, behind ${answer.window.from}`);
  if (answer.reason !== undefined && terms.length > 0) wrong.push(`${terms.length} terms of ${answer.reason}`);
  // Only once all is counted are the exact numbers of both stretches known.
  if (dueMs < toMs) return wrong;
  if (baseline.messages !== truth.messages(topic, baseFromMs, baseToMs))
    wrong.push(`the baseline has ${baseline.messages} messages`);
  for (const { term, count, expected, score } of terms) {
    const exactly = truth.count(topic, term, fromMs, toMs);
    const exactlyExpected = (truth.count(topic, term, baseFromMs, baseToMs) * messages) / baseline.messages;
    if (count > exactly || expected < exactlyExpected - 1e-9)
      wrong.push(`"${term}" rises to ${count} from ${expected}, truly to ${exactly} from ${exactlyExpected}`);
    if (score > scoreOf(exactly, exactlyExpected) + 1e-9)
      wrong.push(`"${term}" scores ${score}, above its exact score`);
  }
  return wrong;
}

function countWithin(times: readonly number[], fromMs: number, toMs: number): number {
  return firstFrom(times, toMs) - firstFrom(times, fromMs);
}

/** The index of the first time that is not before this one. */
function firstFrom(times: readonly number[], atMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The path and query of a question. */
export function pathOf({ topic, window, sort, limit, at }: Asked): string {
  const query = new URLSearchParams({ window, sort, limit: String(limit) });
  if (topic !== undefined) query.set("topic", topic);
  if (at !== undefined) query.set("at", at);
  return `/v1/popular-terms?${query}`;
}
