import { encodeSummary } from "./codec.ts";
import type { Counted, Summary } from "./summary.ts";
import { ownCopy, TermSet } from "./term-set.ts";
import {
  addMessageTerms,
  type MessageText,
  messageTermsMax,
  type TokenizeOptions,
  tokenizerVersion,
} from "./tokenize.ts";

/**
 * Counts messages by their terms: what `exactSummary` gives of the `messageTerms` of each, without a set for each message.
 */
export class MessageCounter {
  readonly #tally: Tally;

  constructor(options: TokenizeOptions = {}) {
    this.#tally = new Tally(options.stopWords ?? new Set());
  }

  add(message: MessageText): void {
    this.#tally.begin();
    addMessageTerms(message, this.#tally);
  }

  /** Adds a message that has no terms. */
  addBlank(): void {
    this.#tally.begin();
  }

  /** The exact summary of all messages so far; later calls of `add` do not change it. */
  summary(): Summary {
    const { messages, pairs, counts } = this.#tally;
    const terms = new Map<string, Counted>();
    for (const [term, { count, error }] of counts) terms.set(term, { count, error });
    return { messages, pairs, floor: 0, terms };
  }

  /** The same encoded, under this `tokenizerVersion`. */
  encode(): Uint8Array {
    const { messages, pairs, counts } = this.#tally;
    return encodeSummary({ messages, pairs, floor: 0, terms: counts }, tokenizerVersion);
  }
}

interface Tallied extends Counted {
  count: number;
  readonly error: 0;
  /** Which message held it last: a term is counted once per message. */
  lastMessage: number;
}

/** The terms of message after message, added to counts where a `TermSet` would hold those of one. */
class Tally extends TermSet {
  readonly counts = new Map<string, Tallied>();
  messages = 0;
  pairs = 0;
  #pairsBefore = 0;

  constructor(stopWords: ReadonlySet<string>) {
    super(stopWords, messageTermsMax);
  }

  begin(): void {
    this.messages++;
    this.#pairsBefore = this.pairs;
  }

  override get full(): boolean {
    return this.pairs - this.#pairsBefore >= messageTermsMax;
  }

  protected override take(term: string): void {
    const tallied = this.counts.get(term);
    if (tallied === undefined) this.counts.set(ownCopy(term), { count: 1, error: 0, lastMessage: this.messages });
    else if (tallied.lastMessage === this.messages) return;
    else {
      tallied.count++;
      tallied.lastMessage = this.messages;
    }
    this.pairs++;
  }
}
