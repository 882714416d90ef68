import type { Figure, Goal } from "../measure.ts";
import { alternate, median } from "../rounds.ts";
import type { Material } from "./material.ts";

/** From the command line. */
export interface TermsOptions {
  readonly rounds: number;
  /** Smaller counts, to see that all works. */
  readonly quick: boolean;
  readonly text: Material;
}

/** A part of the bench that can be run alone with `--only`. */
export interface TermsMeasure {
  readonly name: string;
  readonly about: string;
  run(options: TermsOptions): Promise<Figure[]>;
}

/**
 * What each of two ways to the same takes, in ms of this process's CPU, so that what else runs on the machine is left out:
 * they take turns, after some rounds that only warm up.
 */
export async function race(
  options: TermsOptions,
  ours: () => unknown,
  anchor: () => unknown,
): Promise<{ ours: number[]; anchor: number[] }> {
  const timed = async (work: () => unknown): Promise<number> => {
    const begin = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1_000;
  };
  for (let i = 0; i < (options.quick ? 1 : 5); i++) {
    await ours();
    await anchor();
  }
  return alternate(options.rounds, { ours: () => timed(ours), anchor: () => timed(anchor) });
}

/** A rate of ours beside the anchor's, of `units` done in each round. */
export function rates(
  what: string,
  unit: string,
  units: { readonly ours: number; readonly anchor: number },
  times: { readonly ours: readonly number[]; readonly anchor: readonly number[] },
  anchorName: string,
  goals: readonly Goal[],
  detail = "",
): Figure {
  const ours = times.ours.map((ms) => (1_000 * units.ours) / ms);
  const anchor = times.anchor.map((ms) => (1_000 * units.anchor) / ms);
  const ratio = median(ours.map((rate, i) => rate / anchor[i]!));
  return {
    what,
    value: median(ours),
    unit,
    rounds: ours,
    detail,
    anchor: { name: anchorName, value: median(anchor), ratio },
    goals,
  };
}
