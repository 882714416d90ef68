import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenize } from "./tokenize.ts";

/*
 * What is a term, language by language, each expectation with its reason: WBn is a rule of UAX #29, CF is NFKC_Casefold
 * (UAX #44), DI a default-ignorable character, "ICU" the dictionary of ICU 78 in the Node that `npm ci` installs, "ours" a
 * rule of docs/guides/terms.md.
 */
function assertTerms(text: string, expected: string): void {
  assert.deepEqual([...tokenize(text)], expected.split(" "));
}

test("English with emoji", () => {
  // Emoji hold no letter (ours). The family is held together by joiners (DI), the flag of England by tags (DI).
  assertTerms("👩‍👩‍👧‍👦 love ❤️🔥 you're 👍🏽 so🎉party 🇩🇪🇫🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "love you're so party"); // WB6, WB7: you're; WB999: so ÷ 🎉
  assertTerms("#️⃣ 1️⃣ ☕️time #🎉party #go🎉 ©2024", "time party #go"); // keycaps: a number and a mark; a tag needs a letter (ours)
  assertTerms("™ ℹ️ Ⓜ️ 🅰️", "tm"); // CF: tm, i, m; single Latin letters are out (ours), 🅰 is no letter (So)
});

test("German", () => {
  assertTerms("Straße STRASSE Großstadt GROẞ", "strasse grossstadt gross"); // CF: ß and ẞ are ss
  assertTerms("Ärger A\u0308RGER ärger", "ärger"); // CF: composed
  assertTerms("Donaudampfschiff\u00adfahrt z.B. d.h. O’Neill’s E-Mail", "donaudampfschifffahrt z.b d.h o'neill's mail"); // DI; WB6, WB7; E: ours
  assertTerms("3,50 € 2.000 3D 4er-Pack", "3d 4er pack"); // WB11, WB12: one number each, out (ours); WB10
});

test("Turkish", () => {
  // CF folds I to i and İ to i with a dot above, in every language; dotless ı stays.
  assertTerms("İSTANBUL istanbul ISPARTA ırmak IRMAK", "i\u0307stanbul istanbul isparta ırmak irmak");
  assertTerms("Türkiye'nin Iğdır’da", "türkiye'nin iğdır'da"); // WB6, WB7; the curly apostrophe is straight (ours)
});

test("Arabic and Persian", () => {
  assertTerms("اللُّغَةُ العربيّة جميلة", "اللُّغَةُ العربيّة جميلة"); // WB4: vowel marks belong to the word
  assertTerms("ﻻ ١٢٣ #القاهرة، كتاب؟", "لا #القاهرة كتاب"); // CF: the ligature is two letters; numbers are out (ours)
  assertTerms("می\u200cخواهم", "میخواهم"); // DI: the zero-width non-joiner is dropped
});

test("Hindi", () => {
  assertTerms("हिन्दी में लिखा हुआ पाठ।", "हिन्दी में लिखा हुआ पाठ"); // WB4: matras and virama belong to the word; । is Other
  assertTerms("क़लम \u0915\u093cलम क्\u200dया १२३ #हिन्दी_दिवस", "\u0915\u093cलम क्या #हिन्दी_दिवस"); // CF: qa is taken apart; DI
});

test("Chinese", () => {
  // WB999 would part each character; the words are ICU's. CF: full-width digits and letters are ASCII.
  assertTerms("我爱北京天安门，奥运会在巴黎举行。", "我 爱 北京 天安门 奥运 会 在 巴黎 举行");
  assertTerms("2024年３Ｄ打印 #人工智能 @小明 〇", "年 3d 打印 #人工智能 @小明"); // 〇 is a number (Nl), out (ours)
  assertTerms("软件software工程", "软件 software 工程"); // WB999: Han ÷ ALetter
});

test("Japanese", () => {
  assertTerms("東京都に住んでいます。", "東京 都 に 住 んで い ます"); // ICU
  assertTerms("コンピューターサイエンスを勉強する", "コンピューター サイエンス を 勉強 する"); // ICU, where WB13 would join all Katakana
  assertTerms("ﾊﾝｶｸ ㌔ 学校か\u3099 人々 #プログラミング", "ハン カク キロ 学校 が 人々 #プログラミング"); // CF: full-width, spelled out, composed
});

test("Thai and Lao", () => {
  // ICU. CF takes sara am apart (U+0E4D U+0E32), which the dictionary does not know: it is asked about it whole (ours).
  assertTerms("จำนวนคนไทยกำลังดำเนินการ", "จำนวน คน ไทย กำลัง ดำเนิน การ".replaceAll("\u0e33", "\u0e4d\u0e32"));
  assertTerms("น้ำท่วมกรุงเทพ ๒๕๖๗ #ประเทศไทย", "น้\u0e4d\u0e32 ท่วม กรุงเทพ #ประเทศไทย"); // numbers are out (ours)
  assertTerms("ປະຊາຊົນລາວ ໝາ", "ປະຊາຊົນ ລາວ \u0eab\u0ea1າ"); // CF: ໝ is two letters
});

test("Korean and Hebrew", () => {
  assertTerms("한국어를 배우다 \u1112\u1161\u11ab글", "한국어를 배우다 한글"); // WB5: Hangul is letters; CF: composed
  assertTerms("צה\"ל ג'ירפה שלום", "צה\"ל ג'ירפה שלום"); // WB7a, WB7b, WB7c
});
