import type { Trouble } from "../trouble.ts";

/** Each commit waits for a disk that is busy elsewhere. Everything is late, and nothing else. */
export default {
  about: "each commit takes 20 to 500 ms longer",
  lastsMs: [500, 6_000],
  async begin({ world, random }) {
    world.controls.slowCommits(random.integer(20, 500));
    return () => world.controls.slowCommits(0);
  },
} satisfies Trouble;
