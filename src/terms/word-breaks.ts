import { kinds } from "./character-kinds.ts";
import { kindAt, unitsAt } from "./characters.ts";

/**
 * Where the segment of text that begins at `start` ends, by the default word borders of UAX #29. `start` must be such a
 * border, or it counts as one. Segments end to end are the text.
 *
 * A state machine: its states say what a segment has come to, its transitions are the rules. Where a rule looks ahead
 * (WB6, WB12: a mark between letters or digits), the machine goes on in a state that hopes for the right character, and
 * falls back to before the mark; what it has passed then is the next segment, so that nothing is read a third time.
 */
export function segmentEnd(text: string, start: number): number {
  let state = firstState[kindAt(text, start)]!;
  let beforeMark = start;
  let i = start + unitsAt(text, start);
  while (i < text.length) {
    const kind = kindAt(text, i);
    let next = transitions[state * width + kind]!;
    if (next === border && isHoping[state] === 0 && isEmoji[kind] === 1 && text.charCodeAt(i - 1) === zeroWidthJoiner) {
      next = firstState[kind]!; // WB3c
    }
    if (next === border) break;
    if (isHoping[next] === 1 && isHoping[state] === 0) beforeMark = i;
    state = next;
    i += unitsAt(text, i);
  }
  return isHoping[state] === 1 ? beforeMark : i;
}

/** The states, each with those it goes on to, by Word_Break. The numbers are the rules of UAX #29. */
const rules: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  carriageReturn: { LF: "lineEnd" }, // WB3
  lineEnd: {}, // WB3a
  other: {},
  space: { WSegSpace: "space" }, // WB3d
  letters: {
    ALetter: "letters", // WB5
    Hebrew_Letter: "hebrew", // WB5
    Numeric: "digits", // WB9
    ExtendNumLet: "connected", // WB13a
    MidLetter: "lettersMark", // WB6
    MidNumLet: "lettersMark", // WB6
    Single_Quote: "lettersMark", // WB6
  },
  lettersMark: { ALetter: "letters", Hebrew_Letter: "hebrew" }, // WB7
  hebrew: {
    ALetter: "letters", // WB5
    Hebrew_Letter: "hebrew", // WB5
    Numeric: "digits", // WB9
    ExtendNumLet: "connected", // WB13a
    MidLetter: "lettersMark", // WB6
    MidNumLet: "lettersMark", // WB6
    Single_Quote: "geresh", // WB7a
    Double_Quote: "gershayim", // WB7b
  },
  geresh: { ALetter: "letters", Hebrew_Letter: "hebrew" }, // WB7
  gershayim: { Hebrew_Letter: "hebrew" }, // WB7c
  digits: {
    Numeric: "digits", // WB8
    ALetter: "letters", // WB10
    Hebrew_Letter: "hebrew", // WB10
    ExtendNumLet: "connected", // WB13a
    MidNum: "digitsMark", // WB12
    MidNumLet: "digitsMark", // WB12
    Single_Quote: "digitsMark", // WB12
  },
  digitsMark: { Numeric: "digits" }, // WB11
  katakana: { Katakana: "katakana", ExtendNumLet: "connected" }, // WB13, WB13a
  connected: {
    ExtendNumLet: "connected", // WB13a
    ALetter: "letters", // WB13b, as below
    Hebrew_Letter: "hebrew",
    Numeric: "digits",
    Katakana: "katakana",
  },
  flag: { Regional_Indicator: "flagPair" }, // WB15, WB16
  flagPair: {},
};

const states = Object.keys(rules);
const border = 255;
const lastClosed = states.indexOf("lineEnd");
const isHoping = Uint8Array.from(states, (state) => Number(["lettersMark", "gershayim", "digitsMark"].includes(state)));

/** The state of a segment that begins with a character of a Word_Break value; "other" if it is not here. */
const startsOf: Readonly<Record<string, string>> = {
  CR: "carriageReturn",
  LF: "lineEnd",
  Newline: "lineEnd",
  WSegSpace: "space",
  ALetter: "letters",
  Hebrew_Letter: "hebrew",
  Numeric: "digits",
  Katakana: "katakana",
  ExtendNumLet: "connected",
  Regional_Indicator: "flag",
};

const width = kinds.length;
const zeroWidthJoiner = 0x200d;
const isEmoji = Uint8Array.from(kinds, ({ pictographic }) => Number(pictographic));
const firstState = Uint8Array.from(kinds, ({ wordBreak }) => states.indexOf(startsOf[wordBreak] ?? "other"));
const transitions = compile();

function compile(): Uint8Array {
  const table = new Uint8Array(states.length * width).fill(border);
  states.forEach((state, from) => {
    kinds.forEach(({ wordBreak }, kind) => {
      const next = rules[state]![wordBreak] ?? nextOverMark(state, wordBreak);
      if (next !== undefined) table[from * width + kind] = states.indexOf(next);
    });
  });
  return table;
}

/** Extend, Format and ZWJ belong to what they follow and change nothing, except behind the end of a line (WB3a, WB4). */
function nextOverMark(state: string, wordBreak: string): string | undefined {
  if (!["Extend", "Format", "ZWJ"].includes(wordBreak) || states.indexOf(state) <= lastClosed) return undefined;
  return state === "space" ? "other" : state;
}
