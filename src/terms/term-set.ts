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
    this.take(term);
  }

  /** Keeps a term; it may have come before. */
  protected take(term: string): void {
    this.terms.add(ownCopy(term));
  }
}

// V8 makes a slice of as many code units a view of the text it is cut from, which holds the whole text in memory.
const slicedUnitsMin = 13;

/** The same string, at most as a view of one that is hardly longer: a term that is kept must not keep its message. */
export function ownCopy(term: string): string {
  return term.length < slicedUnitsMin ? term : ` ${term}`.slice(1);
}

/** A code unit is at most 3 bytes of UTF-8 and at least 1, so that few terms need counting. */
function isTooLong(term: string): boolean {
  if (term.length * 3 <= termBytesMax) return false;
  return term.length > termBytesMax || utf8Length(term) > termBytesMax;
}

/** Latin letters with any number of marks; most words are known by their first two code units not to be one. */
function isOneLatinLetter(word: string): boolean {
  const first = word.charCodeAt(0);
  if (word.length === 1 && first < 0x80) return true;
  if (word.charCodeAt(1) < firstMark || word.length > termBytesMax) return false;
  return mayBeLatin(first) && oneLatinLetter.test(word);
}

/** Not of the blocks from Greek to Vedic Extensions, of the CJK ones, or of Hangul. */
function mayBeLatin(unit: number): boolean {
  return unit < 0x370 || (unit >= 0x1d00 && unit < 0x2e80) || (unit >= 0xa700 && unit < 0xac00) || unit >= 0xd7b0;
}

const firstMark = 0x300;
const oneLatinLetter = /^\p{Script=Latin}\p{M}*$/u;
