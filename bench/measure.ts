/** How long and how often; from the command line. */
export interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly messageBytes: number;
  /** The main file of the service: of the sources, of a build, or of another checkout to compare with. */
  readonly server: string;
  /** Smaller counts where a measure is not bound by time. */
  readonly quick: boolean;
}

/** One line of the report. */
export interface Figure {
  readonly what: string;
  /** The median of the rounds. */
  readonly value: number;
  readonly unit: string;
  readonly rounds: readonly number[];
  /** Latencies, sizes: what else belongs to the line. */
  readonly detail?: string;
  /** What it is held against, taken in the same run; `ratio` is the median of the rounds' ratios. */
  readonly anchor?: { readonly name: string; readonly value: number; readonly ratio: number };
  readonly goals?: readonly Goal[];
}

export interface Goal {
  readonly of: "value" | "ratio";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A part of the bench that can be run alone with `--only`. */
export interface Measure {
  readonly name: string;
  readonly about: string;
  run(options: BenchOptions): Promise<Figure[]>;
}

export function isMet(goal: Goal, figure: Figure): boolean {
  const value = goal.of === "ratio" ? (figure.anchor?.ratio ?? Number.NaN) : figure.value;
  return value >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) && value <= (goal.atMost ?? Number.POSITIVE_INFINITY);
}
