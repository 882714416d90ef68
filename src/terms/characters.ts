import { kindNumber, kindSigns, kinds } from "./character-kinds.ts";
import { kindRuns } from "./unicode-data.ts";

/** The number of the kind of each code unit: of a character of the Basic Multilingual Plane, or "surrogate". */
export const unitKinds: Uint8Array = new Uint8Array(0x10000);

/** Whether a character of each kind is a letter, by its number. */
export const isLetterKind: Uint8Array = Uint8Array.from(kinds, ({ letter }) => Number(letter));

/** Whether a character of each kind goes on a #tag or @name, by its number. */
export const isTagKind: Uint8Array = Uint8Array.from(kinds, ({ inTag }) => Number(inTag));

/** Whether a character of each kind is of a script without spaces, by its number. */
export const isUnspacedKind: Uint8Array = Uint8Array.from(kinds, ({ unspaced }) => Number(unspaced));

const other = kindNumber("other");
// Above the Basic Multilingual Plane: where each run of one kind begins, in order, and its kind.
const runStarts: number[] = [];
const runKinds: number[] = [];
decodeRuns();

/** The number of the kind of the character at `i`; a lone surrogate is "other". */
export function kindAt(text: string, i: number): number {
  const unit = text.charCodeAt(i);
  return isSurrogate(unit) ? kindOf(text.codePointAt(i)!) : unitKinds[unit]!;
}

/** The number of the kind of the character that ends before `i`; "other" at the start of the text. */
export function kindBefore(text: string, i: number): number {
  if (i === 0) return other;
  const unit = text.charCodeAt(i - 1);
  const isPair = isSurrogate(unit) && i > 1 && text.codePointAt(i - 2)! > 0xffff;
  return isPair ? kindOf(text.codePointAt(i - 2)!) : kindAt(text, i - 1);
}

/** How many code units the character at `i` has. */
export function unitsAt(text: string, i: number): number {
  return isSurrogate(text.charCodeAt(i)) && text.codePointAt(i)! > 0xffff ? 2 : 1;
}

/** Whether any character of `text` from `start` to `end` is a letter. */
export function holdsLetter(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += unitsAt(text, i)) if (isLetterKind[kindAt(text, i)]) return true;
  return false;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

function kindOf(code: number): number {
  if (code < 0x10000) return isSurrogate(code) ? other : unitKinds[code]!;
  let low = 0;
  let high = runStarts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (runStarts[middle]! <= code) low = middle;
    else high = middle;
  }
  return runKinds[low]!;
}

function decodeRuns(): void {
  let code = 0;
  for (const [, sign, length] of kindRuns.matchAll(/([^0-9a-z])([0-9a-z]*)/g)) {
    const number = kindSigns.indexOf(sign!);
    const end = code + (length === "" ? 1 : parseInt(length!, 36));
    unitKinds.fill(number, code, end);
    if (end > 0x10000) {
      runStarts.push(Math.max(code, 0x10000));
      runKinds.push(number);
    }
    code = end;
  }
  unitKinds.fill(kindNumber("surrogate"), 0xd800, 0xe000);
}
