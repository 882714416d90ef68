import { endKey, keyOf, sharedOf, type TermRun } from "./term-run.ts";

/** How many runs a tournament can hold. */
export const runsMax = 1 << 14;
const runBits = 14;

/**
 * Many sorted runs as one: a loser tree whose matches are decided by keys, which are integers, so that two terms are
 * compared byte by byte only where they share more than either shares with the last winner.
 *
 * Every character is looked at about once, whatever the terms; no hashing, so no input is worse than another. Source:
 * LCP merge (Ng and Kakehi 2008) and the LCP loser tree (Bingmann, Eberle and Sanders, "Engineering Parallel String
 * Sorting", 2015).
 */
export class Tournament {
  readonly #runs: readonly TermRun[];
  /**
   * Players, `key << 14 | run`. Run `i` has its leaf at `runs + i`; the inner node `n`, with children `2n` and `2n + 1`,
   * holds who lost there, its key after who won there. At 0 is the winner of all, its key after the one that won before.
   */
  readonly #players: Int32Array;

  constructor(runs: readonly TermRun[]) {
    if (runs.length > runsMax)
      throw new RangeError(`At most ${runsMax} summaries are merged at once, not ${runs.length}.`);
    this.#runs = runs;
    this.#players = new Int32Array(Math.max(1, runs.length)).fill(endKey);
    const winners = new Int32Array(2 * runs.length);
    for (let i = 0; i < runs.length; i++) winners[runs.length + i] = (runs[i]!.advance() << runBits) | i;
    for (let node = runs.length - 1; node > 0; node--)
      winners[node] = this.#play(node, winners[2 * node]!, winners[2 * node + 1]!);
    if (runs.length > 0) this.#players[0] = winners[1]!;
  }

  /** The run with the smallest term. */
  get winner(): TermRun {
    return this.#runs[this.#players[0]! & (runsMax - 1)]!;
  }

  /** The key of its term after the one that won before; `endKey` when all runs have ended. */
  get key(): number {
    return this.#players[0]! >> runBits;
  }

  /** Takes the smallest term away. */
  next(): void {
    const players = this.#players;
    const run = players[0]! & (runsMax - 1);
    let winner = (this.#runs[run]!.advance() << runBits) | run;
    for (let node = (this.#runs.length + run) >>> 1; node > 0; node >>>= 1) {
      const other = players[node]!;
      if ((winner ^ other) >>> runBits === 0) winner = this.#play(node, winner, other);
      else {
        // The larger wins. Not a branch: nobody could predict it.
        const lead = winner - other;
        const lag = lead & (lead >> 31);
        players[node] = other + lag;
        winner -= lag;
      }
    }
    players[0] = winner;
  }

  /** Gives the winner, and keeps the loser with its key after the winner. Both keys are after the same term. */
  #play(node: number, a: number, b: number): number {
    const key = a >> runBits;
    if (key !== b >> runBits || key === endKey) {
      this.#players[node] = Math.min(a, b);
      return Math.max(a, b);
    }
    const runA = a & (runsMax - 1);
    const runB = b & (runsMax - 1);
    const x = this.#runs[runA]!;
    const y = this.#runs[runB]!;
    const length = Math.min(x.length, y.length);
    let shared = sharedOf(key);
    while (shared < length && x.term[shared] === y.term[shared]) shared++;
    const keyX = keyOf(x.term, 0, x.length, shared);
    const keyY = keyOf(y.term, 0, y.length, shared);
    this.#players[node] = keyX >= keyY ? (keyY << runBits) | runB : (keyX << runBits) | runA;
    return keyX >= keyY ? a : b;
  }
}
