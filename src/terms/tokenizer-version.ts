/**
 * The version of the rule from text to terms; it rises with any change that makes some text give other terms. What was
 * counted by an earlier version stays as it was counted.
 *
 * 1: the words of `Intl.Segmenter`, and an approximation of NFKC_Casefold. 2: UAX #29 and NFKC_Casefold of Unicode 15.0.
 */
export const tokenizerVersion = 2;
