import type { Engine } from "#stores/dynamodb/fake-engine.ts";
import { Background } from "./background.ts";
import { type Place, placeIn, settle, textsOf } from "./place.ts";
import { type CallOptions, type CostWorld, openWorld, type Units } from "./world.ts";

/** The calls that are measured, by the name that the monthly bills know them by. */
export const callNames = {
  publish: "publish one message",
  publishOnce: "publish one with an Idempotency-Key",
  publishLarge: "publish one of 1,000 bytes",
  publish10: "publish a batch of 10",
  publish100: "publish a batch of 100",
  read1: "subscribe: 1 message",
  read10: "subscribe: 10 that were published singly",
  read100: "subscribe: 100 that were published singly",
  read100Batched: "subscribe: 100 of one batch",
  readCommit: "subscribe: 100 of one batch, with `commit=true`",
  idle: "subscribe: nothing new, 1 shard",
  idle4: "subscribe: nothing new, 4 shards",
  commit: "commitCursor",
  terms: "getPopularTerms of ten minutes",
  registerPublisher: "registerPublisher",
  registerSubscriber: "registerSubscriber",
  putTopic: "putTopic, 1 shard",
  firstPublish: "more for an environment's first publish in a minute",
  firstRead: "more for an environment's first subscribe in a minute",
} as const;

export type CallName = keyof typeof callNames;

export interface CallCost extends Units {
  /** Messages published or given by the call. */
  readonly messages: number;
}

const messageBytes = 200;

/** Measures each call in a world of its own. */
export async function measureCalls(engine: Engine): Promise<Readonly<Record<CallName, CallCost>>> {
  const singles = textsOf(messageBytes);
  const large = textsOf(1_000);
  const at = async (run: (place: Place) => Promise<CallCost>, shards = 1): Promise<CallCost> => {
    const world = await openWorld(engine);
    try {
      return await run(await settle(world, shards));
    } finally {
      await world.close();
    }
  };
  const publishing = (batch: number, options: (i: number) => CallOptions = () => ({}), from = singles) =>
    at((place) => mean(batch, 20, place.world, (i) => place.publish(from(i * batch, (i + 1) * batch), options(i))));
  /** Reads so many, when that many and more have been published singly or at once. */
  const reading = (count: number, batched: boolean, query = "") =>
    at(async (place) => {
      const batches = batched ? 4 : 4 * count;
      const each = batched ? count : 1;
      for (let i = 0; i < batches; i++) await place.publish(singles(i * each, (i + 1) * each));
      return mean(count, 3, place.world, () => place.read(`limit=${count}${query}`, count));
    });
  const idle = (shards: number) =>
    at(async (place) => {
      await place.publish(singles(0, 1));
      await place.read("limit=100", 1);
      return mean(0, 5, place.world, () => place.read("limit=100", 0));
    }, shards);
  const first = (call: (place: Place) => Promise<unknown>) =>
    at(async (place) => {
      await place.publish(singles(0, 1));
      place.world.pass(60_000);
      const fresh = placeIn(await place.world.startEnvironment(), place);
      const cold = await fresh.world.unitsOf(() => call(fresh));
      await place.publish(singles(1, 2));
      const warm = await fresh.world.unitsOf(() => call(fresh));
      return { messages: 0, write: cold.write - warm.write, read: cold.read - warm.read };
    });

  return {
    publish: await publishing(1),
    publishOnce: await publishing(1, (i) => ({ headers: { "idempotency-key": `"order-${i}"` } })),
    publishLarge: await publishing(1, undefined, large),
    publish10: await publishing(10),
    publish100: await publishing(100),
    read1: await reading(1, false),
    read10: await reading(10, false),
    read100: await reading(100, false),
    read100Batched: await reading(100, true),
    readCommit: await reading(100, true, "&commit=true"),
    idle: await idle(1),
    idle4: await idle(4),
    commit: await at(async (place) => {
      await place.publish(singles(0, 1));
      await place.read("limit=100", 1);
      return { messages: 0, ...(await place.world.unitsOf(() => place.commit())) };
    }),
    terms: await at(async (place) => {
      await fillTerms(place, singles);
      return mean(0, 3, place.world, async () => {
        // Past the second for which an answer is kept.
        place.world.pass(2_000);
        await place.world.call("GET", `/popular-terms?topic=news&window=10m`);
      });
    }),
    registerPublisher: await at((place) =>
      mean(0, 5, place.world, () =>
        place.world.call("POST", "/publishers", { json: { name: "more", topics: ["news"] } }),
      ),
    ),
    registerSubscriber: await at((place) =>
      mean(0, 5, place.world, () => place.world.call("POST", "/subscribers", { json: { topics: ["news"] } })),
    ),
    putTopic: await at((place) =>
      mean(0, 5, place.world, (i) => place.world.call("PUT", `/topics/more-${i}`, { json: {} })),
    ),
    firstPublish: await first((place) => place.publish(singles(2, 3))),
    firstRead: await first((place) => place.read("limit=100", undefined)),
  };
}

async function mean(
  messages: number,
  times: number,
  world: CostWorld,
  call: (i: number) => Promise<unknown>,
): Promise<CallCost> {
  const { write, read } = await world.unitsOf(async () => {
    for (let i = 0; i < times; i++) await call(i);
  });
  return { messages, write: write / times, read: read / times };
}

/** Ten minutes of a message a second, counted and rolled up. */
async function fillTerms({ world, publish }: Place, bodies: (from: number, to: number) => unknown[]): Promise<void> {
  const background = new Background(world);
  for (let bucket = 0; bucket < 60; bucket++) {
    await publish(bodies(bucket * 10, (bucket + 1) * 10));
    await background.count();
    world.pass(10_000);
    await background.rollUp();
  }
}
