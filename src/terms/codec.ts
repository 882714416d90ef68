import { ByteReader, grown, refuseIf, SummaryFormatError } from "./bytes.ts";
import { openSummary, SummaryWriter } from "./layout.ts";
import type { Counted, Summary } from "./summary.ts";
import { sortUtf8, termBytesMax } from "./utf8.ts";

export { SummaryFormatError } from "./bytes.ts";

/**
 * Writes a summary in its canonical form (`layout.ts`): equal summaries of one tokenizer version give equal bytes, and
 * others do not.
 *
 * About 4 to 6 bytes per term. Throws RangeError for what could not be read back: a number that is no safe integer >= 0,
 * a term above 64 bytes or with a lone surrogate, an error above the floor.
 */
export function encodeSummary(summary: Summary, tokenizerVersion: number): Uint8Array {
  const out = new SummaryWriter(summary.terms.size);
  let before = new Uint8Array(termBytesMax);
  let term = new Uint8Array(termBytesMax);
  let beforeLength = 0;
  for (const name of sortUtf8([...summary.terms.keys()])) {
    const { count, error } = summary.terms.get(name)!;
    if (error > summary.floor)
      throw new RangeError(`The error ${error} of "${name}" is above the floor ${summary.floor}.`);
    const length = putTerm(name, term);
    let shared = 0;
    while (shared < length && shared < beforeLength && term[shared] === before[shared]) shared++;
    out.add(term, 0, length, shared, count, error);
    [before, term] = [term, before];
    beforeLength = length;
  }
  return out.finish({ ...summary, tokenizerVersion });
}

/** Reads what `encodeSummary` wrote. Throws SummaryFormatError for anything that it would not have written. */
export function decodeSummary(bytes: Uint8Array): { summary: Summary; tokenizerVersion: number } {
  const { size, messages, pairs, floor, tokenizerVersion, ...columns } = openSummary(bytes);
  const names = readTerms(size, new ByteReader(columns.heads), columns.suffixes);
  const counts = new ByteReader(columns.counts);
  const errors = columns.errors && new ByteReader(columns.errors);
  const terms = new Map<string, Counted>();
  let anyError = false;
  for (const name of names) {
    const count = counts.varint();
    const error = errors?.varint() ?? 0;
    refuseIf(error > floor, "an error above the floor");
    anyError ||= error > 0;
    terms.set(name, { count, error });
  }
  counts.end();
  errors?.end();
  refuseIf(errors !== undefined && !anyError, "an error column of zeros");
  return { summary: { messages, pairs, floor, terms }, tokenizerVersion };
}

/** Puts the UTF-8 bytes of a term at the start of `target` and returns how many there are. */
export function putTerm(term: string, target: Uint8Array): number {
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

/**
 * Reads the terms, strictly ascending. Their bytes are gathered first: one decoding of all and a slice for each ASCII
 * term is several times as fast as a decoding for each.
 */
function readTerms(size: number, heads: ByteReader, suffixBytes: Uint8Array): string[] {
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
  heads.end();
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

export function decodeUtf8(bytes: Uint8Array): string {
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
