import { TermCounting } from "#functions/count-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import type { CostWorld } from "./world.ts";

/** The functions that events wake, in an environment of their own. */
export class Background {
  readonly #world: CostWorld;
  readonly #counting: TermCounting;

  constructor(world: CostWorld) {
    this.#world = world;
    this.#counting = new TermCounting(world.context);
  }

  /** One event of countTerms: until nothing is left. */
  async count(): Promise<void> {
    while ((await this.#counting.countTerms()).more);
  }

  /** One event of rollUpTerms. */
  async rollUp(): Promise<void> {
    const { context } = this.#world;
    while (await rollUpTerms(context));
    while (await context.store.expire(context.clock.nowMs()));
  }
}
