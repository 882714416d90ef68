/** What cutting words must know of a character; equal characters share a kind. */
export interface CharacterKind {
  readonly name: string;
  /** Word_Break, as UAX #29 names it. */
  readonly wordBreak: string;
  /** A letter (General_Category L): what holds none is no term. */
  readonly letter: boolean;
  /** Goes on a #tag or @name: letters, marks, numbers (L, M, N) and the underscore. */
  readonly inTag: boolean;
  /** Of a script that is written without spaces, so that words need a dictionary. */
  readonly unspaced: boolean;
  /** Extended_Pictographic, as UTS #51 has it. */
  readonly pictographic: boolean;
}

/** The scripts written without spaces whose words `Intl.Segmenter` knows by dictionary. */
export const unspacedScripts: ReadonlySet<string> = new Set([
  "Han",
  "Hiragana",
  "Katakana",
  "Thai",
  "Lao",
  "Khmer",
  "Myanmar",
]);

/**
 * Every kind there is; its index is what the table of `unicode-data.ts` holds. They are ordered for the comparisons in
 * `words.ts`: what a word is made of, what only the machine of `word-breaks.ts` knows how to go on with, what always
 * stands alone, and last what may stand between two words.
 */
export const kinds: readonly CharacterKind[] = [
  kind("letter", "ALetter", "letter inTag"),
  kind("digit", "Numeric", "inTag"),
  kind("underscore", "ExtendNumLet", "inTag"),
  kind("mark", "Extend", "inTag"),

  kind("hebrewLetter", "Hebrew_Letter", "letter inTag"),
  kind("letterSign", "ALetter", ""),
  kind("letterNumber", "ALetter", "inTag"),
  kind("letterPictograph", "ALetter", "pictographic"),
  kind("pictographicLetter", "ALetter", "letter inTag pictographic"),
  kind("numberSign", "Numeric", ""),
  kind("connector", "ExtendNumLet", ""),
  kind("letterMark", "Extend", "letter inTag"),
  kind("modifier", "Extend", ""),
  kind("format", "Format", ""),
  kind("joiner", "ZWJ", ""),
  kind("unspacedMark", "Extend", "inTag unspaced"),
  kind("iterationMark", "ALetter", "letter inTag unspaced"),
  kind("katakana", "Katakana", "letter inTag unspaced"),
  kind("katakanaSign", "Katakana", "unspaced"),
  kind("surrogate", "Other", ""),

  kind("unspacedLetter", "Other", "letter inTag unspaced"),
  kind("unspacedNumber", "Other", "inTag unspaced"),
  kind("loneLetter", "Other", "letter inTag"),
  kind("sigil", "Other", ""),

  kind("midLetter", "MidLetter", ""),
  kind("midNumber", "MidNum", ""),
  kind("midEither", "MidNumLet", ""),
  kind("apostrophe", "Single_Quote", ""),
  kind("quote", "Double_Quote", ""),
  kind("loneNumber", "Other", "inTag"),
  kind("pictograph", "Other", "pictographic"),
  kind("flag", "Regional_Indicator", ""),
  kind("space", "WSegSpace", ""),
  kind("carriageReturn", "CR", ""),
  kind("lineFeed", "LF", ""),
  kind("newline", "Newline", ""),
  kind("other", "Other", ""),
];

/** What stands for each kind in the table, in the order of `kinds`. */
export const kindSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!#%&()*+-:;";

/** The number of the kind of a name. */
export function kindNumber(name: string): number {
  const number = kinds.findIndex((kind) => kind.name === name);
  if (number < 0) throw new RangeError(`There is no kind of character named ${name}.`);
  return number;
}

function kind(name: string, wordBreak: string, has: string): CharacterKind {
  const words = has.split(" ");
  const [letter, inTag, unspaced, pictographic] = ["letter", "inTag", "unspaced", "pictographic"].map((word) =>
    words.includes(word),
  );
  return { name, wordBreak, letter: letter!, inTag: inTag!, unspaced: unspaced!, pictographic: pictographic! };
}
