import { termBytesMax, utf8Length } from "./utf8.ts";

/** The terms of one message as they are found: distinct, in reading order, without those that are left out. */
export class TermSet {
  readonly terms: Set<string> = new Set();
  readonly #stopWords: ReadonlySet<string>;
  readonly #termsMax: number;

  constructor(stopWords: ReadonlySet<string>, termsMax: number) {
    this.#stopWords = stopWords;
    this.#termsMax = termsMax;
  }

  /** True when no further term will be taken. */
  get full(): boolean {
    return this.terms.size >= this.#termsMax;
  }

  /** Takes a word that holds a letter, unless it is a stop word, a single Latin letter, or too long. */
  addWord(word: string): void {
    if (isOneLatinLetter(word) || this.#stopWords.has(word)) return;
    this.#add(word);
  }

  /** Takes a #tag or @name with its sigil; only length can keep it out. */
  addTag(tag: string): void {
    this.#add(tag);
  }

  #add(term: string): void {
    if (this.full || isTooLong(term)) return;
    this.terms.add(term);
  }
}

/** A code unit is at most 3 bytes of UTF-8 and at least 1, so that few terms need counting. */
function isTooLong(term: string): boolean {
  if (term.length * 3 <= termBytesMax) return false;
  return term.length > termBytesMax || utf8Length(term) > termBytesMax;
}

function isOneLatinLetter(word: string): boolean {
  if (word.length === 1) return word < "\u0080" || oneLatinLetter.test(word);
  return word.charCodeAt(1) >= firstMark && word.length <= termBytesMax && oneLatinLetter.test(word);
}

const firstMark = 0x300;
const oneLatinLetter = /^\p{Script=Latin}\p{M}*$/u;
