import { decodeUtf8 } from "./codec.ts";
import { type Head, SummaryWriter } from "./layout.ts";
import type { RankedTerm } from "./summary.ts";
import { endKey, keyOf, sharedOf } from "./term-run.ts";
import { termBytesMax } from "./utf8.ts";

/**
 * A summary as columns: terms in ascending order of their UTF-8 bytes, none of them a string yet.
 *
 * Term `i` has its bytes in [ends[i - 1], ends[i]) of `bytes`; the first `shared[i]` are all it shares with the one before.
 */
export interface TermTable extends Head {
  readonly size: number;
  readonly counts: Float64Array;
  readonly errors: Float64Array;
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  readonly shared: Uint8Array;
}

/** The term at an index, as text. */
export function termAt(table: TermTable, index: number): string {
  return decodeUtf8(table.bytes.subarray(startOf(table, index), table.ends[index]));
}

/** Where a term is in the table; -1 if it is not held. */
export function indexOfTerm(table: TermTable, term: string): number {
  if (term.length > termBytesMax || !term.isWellFormed()) return -1;
  const wanted = encoder.encode(term);
  let low = 0;
  for (let high = table.size; low < high; ) {
    const middle = (low + high) >>> 1;
    if (compareAt(table, middle, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low < table.size && compareAt(table, low, wanted) === 0 ? low : -1;
}

/** For each term of `table` its index in `other`, or -1: to hold two stretches of time against each other. */
export function alignTables(table: TermTable, other: TermTable): Int32Array {
  const indexes = new Int32Array(table.size).fill(-1);
  let i = 0;
  let j = 0;
  // Both keys are after the smaller of the two terms that were passed last (see term-run.ts).
  let keyI = keyAt(table, i);
  let keyJ = keyAt(other, j);
  while (keyI !== endKey && keyJ !== endKey) {
    if (keyI === keyJ) [keyI, keyJ] = keysApart(table, i, other, j, keyI);
    if (keyI === keyJ) indexes[i] = j;
    if (keyI >= keyJ) keyI = keyAt(table, ++i);
    else keyJ = keyAt(other, ++j);
  }
  return indexes;
}

/** The terms with the largest counts, as `topTerms` ranks them. Those `hidden` are as if they were not in the table. */
export function topOfTable(table: TermTable, k: number, hidden: Iterable<string> = []): RankedTerm[] {
  const { counts, errors, size, messages } = table;
  const isHidden = new Uint8Array(size);
  for (const term of hidden) isHidden[indexOfTerm(table, term)] = 1; // that of -1 goes nowhere
  const values = counts.slice();
  for (let i = 0; i < size; i++) if (isHidden[i]) values[i] = -1;
  const chosen = largest(values, k);

  let boundOutside = table.floor;
  const isChosen = new Uint8Array(size);
  for (const i of chosen) isChosen[i] = 1;
  for (let i = 0; i < size; i++)
    if (!isChosen[i] && !isHidden[i]) boundOutside = Math.max(boundOutside, counts[i]! + errors[i]!);

  return chosen
    .filter((i) => !isHidden[i])
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .map((i) => ({
      term: termAt(table, i),
      count: counts[i]!,
      error: errors[i]!,
      certain: counts[i]! >= boundOutside,
      share: messages === 0 ? 0 : counts[i]! / messages,
    }));
}

/** The canonical bytes of the table, cut to the `capacity` largest upper bounds as `mergeSummaries` does. */
export function encodeTable(table: TermTable, capacity: number): Uint8Array {
  const { size, counts, errors, bytes, ends, shared } = table;
  const out = new SummaryWriter(Math.min(size, capacity));
  const kept = size > capacity ? keptOf(table, capacity) : undefined;
  let floor = table.floor;
  // What a term shares with the last one kept is the least that was shared on the way from there.
  let least = termBytesMax;
  for (let i = 0, from = 0; i < size; from = ends[i++]!) {
    least = Math.min(least, shared[i]!);
    if (kept !== undefined && kept[i] === 0) {
      floor = Math.max(floor, counts[i]! + errors[i]!);
      continue;
    }
    out.add(bytes, from, ends[i]!, least, counts[i]!, errors[i]!);
    least = termBytesMax;
  }
  return out.finish({ ...table, floor });
}

function keptOf({ size, counts, errors }: TermTable, capacity: number): Uint8Array {
  const kept = new Uint8Array(size);
  for (const i of largest(
    counts.map((count, i) => count + errors[i]!),
    capacity,
  ))
    kept[i] = 1;
  return kept;
}

/** The indexes of the `k` largest values, ascending; of equal values the first ones. */
function largest(values: Float64Array, k: number): number[] {
  const sorted = values.slice().sort();
  const border = k < values.length ? (sorted[values.length - k] ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY;
  let ties = Math.min(k, values.length);
  for (let i = sorted.length - 1; i >= 0 && sorted[i]! > border; i--) ties--;
  const indexes: number[] = [];
  for (let i = 0; i < values.length; i++)
    if (values[i]! > border || (values[i] === border && ties-- > 0)) indexes.push(i);
  return indexes;
}

function startOf({ ends }: TermTable, index: number): number {
  return index === 0 ? 0 : ends[index - 1]!;
}

/** The key of a term after the one before it in the table; `endKey` behind the last. */
function keyAt(table: TermTable, index: number): number {
  return index < table.size ? keyBehind(table, index, table.shared[index]!) : endKey;
}

function keyBehind(table: TermTable, index: number, shared: number): number {
  return keyOf(table.bytes, startOf(table, index), table.ends[index]!, shared);
}

/** The keys of two terms that had the same key, after the smaller of them; still the same if they are equal. */
function keysApart(a: TermTable, i: number, b: TermTable, j: number, key: number): [keyA: number, keyB: number] {
  const fromA = startOf(a, i);
  const fromB = startOf(b, j);
  const length = Math.min(a.ends[i]! - fromA, b.ends[j]! - fromB);
  let shared = sharedOf(key);
  while (shared < length && a.bytes[fromA + shared] === b.bytes[fromB + shared]) shared++;
  return [keyBehind(a, i, shared), keyBehind(b, j, shared)];
}

function compareAt(table: TermTable, index: number, wanted: Uint8Array): number {
  const from = startOf(table, index);
  const length = table.ends[index]! - from;
  for (let i = 0; i < length && i < wanted.length; i++) {
    const difference = table.bytes[from + i]! - wanted[i]!;
    if (difference !== 0) return difference;
  }
  return length - wanted.length;
}

const encoder = new TextEncoder();
