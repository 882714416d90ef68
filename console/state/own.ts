import { effect, signal } from "@preact/signals";
import type { Client, MessageIn, Published, RegisteredPublisher, RegisteredSubscriber } from "#client/mod.ts";
import { actor, client, connectionNumber, key, rights } from "./connection.ts";

/** Who was registered on this page, with their tokens: in memory only, gone with the page. */
export const ownPublishers = signal<readonly RegisteredPublisher[]>([]);
export const ownSubscribers = signal<readonly RegisteredSubscriber[]>([]);

let connection = connectionNumber.value;
effect(() => {
  if (connection === connectionNumber.value) return;
  connection = connectionNumber.value;
  ownPublishers.value = [];
  ownSubscribers.value = [];
});

/**
 * Publishes from this page: with the admin key, with a publisher's token that was given, or as a publisher that the page
 * registers for itself once for each topic, where registering is open.
 */
export async function publishFromHere(topic: string, messages: MessageIn | readonly MessageIn[]): Promise<Published> {
  const acting = actor.value;
  if (rights.value?.admin || key.value?.startsWith("bw_pub_")) return acting.publish(topic, messages);
  const publisher = ownPublishers.value.find(({ topics }) => topics.includes(topic)) ?? (await register(acting, topic));
  return acting.publisher(publisher).publish(topic, messages);
}

async function register(acting: Client, topic: string): Promise<RegisteredPublisher> {
  const publisher = await acting.registerPublisher({ name: "console", topics: [topic] });
  ownPublishers.value = [...ownPublishers.value, publisher];
  return publisher;
}

/** What may be done with a subscriber: by who registered it here, or else by whoever the page was given the key of. */
export function subscriberOf(subscriberId: string, acting: Client = client.value): ReturnType<Client["subscriber"]> {
  const token = ownSubscribers.value.find((each) => each.subscriberId === subscriberId)?.token;
  return acting.subscriber({ subscriberId, token });
}
