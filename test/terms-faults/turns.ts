import type { Random } from "../random.ts";

/** How often whoever had the last turn has the next too: then a task often gets far between two turns of another. */
const sticking = 0.7;

/**
 * Lets tasks that run at once take turns in an order that a seed decides: each waits at `next`, one wait at a time, until
 * it is drawn. Nothing else runs meanwhile, so that a run can be repeated.
 */
export class Turns {
  readonly #random: Random;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #allWait = (): void => {};

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === this.#running) this.#allWait();
    });
  }

  /** Runs until all tasks have ended or failed. `between` is called before each turn. */
  async run(
    works: readonly (() => Promise<unknown>)[],
    between: () => void = () => {},
  ): Promise<PromiseSettledResult<unknown>[]> {
    this.#running = works.length;
    const ended = (): void => {
      this.#running -= 1;
      if (this.#waiting.length === this.#running) this.#allWait();
    };
    const settled = Promise.allSettled(works.map((work) => work().finally(ended)));
    while (this.#running > 0) {
      if (this.#waiting.length < this.#running) {
        await new Promise<void>((resolve) => {
          this.#allWait = resolve;
        });
        continue;
      }
      between();
      const last = this.#waiting.length - 1;
      const drawn = this.#random.chance(sticking) ? last : this.#random.integer(0, last);
      this.#waiting.splice(drawn, 1)[0]!();
    }
    return settled;
  }
}
