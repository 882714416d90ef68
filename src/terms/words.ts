import { kindNumber } from "./character-kinds.ts";
import { holdsLetter, isTagKind, isUnspacedKind, kindAt, kindBefore, unitKinds, unitsAt } from "./characters.ts";
import type { TermSet } from "./term-set.ts";
import { addUnspacedWords } from "./unspaced-words.ts";
import { segmentEnd } from "./word-breaks.ts";

/**
 * Adds the words, #tags and @names of folded text, in reading order.
 *
 * Words are the segments of UAX #29 that hold a letter; where a script is written without spaces, those that
 * `addUnspacedWords` finds in its run. A scan by hand finds the words made of what is common, and leaves the others to
 * the machine of `segmentEnd`, which gives the same wherever both know. Time is linear.
 */
export function addWords(text: string, found: TermSet): void {
  let i = 0;
  while (i < text.length && !found.full) {
    const kind = unitKinds[text.charCodeAt(i)]!;
    if (kind >= firstBetween) i++;
    else if (kind > underscore) i = addOddity(text, i, found);
    else {
      let end = wordEnd(text, i);
      if (end < 0) end = segmentEnd(text, i);
      if (kind === letter || holdsLetter(text, i, end)) found.addWord(text.slice(i, end));
      i = end;
    }
  }
}

// Kinds by their order: up to the underscore what words begin with, from the first between what they never begin with.
const letter = kindNumber("letter");
const underscore = kindNumber("underscore");
const mark = kindNumber("mark");
const unspacedMark = kindNumber("unspacedMark");
const unspacedLetter = kindNumber("unspacedLetter");
const sigil = kindNumber("sigil");
const firstBetween = kindNumber("midLetter");
const midLetter = firstBetween;
const midNumber = kindNumber("midNumber");
const apostrophe = kindNumber("apostrophe");
const quote = kindNumber("quote");

/**
 * Where the word that begins at `start` ends; -1 if the scan does not know, because of a character it leaves to the
 * machine. Its rules are WB5 to WB13b for letters, digits and the underscore, with marks on any of them (WB4).
 */
function wordEnd(text: string, start: number): number {
  let last = unitKinds[text.charCodeAt(start)]!;
  let i = start + 1;
  for (; i < text.length; i++) {
    const kind = unitKinds[text.charCodeAt(i)]!;
    if (kind <= underscore) last = kind;
    else if (kind === mark) continue;
    else if (kind < sigil) return kind >= unspacedLetter ? i : -1;
    else {
      if (kind < midLetter || kind > apostrophe) break;
      const next = i + 1 < text.length ? unitKinds[text.charCodeAt(i + 1)]! : sigil;
      if (next > underscore && next < unspacedLetter) return -1;
      // A mark inside a word or number joins two letters (WB6, WB7) or two digits (WB11, WB12), never a mixture.
      if (next !== last || last === underscore || kind === (last === letter ? midNumber : midLetter)) break;
      i++;
    }
  }
  return i;
}

/** Adds what begins with anything else at `i`; gives where to go on. */
function addOddity(text: string, i: number, found: TermSet): number {
  const kind = kindAt(text, i);
  if (kind === sigil) return addTag(text, i, found);
  let end = unspacedEnd(text, i);
  if (end > i + 1) {
    addUnspacedWords(text.slice(i, end), found);
    return end;
  }
  end = segmentEnd(text, i);
  if (holdsLetter(text, i, end)) found.addWord(text.slice(i, end));
  return end;
}

/** A sigil within a word, as in an e-mail address, makes no tag; nor does one without a letter. */
function addTag(text: string, start: number, found: TermSet): number {
  let end = start + 1;
  if (isTagKind[kindBefore(text, start)]) return end;
  while (end < text.length && isTagKind[kindAt(text, end)]) end += unitsAt(text, end);
  if (holdsLetter(text, start, end)) found.addTag(text.slice(start, end));
  return end;
}

/**
 * Where the runs of scripts without spaces that begin at `start` end; `start` if none does. They are made of the segments
 * that hold nothing else: given foreign marks, ICU's answer depends on what it was asked before. Runs between which there
 * is nothing that a word can begin with are taken together: few long calls are much faster than many short ones.
 */
function unspacedEnd(text: string, start: number): number {
  let end = start;
  for (let next = start; next < text.length && beginsRun(kindAt(text, next)); ) {
    const last = lastPlainSegment(text, next);
    const lastEnd = segmentEnd(text, last);
    if (!isUnspaced(text, last, lastEnd)) return last > next ? last : end;
    end = lastEnd;
    next = end;
    while (next < text.length && isBetweenRuns(unitKinds[text.charCodeAt(next)]!)) next++;
  }
  return end;
}

/** Where the last of the segments from `start` on begins that are one letter with marks, all of scripts without spaces. */
function lastPlainSegment(text: string, start: number): number {
  let last = start;
  for (let i = start; i < text.length; i++) {
    const kind = unitKinds[text.charCodeAt(i)]!;
    if (kind === unspacedLetter) last = i;
    else if (kind !== unspacedMark) break;
  }
  return last;
}

/** A mark does not: it belongs to what is before it. */
function beginsRun(kind: number): boolean {
  return isUnspacedKind[kind] === 1 && kind !== unspacedMark;
}

function isUnspaced(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += unitsAt(text, i)) if (!isUnspacedKind[kindAt(text, i)]) return false;
  return true;
}

/** The comma, and what joins nothing: ICU has Thai letters joined by an apostrophe, colon or full stop. */
function isBetweenRuns(kind: number): boolean {
  return kind === midNumber || kind > quote;
}
