import { ByteReader, refuseIf } from "./bytes.ts";
import type { Opened } from "./layout.ts";
import { termBytesMax } from "./utf8.ts";

/*
 * The place of a term after another one that is not larger is its *key*: how many bytes they share, and what follows
 * there, `shared << 9 | 255 - next byte`, or 256 as the low bits where the term ends. Of two terms behind the same third
 * one, that with the larger key is the smaller; equal keys leave it open.
 */

/** The key behind all terms. */
export const endKey = -1;

/** The key of the term in [from, to) of `bytes` after a smaller one with which it shares `shared` bytes, not more. */
export function keyOf(bytes: Uint8Array, from: number, to: number, shared: number): number {
  return (shared << 9) | (from + shared < to ? 0xff - bytes[from + shared]! : 0x100);
}

/** How many bytes a key says are shared. */
export function sharedOf(key: number): number {
  return key >> 9;
}

/** True for the key of a term that is wholly shared: it is the term that it is compared with. */
export function isSame(key: number): boolean {
  return (key & 0x100) !== 0;
}

/** The terms of one encoded summary in ascending order, one at a time; refuses all that `decodeSummary` refuses but UTF-8. */
export class TermRun {
  /** The bytes of the current term are the first `length`. */
  readonly term: Uint8Array;
  length = 0;
  count = 0;
  error = 0;
  readonly floor: number;
  #left: number;
  #first = true;
  #anyError = false;
  #suffixAt = 0;
  readonly #suffixes: Uint8Array;
  readonly #heads: ByteReader;
  readonly #counts: ByteReader;
  readonly #errors: ByteReader | undefined;

  /** The term is put into `slot`, of at least 64 bytes. */
  constructor(
    { size, floor, heads, suffixes, counts, errors }: Opened,
    slot: Uint8Array = new Uint8Array(termBytesMax),
  ) {
    this.term = slot;
    this.floor = floor;
    this.#left = size;
    this.#heads = new ByteReader(heads);
    this.#suffixes = suffixes;
    this.#counts = new ByteReader(counts);
    this.#errors = errors && new ByteReader(errors);
  }

  /** Goes to the next term and gives its key after the one before; `endKey` if there is none. */
  advance(): number {
    if (this.#left === 0) return this.#end();
    this.#left--;
    this.count = this.#counts.varint();
    if (this.#errors !== undefined) this.#readError(this.#errors);
    return this.#readTerm();
  }

  #readError(errors: ByteReader): void {
    const error = errors.varint();
    if (error > this.floor) refuseIf(true, "an error above the floor");
    if (error > 0) this.#anyError = true;
    this.error = error;
  }

  #readTerm(): number {
    const head = this.#heads.byte();
    let shared = head >>> 4;
    let suffixLength = head & 0x0f;
    if (shared === 15) shared += this.#heads.varint();
    if (suffixLength === 15) suffixLength += this.#heads.varint();
    const suffixes = this.#suffixes;
    const from = this.#suffixAt;
    const length = shared + suffixLength;
    if (shared > this.length || length > termBytesMax || suffixLength > suffixes.length - from)
      refuseIf(true, "a length past the end");
    // Exactly one byte decides both the order and whether `shared` was all that could be shared.
    const term = this.term;
    const there = shared < this.length ? term[shared]! : -1;
    if (!this.#first && (suffixLength === 0 || suffixes[from]! <= there))
      refuseIf(true, "terms not sorted, or repeated");

    for (let i = 0; i < suffixLength; i++) term[shared + i] = suffixes[from + i]!;
    this.#suffixAt = from + suffixLength;
    this.length = length;
    this.#first = false;
    return keyOf(term, 0, length, shared);
  }

  #end(): typeof endKey {
    this.#heads.end();
    this.#counts.end();
    this.#errors?.end();
    refuseIf(this.#suffixAt !== this.#suffixes.length, "bytes left over");
    refuseIf(this.#errors !== undefined && !this.#anyError, "an error column of zeros");
    return endKey;
  }
}
