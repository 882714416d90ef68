import { caseFoldings, ignorables } from "./unicode-data.ts";

/**
 * Brings text to the one form in which terms are compared. Folding twice is folding once.
 *
 * It is NFKC_Casefold of Unicode 15.0 (UAX #44): compatibility characters taken apart, accents composed, case folded, and
 * default-ignorable characters (soft hyphen, zero-width joiners, variation selectors) dropped. Beyond it, a curly
 * apostrophe becomes a straight one, so that don’t and don't are one term; a lone surrogate becomes U+FFFD; and of a long
 * run of combining marks the rest is cut off. Time is linear.
 */
export function fold(text: string): string {
  if (!nonAscii.test(text)) return text.toLowerCase();
  if (!maybeUnstable.test(text)) return text.toLowerCase().replace(irregularPlain, (letter) => plainFoldings[letter]!);
  return foldAny(text);
}

/** What `fold` does, for any text: it takes no short cut. */
export function foldAny(text: string): string {
  const kept = cutMarks(text.toWellFormed().replace(ignorable, ""));
  const folded = foldCase(kept.normalize("NFKC")).normalize("NFKC");
  return cutMarks(folded).replaceAll("’", "'");
}

const nonAscii = /[\u0080-\uffff]/;
// Of other text, all is its own NFKC whatever stands beside it: Latin and Cyrillic without rare letters, dashes and quotes.
const maybeUnstable = /[^\0-\x9f«»¿-\u0131\u0400-\u0481\u2012-\u2016\u2018-\u2022]/;
const irregularPlain = /[ß’]/g;
const plainFoldings: Readonly<Record<string, string>> = { ß: "ss", "’": "'" };

const ignorable = new RegExp(`[${ignorables.replace(/[0-9A-F]+/g, "\\u{$&}").replaceAll(" ", "")}]+`, "gu");

/** Case folding is the lower case but for two hundred letters; of them, these are not taken apart by NFKD. */
const irregulars: ReadonlyMap<string, string> = new Map(
  caseFoldings
    .split(" ")
    .map((hex) => String.fromCharCode(...hex.match(/.{4}/g)!.map((unit) => parseInt(unit, 16))))
    .map((units): [string, string] => [units[0]!, units.slice(1)])
    .filter(([from]) => from.normalize("NFKD") === from),
);
const irregular = new RegExp(`[${[...irregulars.keys()].join("")}]`, "g");
// These, and letters with an iota subscript: a few wide ranges, tested several times as fast as many narrow ones.
const maybeIrregular = /[\u0345ßς\u0587\u13f8-\u13fd\u1c80-\u1c88\u1f80-\u1ffc\uab70-\uabbf]/;

/** An iota subscript becomes a letter of its own, where it stands when marks are in order: so letters are taken apart. */
function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (!maybeIrregular.test(lower)) return lower;
  return lower.normalize("NFD").replace(irregular, (letter) => irregulars.get(letter)!);
}

/**
 * Cuts runs of combining marks to 40, if there is one of 60 or more. Normalising sorts each run, in quadratic time in ICU:
 * 64 KB of them take half a second. A word with as many marks is over 64 bytes and no term, even after the few that
 * compose with their letter, so that what is cut changes no answer.
 * Source: the Stream-Safe Text Format of UAX #15, section 13, which keeps 30.
 */
function cutMarks(text: string): string {
  // Of a run of 60, one mark stands at a multiple of 40, and 20 follow it.
  for (let i = 0; i + 20 < text.length; i += 40) {
    let end = i;
    while (end <= i + 20 && maybeMark.test(text.charAt(end))) end++;
    if (end > i + 20) return text.replace(longRun, "$1");
  }
  return text;
}

// Halves of surrogate pairs may be halves of marks. The two halfwidth voice marks become combining ones.
const maybeMark = /[\p{M}\uff9e\uff9f\ud800-\udfff]/u;
const longRun = /([\p{M}\uff9e\uff9f]{40})[\p{M}\uff9e\uff9f]+/gu;
