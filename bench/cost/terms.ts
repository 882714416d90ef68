import type { Engine } from "#stores/dynamodb/fake-engine.ts";
import { stopWordsFor } from "#terms/stop-words.ts";
import { messageTerms } from "#terms/tokenize.ts";
import { Background } from "./background.ts";
import { settle, textsOf } from "./place.ts";
import { type CostWorld, openWorld, type Units } from "./world.ts";

/** What counting costs a message of one topic at a rate, rolled up, with both scopes: the topic and overall. */
export interface TermsCost extends Units {
  readonly perSecond: number;
}

/** Each rate is kept up for so long, or for so many messages; then all of it is rolled up, as if nothing more ever came. */
const secondsMax = 120;
const messagesMax = 60_000;
const rates = [1, 10, 100, 1_000];

/** New messages wake countTerms at most once a second, as the event source has it; rollUpTerms comes every five minutes. */
export async function measureTerms(engine: Engine): Promise<readonly TermsCost[]> {
  const bodies = textsOf(200);
  const costs: TermsCost[] = [];
  for (const perSecond of rates) {
    const world = await openWorld(engine);
    try {
      const { publish } = await settle(world);
      const background = new Background(world);
      await background.count();
      let next = 0;
      let [write, read] = [0, 0];
      const meter = async (run: () => Promise<void>): Promise<void> => {
        const units = await world.unitsOf(run);
        write += units.write;
        read += units.read;
      };
      for (let second = 0; second < Math.min(secondsMax, messagesMax / perSecond); second++) {
        await publish(bodies(next, next + perSecond));
        next += perSecond;
        await meter(() => background.count());
        world.pass(1_000);
      }
      await meter(() => rolledUp(world, background));
      costs.push({ perSecond, write: write / next, read: read / next });
    } finally {
      await world.close();
    }
  }
  return costs;
}

/** One run of both functions when there is nothing to do, with a topic that nobody uses. */
export async function measureSweep(engine: Engine): Promise<Units> {
  const world = await openWorld(engine);
  try {
    await settle(world);
    const background = new Background(world);
    await background.count();
    await rolledUp(world, background);
    // Its shard falls asleep.
    world.pass(3_600_000);
    await background.count();
    await background.rollUp();
    return await world.unitsOf(async () => {
      await background.count();
      await background.rollUp();
    });
  } finally {
    await world.close();
  }
}

/** Different terms in a message of 200 bytes of the bench's text, on average: the rows that one row per word would write. */
export function wordsPerMessage(): number {
  const stopWords = stopWordsFor(["en"]);
  const bodies = textsOf(200)(0, 1_000);
  return bodies.reduce<number>((sum, body) => sum + messageTerms({ body }, { stopWords }).size, 0) / bodies.length;
}

/** Goes on by two days, so that every bucket is closed, and rolls up level by level. */
async function rolledUp(world: CostWorld, background: Background): Promise<void> {
  world.pass(2 * 86_400_000);
  for (let runs = 0; runs < 6; runs++) await background.rollUp();
}
