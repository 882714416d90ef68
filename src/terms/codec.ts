import { crc32c } from "./crc32c.ts";
import type { Counted, Summary } from "./summary.ts";
import { sortUtf8, termBytesMax } from "./utf8.ts";

/** Bytes that are not a summary this version can read: damaged, not canonical, or of a later layout. */
export class SummaryFormatError extends Error {
  override readonly name = "SummaryFormatError";
}

/**
 * Writes a summary in its canonical form: equal summaries of one tokenizer version give equal bytes, and others do not.
 *
 * ```
 * u8 'T' | u8 layout = 1 | u8 flags | body | u32 little-endian CRC-32C of the body
 * flags: 1 = body is deflated (reserved, always 0), 2 = the error column is there (some error is not 0)
 * body:  varints  terms, pairs, messages, floor, tokenizerVersion, then the byte length of each column
 *        column   per term a byte shared << 4 | suffix length; a half of 15 is followed by a varint of what is above 15
 *        column   suffix bytes of the terms, sorted by UTF-8; `shared` bytes are those of the term before
 *        column   varint counts
 *        column   varint errors (flag 2)
 * ```
 * About 4 to 6 bytes per term. Throws RangeError for what could not be read back: a number that is no safe integer >= 0,
 * a term above 64 bytes or with a lone surrogate, an error above the floor.
 */
export function encodeSummary(summary: Summary, tokenizerVersion: number): Uint8Array {
  const heads = new ByteWriter(summary.terms.size);
  const suffixes = new ByteWriter(summary.terms.size * 6);
  const counts = new ByteWriter(summary.terms.size);
  const errors = new ByteWriter(summary.terms.size);
  const terms = sortUtf8([...summary.terms.keys()]);
  const hasErrors = writeTerms(summary, terms, { heads, suffixes, counts, errors });
  const columns = hasErrors ? [heads, suffixes, counts, errors] : [heads, suffixes, counts];

  const out = new ByteWriter(64 + columns.reduce((sum, column) => sum + column.length, 0));
  out.byte(magic);
  out.byte(layout);
  out.byte(hasErrors ? errorsFlag : 0);
  out.varint(terms.length);
  out.varint(summary.pairs);
  out.varint(summary.messages);
  out.varint(summary.floor);
  out.varint(tokenizerVersion);
  for (const column of columns) out.varint(column.length);
  for (const column of columns) out.bytes(column.written());
  out.uint32(crc32c(out.written().subarray(headerBytes)));
  return out.written().slice();
}

/** Reads what `encodeSummary` wrote. Throws SummaryFormatError for anything that it would not have written. */
export function decodeSummary(bytes: Uint8Array): { summary: Summary; tokenizerVersion: number } {
  const { body, hasErrors } = openEnvelope(bytes);
  const fields = new ByteReader(body);
  const size = fields.varint();
  const pairs = fields.varint();
  const messages = fields.varint();
  const floor = fields.varint();
  const tokenizerVersion = fields.varint();
  const lengths = Array.from({ length: hasErrors ? 4 : 3 }, () => fields.varint());
  const [heads, suffixes, counts, errors] = lengths.map((length) => new ByteReader(fields.bytes(length)));
  fields.end();
  refuseIf(size > heads!.left || size > counts!.left, "more terms than bytes for them");

  const names = readTerms(size, heads!, suffixes!);
  const terms = new Map<string, Counted>();
  let anyError = false;
  for (const name of names) {
    const count = counts!.varint();
    const error = errors?.varint() ?? 0;
    refuseIf(error > floor, "an error above the floor");
    anyError ||= error > 0;
    terms.set(name, { count, error });
  }
  for (const column of [heads, suffixes, counts, errors]) column?.end();
  refuseIf(hasErrors && !anyError, "an error column of zeros");
  return { summary: { messages, pairs, floor, terms }, tokenizerVersion };
}

const magic = 0x54; // T
const layout = 1;
const deflateFlag = 1;
const errorsFlag = 2;
const headerBytes = 3;
const checksumBytes = 4;
const escapeNibble = 15;

interface Columns {
  heads: ByteWriter;
  suffixes: ByteWriter;
  counts: ByteWriter;
  errors: ByteWriter;
}

/** Fills the columns; true if some error is not 0. */
function writeTerms(summary: Summary, terms: readonly string[], columns: Columns): boolean {
  let before = new Uint8Array(termBytesMax);
  let term = new Uint8Array(termBytesMax);
  let beforeLength = 0;
  let anyError = false;
  for (const name of terms) {
    const { count, error } = summary.terms.get(name)!;
    if (error > summary.floor)
      throw new RangeError(`The error ${error} of "${name}" is above the floor ${summary.floor}.`);
    anyError ||= error > 0;
    columns.counts.varint(count);
    columns.errors.varint(error);

    const length = putTerm(name, term);
    let shared = 0;
    while (shared < length && shared < beforeLength && term[shared] === before[shared]) shared++;
    columns.heads.pair(shared, length - shared);
    for (let i = shared; i < length; i++) columns.suffixes.byte(term[i]!);
    [before, term] = [term, before];
    beforeLength = length;
  }
  return anyError;
}

/** Puts the UTF-8 bytes of a term at the start of `target` and returns how many there are. */
function putTerm(term: string, target: Uint8Array): number {
  for (let i = 0; i < term.length && i < termBytesMax; i++) {
    const code = term.charCodeAt(i);
    if (code >= 0x80) return putNonAscii(term, target);
    target[i] = code;
  }
  if (term.length > termBytesMax) throw tooLong(term);
  return term.length;
}

function putNonAscii(term: string, target: Uint8Array): number {
  if (!term.isWellFormed()) throw new RangeError("A term with a lone surrogate has no UTF-8 form.");
  const { read, written } = encoder.encodeInto(term, target);
  if (read < term.length) throw tooLong(term);
  return written;
}

function tooLong(term: string): RangeError {
  return new RangeError(`A term is at most ${termBytesMax} bytes of UTF-8; this one begins "${term.slice(0, 16)}".`);
}

/** Checks everything around the body: marks, layout, flags, checksum. */
function openEnvelope(bytes: Uint8Array): { body: Uint8Array; hasErrors: boolean } {
  refuseIf(bytes.length < headerBytes + checksumBytes, "too short");
  const [first, second, flags = 0] = bytes;
  refuseIf(first !== magic, "not a summary");
  refuseIf(second !== layout, `layout ${second} is unknown`);
  refuseIf((flags & deflateFlag) !== 0, "a deflated body is not supported");
  refuseIf((flags & ~errorsFlag) !== 0, `flags ${flags} are unknown`);
  const body = bytes.subarray(headerBytes, bytes.length - checksumBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  refuseIf(view.getUint32(bytes.length - checksumBytes, true) !== crc32c(body), "the checksum is wrong");
  return { body, hasErrors: flags === errorsFlag };
}

/**
 * Reads the terms, strictly ascending. Their bytes are gathered first: one decoding of all and a slice for each ASCII
 * term is several times as fast as a decoding for each.
 */
function readTerms(size: number, heads: ByteReader, suffixes: ByteReader): string[] {
  const suffixBytes = suffixes.bytes(suffixes.left);
  let all = new Uint8Array(suffixBytes.length * 2 + termBytesMax);
  const ends = new Uint32Array(size);
  const highBits = new Uint8Array(size);
  let suffixAt = 0;
  let before = 0; // where the term before begins in `all`; it ends at `start`
  let start = 0;
  for (let i = 0; i < size; i++) {
    const [shared, suffixLength] = heads.pair();
    const length = shared + suffixLength;
    refuseIf(shared > start - before || length > termBytesMax, "a length past the end");
    refuseIf(suffixLength > suffixBytes.length - suffixAt, "a length past the end");
    // Exactly one byte decides both the order and whether `shared` was all that could be shared.
    const there = before + shared < start ? all[before + shared]! : -1;
    refuseIf(i > 0 && (suffixLength === 0 || suffixBytes[suffixAt]! <= there), "terms not sorted, or repeated");

    if (start + length > all.length) all = grown(all, all.length * 2);
    let bits = 0;
    for (let j = 0; j < length; j++) {
      const byte = j < shared ? all[before + j]! : suffixBytes[suffixAt++]!;
      bits |= byte;
      all[start + j] = byte;
    }
    highBits[i] = bits & 0x80;
    before = start;
    start += length;
    ends[i] = start;
  }
  refuseIf(suffixAt !== suffixBytes.length, "bytes left over");
  return toStrings(all, ends, highBits);
}

function toStrings(all: Uint8Array, ends: Uint32Array, highBits: Uint8Array): string[] {
  const ascii = asciiDecoder.decode(all.subarray(0, ends.at(-1) ?? 0));
  const strings: string[] = [];
  let from = 0;
  for (let i = 0; i < ends.length; i++) {
    const to = ends[i]!;
    strings.push(highBits[i] === 0 ? ascii.slice(from, to) : decodeUtf8(all.subarray(from, to)));
    from = to;
  }
  return strings;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw new SummaryFormatError("These bytes are no summary: a term that is not UTF-8.", { cause });
  }
}

const encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
// One character for each byte, so that positions stay the same; only its ASCII is used.
const asciiDecoder = new TextDecoder("latin1");

function refuseIf(condition: boolean, reason: string): void {
  if (condition) throw new SummaryFormatError(`These bytes are no summary: ${reason}.`);
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

/** Bytes that grow. */
class ByteWriter {
  length = 0;
  #buffer: Uint8Array;

  constructor(bytesExpected: number) {
    this.#buffer = new Uint8Array(Math.max(64, bytesExpected));
  }

  byte(value: number): void {
    if (this.length === this.#buffer.length) this.#grow(1);
    this.#buffer[this.length++] = value;
  }

  bytes(values: Uint8Array): void {
    if (this.length + values.length > this.#buffer.length) this.#grow(values.length);
    this.#buffer.set(values, this.length);
    this.length += values.length;
  }

  /** LEB128: seven bits a byte, lowest first. Arithmetic, as shifts end at 32 bits. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a whole number from 0 up.`);
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Two small numbers in a byte, with escapes. */
  pair(high: number, low: number): void {
    this.byte((Math.min(high, escapeNibble) << 4) | Math.min(low, escapeNibble));
    if (high >= escapeNibble) this.varint(high - escapeNibble);
    if (low >= escapeNibble) this.varint(low - escapeNibble);
  }

  uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff);
  }

  written(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  #grow(bytes: number): void {
    this.#buffer = grown(this.#buffer, Math.max(this.#buffer.length * 2, this.length + bytes));
  }
}

/** Bytes read from the front; reading past the end, or a varint that is not minimal, is refused. */
class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new SummaryFormatError("These bytes are no summary: a length past the end.");
    return value;
  }

  bytes(length: number): Uint8Array {
    refuseIf(length > this.left, "a length past the end");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      refuseIf(!Number.isSafeInteger(value), "a number too large");
      if (byte < 0x80) {
        refuseIf(byte === 0 && scale > 1, "a number longer than it need be");
        return value;
      }
    }
  }

  pair(): [high: number, low: number] {
    const byte = this.byte();
    const high = byte >>> 4;
    const low = byte & 0x0f;
    return [
      high < escapeNibble ? high : escapeNibble + this.varint(),
      low < escapeNibble ? low : escapeNibble + this.varint(),
    ];
  }

  end(): void {
    refuseIf(this.left !== 0, "bytes left over");
  }
}
