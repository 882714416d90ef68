import type { RegisteredPublisher, RegisteredSubscriber } from "#contract/types.ts";
import { readBenchText } from "../text.ts";
import type { CallOptions, CostWorld } from "./world.ts";

/** A topic with one publisher and one subscriber, known to the environment, as all that happened a moment ago. */
export interface Place {
  readonly world: CostWorld;
  readonly publisher: RegisteredPublisher;
  readonly subscriber: RegisteredSubscriber;
  publish(bodies: readonly unknown[], options?: CallOptions): Promise<void>;
  /** Reads on from where it was; throws when there is another number of messages. */
  read(query: string, count: number | undefined): Promise<void>;
  commit(): Promise<void>;
}

export async function settle(world: CostWorld, shards = 1): Promise<Place> {
  await world.call("PUT", "/topics/news", { json: { shards } });
  const publisher = await world.call("POST", "/publishers", { json: { name: "bench", topics: ["news"] } });
  const subscriber = await world.call("POST", "/subscribers", { json: { topics: ["news"], from: "earliest" } });
  const place = placeIn(world, { publisher, subscriber });
  await place.publish(["warm"]);
  await place.read("limit=1", 1);
  return place;
}

/** The same topic and callers in another environment. */
export function placeIn(world: CostWorld, { publisher, subscriber }: Pick<Place, "publisher" | "subscriber">): Place {
  const path = `/subscribers/${subscriber.subscriberId}`;
  let after: string | undefined;
  return {
    world,
    publisher,
    subscriber,
    async publish(bodies, options) {
      const messages = bodies.map((body) => ({ body }));
      const json = messages.length === 1 ? messages[0] : { messages };
      await world.call("POST", "/topics/news/messages", { token: publisher.token, json, ...options });
    },
    async read(query, count) {
      const from = after === undefined ? "" : `&after=${after}`;
      const page = await world.call("GET", `${path}/messages?${query}${from}`, { token: subscriber.token });
      if (count !== undefined && page.messages.length !== count)
        throw new Error(`${query} gave ${page.messages.length} messages instead of ${count}.`);
      after = page.cursor;
    },
    async commit() {
      await world.call("PUT", `${path}/cursor`, { token: subscriber.token, json: { cursor: after } });
    },
  };
}

/** The nth bodies of real text, each about so many bytes of JSON; from the beginning again when there are no more. */
export function textsOf(bytes: number): (from: number, to: number) => unknown[] {
  const bodies = readBenchText(bytes).messages.map((message) => JSON.parse(message.toString()).body);
  return (from, to) => Array.from({ length: to - from }, (_, i) => bodies[(from + i) % bodies.length]);
}
