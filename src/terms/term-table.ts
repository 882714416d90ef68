import { type Head, SummaryWriter } from "./layout.ts";
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
