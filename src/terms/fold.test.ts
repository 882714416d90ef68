import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assignedCodePoints, casefoldOf } from "../../test/unicode/data.ts";
import { fold, foldAny } from "./fold.ts";

/** Each assigned character with its NFKC_Casefold as Unicode has it, but for the one deviation. */
const expected = (character: string): string => (character === "’" ? "'" : casefoldOf(character));

// Marks, letters that fold to several, that compose, that need reordering; and what is dropped.
const oddUnit = fc.constantFrom(
  ..."aAßẞİıIſŉǰΐΰΣςσᾳᾼῼ\u0345\u0301\u0308\u0327\u0331\u0344\u093c\u05bcヷ\u3099ｶﾞ가\u1100\u1161\u11a8Ꭰꭰ\u1c88և…½①ﷺ’'",
  "\u00ad",
  "\u200d",
  "\u{e0100}",
  "\u{1d400}",
  "\u{10400}",
  "\u{1d15e}",
  "\u{1f600}",
);
const assigned = fc
  .string({ unit: "binary", maxLength: 12 })
  .map((text) => [...text].filter((character) => assignedCodePoints.has(character.codePointAt(0)!)).join(""));
const anyText = fc.oneof(fc.string({ unit: oddUnit, maxLength: 12 }), assigned, fc.string({ unit: "grapheme" }));

test("every assigned character folds to its NFKC_Casefold", () => {
  for (const code of assignedCodePoints) {
    const character = String.fromCodePoint(code);
    if (fold(character) !== expected(character)) assert.fail(`U+${code.toString(16)}: ${fold(character)}`);
  }
});

test("texts fold to the NFKC_Casefold of their characters, composed", () => {
  // The Unicode Standard, section 3.13: what is caseless compared is taken apart first, for the iota subscript's sake.
  // Which marks are in order depends on what stands between them, so what is dropped goes first, and halfwidth voice marks
  // become marks.
  const apart = (text: string): string =>
    [...text.replaceAll("\uff9e", "\u3099").replaceAll("\uff9f", "\u309a")]
      .filter((character) => casefoldOf(character) !== "")
      .join("")
      .normalize("NFD");
  const casefold = (text: string): string => [...apart(text)].map(expected).join("").normalize("NFC");
  const known = anyText.filter((text) => [...text].every((each) => assignedCodePoints.has(each.codePointAt(0)!)));
  fc.assert(
    fc.property(known, (text) => assert.equal(fold(text), casefold(text))),
    { numRuns: 5_000 },
  );
});

test("folding twice is folding once, for each character, for text, and with any number of marks", () => {
  for (let code = 0; code < 0x110000; code++) {
    if (code === 0x40000) code = 0xe0000; // nothing is assigned between
    if (code === 0xf0000) break; // for private use
    const once = fold(String.fromCodePoint(code));
    if (fold(once) !== once) assert.fail(`U+${code.toString(16)}`);
  }
  const marks = fc.string({
    unit: fc.constantFrom(..."\u0301\u0323\u0344\u0345\uff9eı".match(/./gu)!),
    maxLength: 200,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        fc.string({ unit: "binary" }),
        marks,
        fc.tuple(anyText, marks, marks).map((all) => all.join("İ")),
      ),
      (text) => assert.equal(fold(fold(text)), fold(text)),
    ),
    { numRuns: 5_000 },
  );
});

test("the short cuts give what the long way gives", () => {
  const plain = fc.string({ unit: fc.constantFrom(..."aZ'’ß «»ÀÿİıŒъЖ–—“”•\u0132\u01f0\u0301…"), maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(plain, anyText), (text) => assert.equal(fold(text), foldAny(text))),
    { numRuns: 5_000 },
  );
  for (let code = 0; code < 0x10000; code++) {
    const text = `a${String.fromCharCode(code)}b`;
    if (fold(text) !== foldAny(text)) assert.fail(`U+${code.toString(16)}`);
  }
});

test("what is normalised holds no long run of marks, so that sorting them takes no quadratic time", () => {
  for (const marks of ["\u0315\u0316", "\u0301\uff9e", "\u{1e8d0}\u{1d165}", "\u0344\u0345"]) {
    for (let at = 0; at < 45; at++) {
      assert.ok(foldAny(`${"x".repeat(at)}${marks.repeat(1_000)}`).length <= at + 2 * 41, marks);
    }
  }
});
