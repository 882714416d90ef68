import type { Trouble } from "../trouble.ts";

const hourMs = 3_600_000;

/** The wall clock is set forward or back, and later right again. Under a day, after which an Idempotency-Key is forgotten. */
export default {
  about: "the wall clock jumps by up to ten hours, forward or back, and later back again",
  lastsMs: [200, 5_000],
  async begin({ world, random }) {
    const byMs = random.pick([-1, 1]) * random.integer(1, random.pick([2_000, hourMs, 10 * hourMs]));
    world.controls.jump(byMs);
    return () => world.controls.jump(-byMs);
  },
} satisfies Trouble;
