import { setTimeout as delay } from "node:timers/promises";
import type { NamedTrouble, Scene } from "./trouble.ts";

/** How many troubles there are at once, at most. */
const atOnceMax = 3;

interface Active {
  readonly trouble: NamedTrouble;
  readonly endsAtMs: number;
  end(): Promise<void>;
}

/** Troubles in random order until a time, up to three at once, each for its random while; all have ended when it resolves. */
export async function trouble(
  scene: Scene,
  troubles: readonly NamedTrouble[],
  untilMs: number,
  say: (event: string) => void,
): Promise<void> {
  const { random, world } = scene;
  const active: Active[] = [];
  // Not one after the other: a server that was killed in a full disk may not come up until there is room.
  const ending = new Map<Active, Promise<void>>();
  let nextAtMs = performance.now() + random.integer(0, 1_000);
  try {
    while (performance.now() < untilMs && !world.service.isBroken) {
      const over = active.filter((each) => each.endsAtMs <= performance.now() && !ending.has(each));
      for (const each of over) remove(each);
      if (performance.now() >= nextAtMs && active.length < Math.min(atOnceMax, troubles.length)) {
        const left = troubles.filter(({ name }) => !active.some((each) => each.trouble.name === name));
        active.push(await begin(scene, random.pick(left), say));
        nextAtMs = performance.now() + random.integer(0, 1_500);
      }
      await delay(20);
    }
  } finally {
    for (const each of active) if (!ending.has(each)) remove(each);
    await Promise.all(ending.values());
  }

  /** It counts as there until it has ended. */
  function remove(each: Active): void {
    const ended = each.end().then(() => {
      active.splice(active.indexOf(each), 1);
      say(`${each.trouble.name} over`);
    });
    ended.catch(() => {});
    ending.set(each, ended);
  }
}

async function begin(scene: Scene, trouble: NamedTrouble, say: (event: string) => void): Promise<Active> {
  const random = scene.random.fork();
  const lastsMs = random.integer(...trouble.lastsMs);
  say(`${trouble.name} for ${lastsMs} ms`);
  const endExcuse = scene.world.service.begin(trouble.excuse ?? {});
  const end = await trouble.begin({ ...scene, random });
  return {
    trouble,
    endsAtMs: performance.now() + lastsMs,
    async end() {
      await end();
      endExcuse();
    },
  };
}
