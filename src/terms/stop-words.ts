import {
  afr,
  ara,
  ben,
  bre,
  bul,
  cat,
  ces,
  dan,
  deu,
  ell,
  eng,
  epo,
  est,
  eus,
  fas,
  fin,
  fra,
  gle,
  glg,
  guj,
  hau,
  heb,
  hin,
  hrv,
  hun,
  hye,
  ind,
  ita,
  jpn,
  kor,
  kur,
  lat,
  lav,
  lit,
  mar,
  msa,
  mya,
  nld,
  nob,
  panGu,
  pol,
  por,
  ron,
  rus,
  slk,
  som,
  sot,
  spa,
  swa,
  swe,
  tgl,
  tha,
  tur,
  ukr,
  urd,
  vie,
  yor,
  zho,
  zul,
} from "stopword";
import { fold } from "./fold.ts";
import { languages } from "./stop-word-languages.ts";

/**
 * The stop words of some languages together, folded as terms are. Throws RangeError for a language that has no list.
 *
 * Folds the lists at each call (well under a millisecond each): whoever has a topic keeps its set.
 * Source: the package `stopword`, whose lists are short; those of stopwords-iso hold words people talk about. To the
 * English one, a few words of grammar are added.
 */
export function stopWordsFor(codes: readonly string[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const code of codes) {
    const list = listByLanguage.get(code);
    if (list === undefined) {
      throw new RangeError(
        `There are no stop words for the language "${code}"; there are for ${languages.join(", ")}.`,
      );
    }
    for (const word of list) words.add(fold(word));
  }
  return words;
}

/**
 * What the English list lacks: of the words that are only grammar, those that no other meaning speaks for (as it does for
 * *may*, *will* and *us*); and the contractions of all, which UAX #29 leaves whole. The endings make some that nobody
 * writes, which does no harm.
 */
function withEnglishGrammar(list: readonly string[]): readonly string[] {
  const words = [...list, ...englishGrammar];
  return [...words, ...words.flatMap((word) => englishEndings.map((ending) => word + ending))];
}

const englishGrammar = [
  ...["its", "she", "hers", "ours", "yours", "theirs", "myself", "itself", "herself", "one", "whose", "whom"],
  ...["no", "not", "nor", "so", "yet", "when", "why", "whether", "until", "though", "although"],
  ...["does", "did", "doing", "having", "shall", "cannot", "ain't", "won't", "shan't", "let's"],
];
// can't is can and 't.
const englishEndings = ["'d", "'ll", "'m", "'re", "'s", "'t", "'ve", "n't"];

const listByLanguage: ReadonlyMap<string, readonly string[]> = new Map([
  ["af", afr],
  ["ar", ara],
  ["bg", bul],
  ["bn", ben],
  ["br", bre],
  ["ca", cat],
  ["cs", ces],
  ["da", dan],
  ["de", deu],
  ["el", ell],
  ["en", withEnglishGrammar(eng)],
  ["eo", epo],
  ["es", spa],
  ["et", est],
  ["eu", eus],
  ["fa", fas],
  ["fi", fin],
  ["fr", fra],
  ["ga", gle],
  ["gl", glg],
  ["gu", guj],
  ["ha", hau],
  ["he", heb],
  ["hi", hin],
  ["hr", hrv],
  ["hu", hun],
  ["hy", hye],
  ["id", ind],
  ["it", ita],
  ["ja", jpn],
  ["ko", kor],
  ["ku", kur],
  ["la", lat],
  ["lt", lit],
  ["lv", lav],
  ["mr", mar],
  ["ms", msa],
  ["my", mya],
  ["nb", nob],
  ["nl", nld],
  ["pa", panGu],
  ["pl", pol],
  ["pt", por],
  ["ro", ron],
  ["ru", rus],
  ["sk", slk],
  ["so", som],
  ["st", sot],
  ["sv", swe],
  ["sw", swa],
  ["th", tha],
  ["tl", tgl],
  ["tr", tur],
  ["uk", ukr],
  ["ur", urd],
  ["vi", vie],
  ["yo", yor],
  ["zh", zho],
  ["zu", zul],
]);
