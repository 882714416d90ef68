import { ByteReader, ByteWriter, refuseIf } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";

/*
 * u8 'T' | u8 layout = 1 | u8 flags | body | u32 little-endian CRC-32C of the body
 * flags: 1 = body is deflated (reserved, always 0), 2 = the error column is there (some error is not 0)
 * body:  varints  terms, pairs, messages, floor, tokenizerVersion, then the byte length of each column
 *        column   per term a byte shared << 4 | suffix length; a half of 15 is followed by a varint of what is above 15
 *        column   suffix bytes of the terms, sorted by UTF-8; `shared` bytes are those of the term before
 *        column   varint counts
 *        column   varint errors (flag 2)
 */

/** What an encoded summary says of itself before its terms. */
export interface Head {
  readonly messages: number;
  readonly pairs: number;
  readonly floor: number;
  readonly tokenizerVersion: number;
}

/** An encoded summary whose envelope was checked and whose columns were found, not yet read. */
export interface Opened extends Head {
  readonly size: number;
  readonly heads: Uint8Array;
  readonly suffixes: Uint8Array;
  readonly counts: Uint8Array;
  /** Absent when all errors are 0. */
  readonly errors: Uint8Array | undefined;
}

const magic = 0x54; // T
const layout = 1;
const deflateFlag = 1;
const errorsFlag = 2;
const headerBytes = 3;
const checksumBytes = 4;

/** Writes the columns, term by term, in ascending order of their bytes. */
export class SummaryWriter {
  readonly #heads: ByteWriter;
  readonly #suffixes: ByteWriter;
  readonly #counts: ByteWriter;
  readonly #errors: ByteWriter;
  #size = 0;
  #anyError = false;

  constructor(termsExpected: number) {
    this.#heads = new ByteWriter(termsExpected);
    this.#suffixes = new ByteWriter(termsExpected * 6);
    this.#counts = new ByteWriter(termsExpected);
    this.#errors = new ByteWriter(termsExpected);
  }

  /** The bytes of the term lie in [from, to) of `bytes`; the first `shared` are all that it shares with the one before. */
  add(bytes: Uint8Array, from: number, to: number, shared: number, count: number, error: number): void {
    this.#heads.pair(shared, to - from - shared);
    for (let i = from + shared; i < to; i++) this.#suffixes.byte(bytes[i]!);
    this.#counts.varint(count);
    this.#errors.varint(error);
    this.#anyError ||= error > 0;
    this.#size++;
  }

  /** All of it in its envelope. */
  finish({ messages, pairs, floor, tokenizerVersion }: Head): Uint8Array {
    const columns = [this.#heads, this.#suffixes, this.#counts, ...(this.#anyError ? [this.#errors] : [])];
    const out = new ByteWriter(64 + columns.reduce((sum, column) => sum + column.length, 0));
    out.byte(magic);
    out.byte(layout);
    out.byte(this.#anyError ? errorsFlag : 0);
    for (const number of [this.#size, pairs, messages, floor, tokenizerVersion]) out.varint(number);
    for (const column of columns) out.varint(column.length);
    for (const column of columns) out.bytes(column.written());
    out.uint32(crc32c(out.written().subarray(headerBytes)));
    return out.written().slice();
  }
}

/** Checks the envelope (marks, layout, flags, checksum) and finds the columns. Throws SummaryFormatError. */
export function openSummary(bytes: Uint8Array): Opened {
  const { body, hasErrors } = openEnvelope(bytes);
  const fields = new ByteReader(body);
  const size = fields.varint();
  const pairs = fields.varint();
  const messages = fields.varint();
  const floor = fields.varint();
  const tokenizerVersion = fields.varint();
  const lengths = Array.from({ length: hasErrors ? 4 : 3 }, () => fields.varint());
  const [heads, suffixes, counts, errors] = lengths.map((length) => fields.bytes(length));
  fields.end();
  refuseIf(size > heads!.length || size > counts!.length, "more terms than bytes for them");
  return {
    size,
    messages,
    pairs,
    floor,
    tokenizerVersion,
    heads: heads!,
    suffixes: suffixes!,
    counts: counts!,
    errors,
  };
}

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
