import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { fold } from "./fold.ts";
import { languages } from "./stop-word-languages.ts";
import { stopWordsFor } from "./stop-words.ts";
import { messageTerms, tokenize } from "./tokenize.ts";

const termsOf = (text: string) => [...tokenize(text)];

test("words are those people would point at", () => {
  assert.deepEqual(termsOf("The quick (“brown”) fox can’t jump 32.3 feet, right?"), [
    "the",
    "quick",
    "brown",
    "fox",
    "can't",
    "jump",
    "feet",
    "right",
  ]);
  assert.deepEqual(termsOf("don't don’t DON'T"), ["don't"]);
  assert.deepEqual(termsOf("e.g. U.S.A. v1.2 3rd node.js snake_case foo-bar 1,000.5 12:30 ____ x é"), [
    "e.g",
    "u.s.a",
    "v1.2",
    "3rd",
    "node.js",
    "snake_case",
    "foo",
    "bar",
  ]);
  assert.deepEqual(termsOf("Straße STRASSE ΣΊΣΥΦΟΣ Ｗｉｄｅ co\u00adop ﬁne"), [
    "strasse",
    "σίσυφοσ",
    "wide",
    "coop",
    "fine",
  ]);
  assert.deepEqual(termsOf("Привет, мир! 東京です สวัสดีครับ 🎉"), ["привет", "мир", "東京", "です", "สวัสดี", "ครับ"]);
});

test("tags and names keep their sigil, and need a letter and a border before it", () => {
  assert.deepEqual(termsOf("#Berlin, @ann_b! me@example.org C# #42 #3d ## @ #日本語 (#x)"), [
    "#berlin",
    "@ann_b",
    "me",
    "example.org",
    "#3d",
    "#日本語",
    "#x",
  ]);
});

test("addresses are cut out", () => {
  assert.deepEqual(
    termsOf("see https://example.org/a?b=c#d, <http://a.b>c WWW.x.org/y ftp://f 请看http://x.y/路径 www. xhttp://kept"),
    ["see", "请看", "路径", "xhttp", "kept"],
  );
});

test("a term is at most 64 bytes", () => {
  assert.deepEqual(
    termsOf(
      `${"a".repeat(64)} ${"b".repeat(65)} ${"é".repeat(32)} ${"ö".repeat(33)} #${"t".repeat(63)} #${"u".repeat(64)}`,
    ),
    ["a".repeat(64), "é".repeat(32), `#${"t".repeat(63)}`],
  );
});

test("a message's terms come from its title and the strings of its body, in reading order", () => {
  assert.deepEqual(
    [...messageTerms({ title: "One", body: { two: "three", four: ["five", { six: "seven one" }, 8, null, true] } })],
    ["one", "three", "five", "seven"],
  );
  assert.deepEqual([...messageTerms({ body: "text" })], ["text"]);
  assert.deepEqual([...messageTerms({ body: null })], []);
  assert.deepEqual(
    [...messageTerms({ title: "left", body: ["right"] })],
    ["left", "right"],
    "strings do not run together",
  );
  assert.deepEqual([...messageTerms({ body: "the end" }, { stopWords: stopWordsFor(["en"]) })], ["end"]);
});

test("a message is read up to 64 KB of UTF-8 and 256 distinct terms", () => {
  const words = Array.from({ length: 300 }, (_, i) => `w${i}`);
  assert.deepEqual([...messageTerms({ title: "w0", body: words })], words.slice(0, 256));
  assert.deepEqual([...messageTerms({ body: `${"- ".repeat(32_765)}abcd efgh` })], ["abcd"]);
  assert.deepEqual(
    [...messageTerms({ title: "-".repeat(65_533), body: ["éé", "x y z never"] })],
    [],
    "é alone fits, and is one letter",
  );
  assert.deepEqual([...messageTerms({ title: "-".repeat(65_530), body: ["ab", "\u{1f600}", "never"] })], ["ab"]);
  assert.deepEqual(
    [...messageTerms({ title: "-".repeat(65_533), body: ["\u{1f600}", "ab"] })],
    [],
    "nothing behind the cut",
  );
});

test("deep JSON is read without recursion", () => {
  let body: unknown = "deep";
  for (let i = 0; i < 200_000; i++) body = i % 2 ? [body] : { a: body };
  assert.deepEqual([...messageTerms({ body })], ["deep"]);
});

const oddUnit = fc.constantFrom(
  ..."aab1_.,:;'‘’\"-#@ \n\t/éßςя“–…·\u0308\u200d\u00adא日本カーกําข가عٰ\u{1f600}\u{1d400}".match(/./gsu)!,
  ..."\u2024\u203f\u30a0\uff9e\u0345\u0344ª²½\ud800".split(""),
  "www.",
  "http://",
);
const anyText = fc.oneof(
  fc.string({ unit: oddUnit, maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(..."ab1_.,:;'#@ "), maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 30 }),
);

test("terms of folded text are those of the text, each a term of itself, never empty, at most 64 bytes", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const terms = termsOf(text);
      assert.deepEqual(termsOf(fold(text)), terms);
      for (const term of terms) {
        const bytes = Buffer.byteLength(term);
        assert.ok(bytes > 0 && bytes <= 64 && term.isWellFormed());
      }
    }),
    { numRuns: 3_000 },
  );
});

test("hostile text of 64 KB is answered, where quadratic work would not end in time", () => {
  const bytes = 65_536;
  for (const unit of [
    "a'",
    "a.",
    "1,",
    "#a",
    "@",
    "#",
    "http://",
    "www.",
    "a\u0315\u0316",
    "\u0315\u0316",
    "\u0301\uff9e",
    "\u0315",
    "日",
    "ก",
    "\u200d",
    "a:b",
    "\ufdfa",
    "''",
    "á'",
    "_",
  ]) {
    messageTerms({ body: unit.repeat(bytes / unit.length) });
  }
  assert.ok(fold("\u0315\u0316".repeat(1_000)).length <= 64, "what is normalised has no long run of marks");
  messageTerms({ body: `a${"\u0315".repeat(16_384)}${"\u0316".repeat(16_384)}` });
});

test("a million distinct words cost no more memory than the terms kept, and keep no text", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const kept: string[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  let made = 0;
  const word = () => `unmistakable${(made++).toString(36).padStart(7, "x")}`;
  while (made < 1_000_000) {
    const terms = messageTerms({ body: Array.from({ length: 5_000 }, word).join(" ") });
    assert.equal(terms.size, 256);
    kept.push(...[...terms].slice(0, 2));
  }
  collect();
  const heldBytes = process.memoryUsage().heapUsed - before;
  assert.ok(kept.length === 400 && heldBytes < 4_000_000, `${heldBytes} bytes are held by ${kept.length} terms`);
});

test("stop words are folded, joined over languages, and refused for unknown ones", () => {
  assert.ok(stopWordsFor(["en"]).has("the"));
  assert.ok(!stopWordsFor(["en"]).has("system"));
  const both = stopWordsFor(["en", "de"]);
  assert.ok(both.has("the") && both.has("der") && both.has("fur") === stopWordsFor(["de"]).has("fur"));
  assert.equal(stopWordsFor([]).size, 0);
  for (const language of languages) for (const word of stopWordsFor([language])) assert.equal(fold(word), word);
  assert.throws(() => stopWordsFor(["xx"]), RangeError);
});

test("English stop words are grammar, contractions included, and nothing that people talk about", () => {
  const stopWords = stopWordsFor(["en"]);
  const left = tokenize("It’s not so: she doesn't, we'll, I'm, you can't and won't. No one's whale, I've", {
    stopWords,
  });
  assert.deepEqual([...left], ["whale"]);
  for (const word of ["may", "us", "will", "whale's", "system", "world"]) assert.ok(!stopWords.has(word), word);
});
