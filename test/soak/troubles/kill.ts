import { setTimeout as delay } from "node:timers/promises";
import type { Trouble } from "../trouble.ts";

/** `kill -9` at any instant, sometimes again while it recovers, and a start over the same folder. */
export default {
  about: "SIGKILL at any instant, sometimes again while it recovers, then a start over the same folder",
  lastsMs: [0, 1_000],
  excuse: { connections: true },
  endsProcess: true,
  async begin({ world, random }) {
    await world.kill();
    while (random.chance(0.3)) {
      const started = world.start();
      await delay(random.integer(0, 500));
      await world.kill();
      await started;
    }
    return async () => void (await world.start());
  },
} satisfies Trouble;
