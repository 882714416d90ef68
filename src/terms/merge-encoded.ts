import { grown, refuseIf } from "./bytes.ts";
import { decodeUtf8 } from "./codec.ts";
import { openSummary } from "./layout.ts";
import { endKey, isSame, sharedOf, TermRun } from "./term-run.ts";
import { encodeTable, type TermTable } from "./term-table.ts";
import { Tournament } from "./tournament.ts";
import { termBytesMax } from "./utf8.ts";

/**
 * Merges encoded summaries into one, holding at most `capacity` terms (>= 1, or Infinity): the bytes that decoding,
 * `mergeSummaries` and encoding would give, several times as fast, for no term becomes a string.
 *
 * Its tokenizer version is the latest of the parts', 0 if there are none. Throws SummaryFormatError if `decodeSummary`
 * would for one of the parts, and RangeError for a sum that is no safe integer.
 */
export function mergeEncoded(parts: readonly Uint8Array[], capacity: number): Uint8Array {
  if (!(capacity >= 1)) throw new RangeError(`A summary needs room for at least 1 term, not ${capacity}.`);
  return encodeTable(mergeToTable(parts), capacity);
}

/** Merges encoded summaries without a capacity, as columns. */
function mergeToTable(parts: readonly Uint8Array[]): TermTable {
  const opened = parts.map(openSummary);
  const [messages, pairs, floor] = [sum(opened, "messages"), sum(opened, "pairs"), sum(opened, "floor")];
  const columns = new Columns(sum(opened, "size"));
  const tournament = new Tournament(opened.map((each) => new TermRun(each)));
  for (let key = tournament.key; key !== endKey; key = tournament.key) {
    const run = tournament.winner;
    // The floors of all parts are counted in at first, and those of the parts that hold the term taken off again.
    if (isSame(key) && columns.size > 0) columns.addToLast(run.count, run.error - run.floor);
    else columns.push(run.term, run.length, sharedOf(key), run.count, floor - run.floor + run.error);
    tournament.next();
  }
  const tokenizerVersion = opened.reduce((latest, each) => Math.max(latest, each.tokenizerVersion), 0);
  return { messages, pairs, floor, tokenizerVersion, ...columns.finish() };
}

function sum<Name extends string>(parts: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return parts.reduce((total, part) => total + part[name], 0);
}

/** The columns of a table as they grow. */
class Columns {
  size = 0;
  readonly #counts: Float64Array;
  readonly #errors: Float64Array;
  readonly #ends: Uint32Array;
  readonly #shared: Uint8Array;
  #bytes: Uint8Array;
  #length = 0;
  #highBits = 0;

  constructor(sizeMax: number) {
    this.#counts = new Float64Array(sizeMax);
    this.#errors = new Float64Array(sizeMax);
    this.#ends = new Uint32Array(sizeMax);
    this.#shared = new Uint8Array(sizeMax);
    this.#bytes = new Uint8Array(sizeMax * 4 + termBytesMax);
  }

  push(term: Uint8Array, length: number, shared: number, count: number, error: number): void {
    if (this.#length + length > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#bytes.length * 2);
    // No code point is cut at the border of two terms, so that to check all terms together is to check each.
    if ((term[0]! & 0xc0) === 0x80 && length > 0) refuseIf(true, "a term that is not UTF-8");
    const bytes = this.#bytes;
    const from = this.#length;
    for (let i = 0; i < length; i++) {
      bytes[from + i] = term[i]!;
      this.#highBits |= term[i]!;
    }
    this.#length = from + length;
    this.#ends[this.size] = this.#length;
    this.#shared[this.size] = shared;
    this.#counts[this.size] = count;
    this.#errors[this.size] = error;
    this.size++;
  }

  addToLast(count: number, error: number): void {
    this.#counts[this.size - 1]! += count;
    this.#errors[this.size - 1]! += error;
  }

  finish(): Pick<TermTable, "size" | "counts" | "errors" | "bytes" | "ends" | "shared"> {
    const bytes = this.#bytes.subarray(0, this.#length);
    if (this.#highBits >= 0x80) decodeUtf8(bytes);
    return {
      size: this.size,
      counts: this.#counts.subarray(0, this.size),
      errors: this.#errors.subarray(0, this.size),
      bytes,
      ends: this.#ends.subarray(0, this.size),
      shared: this.#shared.subarray(0, this.size),
    };
  }
}
