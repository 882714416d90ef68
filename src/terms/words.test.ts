import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assignedCodePoints } from "../../test/unicode/data.ts";
import { kinds } from "./character-kinds.ts";
import { kindAt } from "./characters.ts";
import { CountedText } from "./fake-counted-text.ts";
import { fold } from "./fold.ts";
import { TermSet } from "./term-set.ts";
import { addUnspacedWords } from "./unspaced-words.ts";
import { segmentEnd } from "./word-breaks.ts";
import { addWords } from "./words.ts";

/*
 * The scan of addWords takes short cuts. Here is the rule without any: tags by an expression, the machine of UAX #29 for
 * all between them, and for each run alone a segmenter that was never asked before.
 */
function addWordsPlainly(text: string, found: TermSet): void {
  let start = 0;
  for (const { 0: tag, index } of text.matchAll(/[#@](?<![\p{L}\p{M}\p{N}_].)[\p{L}\p{M}\p{N}_]+/gu)) {
    addSegments(text.slice(start, index), found);
    if (/\p{L}/u.test(tag)) found.addTag(tag);
    start = index + tag.length;
  }
  addSegments(text.slice(start), found);
}

function addSegments(text: string, found: TermSet): void {
  let run = "";
  for (let start = 0; start < text.length; ) {
    const end = segmentEnd(text, start);
    const segment = text.slice(start, end);
    const isUnspaced = unspaced.test(segment);
    if (isUnspaced) run += segment;
    if (!isUnspaced || end === text.length) {
      if (run !== "") addUnspacedWords(run, found, new Intl.Segmenter("en", { granularity: "word" }));
      run = "";
    }
    if (!isUnspaced && /\p{L}/u.test(segment)) found.addWord(segment);
    start = end;
  }
}

// The letters, marks and letter-numbers of these scripts, and what else has Word_Break Katakana once it is folded.
const unspaced =
  /^(?=\P{M})(?:(?=[\p{L}\p{M}\p{Nl}])[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]|[\u3031-\u3035\u30a0\u30fc])+$/u;

function termsBy(add: typeof addWords, text: string): string[] {
  const found = new TermSet(new Set(), Number.POSITIVE_INFINITY);
  add(text, found);
  return [...found.terms];
}

function assertSame(raw: string): void {
  // Of later characters, our table and the expressions above, which are of the Node that runs, think differently.
  const text = fold([...raw].filter((character) => assignedCodePoints.has(character.codePointAt(0)!)).join(""));
  const found = termsBy(addWords, text).join("|");
  const expected = termsBy(addWordsPlainly, text).join("|");
  if (found !== expected) assert.equal(found, expected, JSON.stringify(text));
}

const oneOfEachKind = [...new Set(Array.from({ length: 0x20000 }, (_, code) => code))]
  .filter((code) => assignedCodePoints.has(code))
  .map((code) => String.fromCodePoint(code))
  .filter((character) => fold(character) === character)
  .filter(
    (
      (seen) => (character: string) =>
        !seen.has(kindAt(character, 0)) && seen.add(kindAt(character, 0))
    )(new Set()),
  );
const oddUnit = fc.constantFrom(
  ...oneOfEachKind,
  ..."aab11__.,:;'’\"-#@ \n/éßςя日本語東京カーク゛ก้ําน갸עברכ״क़ि\u{1f600}\u{1f1e9}\u{1d400}\u{20000}\u{11315}\u{1d165}".match(
    /./gsu,
  )!,
);

test("the scan finds what the rule without short cuts finds, in random text", () => {
  assert.ok(oneOfEachKind.length >= kinds.length - 6, "folding leaves of each kind but a few");
  const text = fc.oneof(
    fc.string({ unit: oddUnit, maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(..."ab1_.,:;'#@ \u0301"), maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.string({ unit: "binary", maxLength: 30 }),
  );
  fc.assert(fc.property(text, assertSame), { numRuns: 4_000 });
});

test("and in every text of three characters of each kind", () => {
  const units = [...oneOfEachKind, "#"];
  for (const first of units) {
    for (const second of units) assertSame(units.map((third) => `${first}${second}${third}`).join(" "));
    assertSame(units.map((third) => `a${first}${third}b`).join("\n"));
  }
});

test("and around each character of the Basic Multilingual Plane", () => {
  const isOneOfThousands = /[\p{sc=Han}\p{sc=Hangul}\p{sc=Yi}]/u;
  for (let code = 0; code < 0x10000; code++) {
    const c = String.fromCharCode(code);
    if (!isOneOfThousands.test(c) || code % 97 === 0) assertSame(`aa${c}bb 11${c}22 _${c}_ ${c}bb${c} #${c}a #a${c} x`);
  }
});

test("each character is read a bounded number of times", () => {
  const units = [
    "a'",
    "a.",
    "1,",
    "#a",
    "@",
    "#",
    "a\u0301",
    "\u0301",
    "日",
    "日,",
    "カ_",
    "ก ",
    "á'",
    "_",
    "א'",
    "\u{1f600}",
  ];
  for (const unit of [...units, ...oneOfEachKind]) {
    for (const text of [unit.repeat(4_096), `a${unit.repeat(4_096)}`, `${unit}'`.repeat(4_096)]) {
      const counted = new CountedText(text);
      addWords(counted.asString(), new TermSet(new Set(), Number.POSITIVE_INFINITY));
      assert.ok(counted.reads <= 24 * text.length, JSON.stringify([unit, counted.reads / text.length]));
    }
  }
});
