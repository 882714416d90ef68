/**
 * Brings text to the one form in which terms are compared. Folding twice is folding once.
 *
 * It approximates NFKC_Casefold (Unicode, UAX #44) with what JavaScript has: NFKC, lower case, NFKC again, and no
 * default-ignorable characters (soft hyphen, zero-width joiners, variation selectors). Of the case foldings that are not
 * the lower case, it knows ß (ss) and final sigma; the rest, as Cherokee and Greek with iota subscript, keep their lower
 * case. Beyond NFKC_Casefold, a curly apostrophe becomes a straight one, so that don’t and don't are one term.
 */
export function fold(text: string): string {
  if (!nonAscii.test(text)) return text.toLowerCase();
  return withoutOddities(text)
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKC")
    .replace(irregular, (character) => irregularFold[character] ?? "");
}

function withoutOddities(text: string): string {
  if (!oddities.test(text)) return text;
  return text.toWellFormed().replace(ignorable, "").replace(markRun, "$1");
}

// Holds every mark, surrogate and default-ignorable character, and little of what is common in Latin, Greek and Cyrillic:
// a test of this simple range is ten times as fast as one of \p{M}.
const oddities = /[\u0300-\u036f\u0483-\u0489\u0590-\u1dff\u2000-\u200f\u2028-\uffff\u00ad]/;
const nonAscii = /[\u0080-\uffff]/;
const ignorable = /\p{Default_Ignorable_Code_Point}+/gu;

// Normalising sorts each run of combining marks, in quadratic time in ICU: 64 KB of them take half a second. A word with
// as many marks as are kept here is over 64 bytes and no term, even after the few that compose with their letter, so that
// what is cut changes no answer. The two halfwidth voice marks become combining ones.
// Source: the Stream-Safe Text Format of UAX #15, section 13, which keeps 30.
const markRun = /([\p{M}\uff9e\uff9f]{40})[\p{M}\uff9e\uff9f]+/gu;

const irregular = /[ßς’]/g;
const irregularFold: Readonly<Record<string, string>> = { ß: "ss", ς: "σ", "’": "'" };
