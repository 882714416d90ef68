import { holdsLetter } from "./characters.ts";
import type { TermSet } from "./term-set.ts";

/**
 * Adds the words of folded text in scripts written without spaces: Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar.
 *
 * They are those of `Intl.Segmenter`, which knows the words of these languages by dictionary: ICU's, as the Node that
 * runs brings it.
 */
export function addUnspacedWords(text: string, found: TermSet, segmenter: Intl.Segmenter = sharedSegmenter): void {
  const isSplit = splitVowels.test(text);
  for (const { segment } of segmenter.segment(isSplit ? withJoinedVowels(text) : text)) {
    if (found.full) return;
    if (!holdsLetter(segment, 0, segment.length)) continue;
    found.addWord(isSplit && joinedVowel.test(segment) ? segment.normalize("NFKC") : segment);
  }
}

// One language for all text, pinned: words must not depend on the machine's locale. The dictionaries are the same for all.
const sharedSegmenter = new Intl.Segmenter("en", { granularity: "word" });

/**
 * NFKC takes Thai and Lao am apart, and the two Lao digraphs. The dictionaries know only words written with them whole:
 * without, จำนวนคนไทย falls into จํา, นว, น, คน, ไท and more.
 */
const joinedVowels: Readonly<Record<string, string>> = {
  "\u0e4d\u0e32": "\u0e33",
  "\u0ecd\u0eb2": "\u0eb3",
  "\u0eab\u0e99": "\u0edc",
  "\u0eab\u0ea1": "\u0edd",
};
const splitVowels = /\u0e4d\u0e32|\u0ecd\u0eb2|\u0eab[\u0e99\u0ea1]/;
const joinedVowel = /[\u0e33\u0eb3\u0edc\u0edd]/;
const everySplitVowel = new RegExp(splitVowels, "g");

function withJoinedVowels(text: string): string {
  return text.replace(everySplitVowel, (split) => joinedVowels[split]!);
}
