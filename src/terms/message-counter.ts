import { encodeSummary } from "./codec.ts";
import type { Counted, Summary } from "./summary.ts";
import { ownCopy, TermSet } from "./term-set.ts";
import { addMessageTerms, type MessageText, messageTermsMax, type TokenizeOptions } from "./tokenize.ts";
import { tokenizerVersion } from "./tokenizer-version.ts";

/**
 * Counts messages by their terms: what `exactSummary` gives of the `messageTerms` of each, without a set for each message.
 */
export class MessageCounter {
  readonly #tally: Tally;

  constructor(options: TokenizeOptions = {}) {
    this.#tally = new Tally(options.stopWords ?? new Set());
  }

  /** Adds a message. If this throws, as a getter in its body may, nothing of the message is counted. */
  add(message: MessageText): void {
    this.#tally.begin();
    try {
      addMessageTerms(message, this.#tally);
    } catch (error) {
      this.#tally.undo();
      throw error;
    }
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
  readonly term: string;
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
  /** What the message begun last counts towards, and behind that what earlier ones did. */
  readonly #taken: Tallied[] = [];

  constructor(stopWords: ReadonlySet<string>) {
    super(stopWords, messageTermsMax);
  }

  begin(): void {
    this.messages++;
    this.#pairsBefore = this.pairs;
  }

  /** Takes the message begun last back. */
  undo(): void {
    while (this.pairs > this.#pairsBefore) {
      this.pairs--;
      const tallied = this.#taken[this.pairs - this.#pairsBefore]!;
      tallied.count--;
      tallied.lastMessage = 0;
      if (tallied.count === 0) this.counts.delete(tallied.term);
    }
    this.messages--;
  }

  override get full(): boolean {
    return this.pairs - this.#pairsBefore >= messageTermsMax;
  }

  protected override take(term: string): void {
    let tallied = this.counts.get(term);
    if (tallied === undefined) {
      tallied = { term: ownCopy(term), count: 0, error: 0, lastMessage: 0 };
      this.counts.set(tallied.term, tallied);
    }
    if (tallied.lastMessage === this.messages) return;
    tallied.count++;
    tallied.lastMessage = this.messages;
    this.#taken[this.pairs - this.#pairsBefore] = tallied;
    this.pairs++;
  }
}
