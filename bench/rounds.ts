/** Runs each variant once per round, the order reversed every other round, so that drift falls on all alike. */
export async function alternate<Name extends string, T>(
  rounds: number,
  variants: Readonly<Record<Name, () => Promise<T>>>,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(variants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      process.stderr.write(`  round ${round + 1}/${rounds}: ${name}\n`);
      results[name].push(await variants[name]());
    }
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of the rounds' ratios: each ratio is of two neighbours in time. */
export function medianRatio(values: readonly number[], anchors: readonly number[]): number {
  return median(values.map((value, i) => value / anchors[i]!));
}
