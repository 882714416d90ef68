import { numberDigits, numberMarker, readNumber } from "../text.ts";

const wholeLength = numberMarker.length + numberDigits;

/** The most bytes that a read leaves for the next one: less than a marker with its number. */
export const tailMax = wholeLength - 1;

/**
 * Finds the numbers of the messages in the bytes of one stream, read by read. It looks at few of the bytes: the next number
 * is expected as far behind the last one as it was on another stream, as what is sent to many is mostly the same bytes.
 * Where it is not there it is searched for, from the last one on. What is found has been read as it came: a wrong guess
 * costs time, and at the worst passes a message over, which then counts as missing.
 */
export class NumberFinder {
  readonly #distances: Distances;
  readonly #tail = Buffer.alloc(tailMax);
  #tailLength = 0;
  #last = -1;
  /** Bytes from the end of the last number to the tail. */
  #gone = 0;

  constructor(distances: Distances) {
    this.#distances = distances;
  }

  /** Takes what was read to `bytes` from `tailMax` on, up to `end`. The room before it is for what the last read left. */
  take(bytes: Buffer, end: number, onNumber: (number: number) => void): void {
    let from = tailMax - this.#tailLength;
    if (this.#tailLength > 0) this.#tail.copy(bytes, from, 0, this.#tailLength);
    let lastEnd = from - this.#gone;
    for (;;) {
      let found = this.#last < 0 ? -1 : lastEnd + this.#distances.after(this.#last);
      if (found < from || !isNumber(bytes, found, end)) found = searchNumber(bytes, from, end);
      if (found < 0) break;
      const number = readNumber(bytes, found + numberMarker.length);
      if (this.#last >= 0) this.#distances.learn(this.#last, found - lastEnd);
      this.#last = number;
      lastEnd = found + wholeLength;
      from = lastEnd;
      onNumber(number);
    }
    const keep = Math.max(from, end - tailMax);
    this.#tailLength = bytes.copy(this.#tail, 0, keep, end);
    this.#gone = keep - lastEnd;
  }
}

/** How far behind a number the next marker began, on the stream that had it last; shared by all streams. */
export class Distances {
  readonly #bytes = new Int32Array(8_192);

  after(number: number): number {
    return this.#bytes[number % this.#bytes.length]!;
  }

  learn(number: number, bytes: number): void {
    this.#bytes[number % this.#bytes.length] = bytes;
  }
}

/** Whether a marker with a whole number is there. */
function isNumber(bytes: Buffer, at: number, end: number): boolean {
  if (at + wholeLength > end) return false;
  for (let i = 0; i < numberMarker.length; i++) if (bytes[at + i] !== numberMarker[i]) return false;
  for (let i = numberMarker.length; i < wholeLength; i++) {
    const byte = bytes[at + i]!;
    if (byte < 48 || byte > 57) return false;
  }
  return true;
}

/** The first marker with a whole number: the text may hold the marker's letters too. */
function searchNumber(bytes: Buffer, from: number, end: number): number {
  const some = bytes.subarray(from, end);
  for (let at = some.indexOf(numberMarker); at >= 0; at = some.indexOf(numberMarker, at + 1)) {
    if (isNumber(some, at, some.length)) return from + at;
  }
  return -1;
}
