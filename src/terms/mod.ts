/** The library `bellwether/terms`: mergeable counts of terms in bounded space, with error bounds. */
export { decodeSummary, encodeSummary, SummaryFormatError } from "./codec.ts";
export { mergeEncoded } from "./merge-encoded.ts";
export { MessageCounter } from "./message-counter.ts";
export { type Rise, scoreOf } from "./rising.ts";
export { languages } from "./stop-word-languages.ts";
export { stopWordsFor } from "./stop-words.ts";
export {
  type Counted,
  emptySummary,
  exactSummary,
  mergeSummaries,
  type RankedTerm,
  type Summary,
  TermCounter,
  topTerms,
} from "./summary.ts";
export {
  type MessageText,
  messageTerms,
  messageTermsMax,
  messageTextBytesMax,
  type TokenizeOptions,
  tokenize,
} from "./tokenize.ts";
export { tokenizerVersion } from "./tokenizer-version.ts";
export { type EncodedTop, risingOfEncoded, topOfEncoded } from "./top-of-encoded.ts";
export { termBytesMax } from "./utf8.ts";
