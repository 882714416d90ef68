import { type Client, createClient, type PublisherHandle, type SubscriberHandle } from "#client/mod.ts";
import { BellwetherError } from "#contract/errors.ts";
import type { Context } from "./context.ts";
import { type KeptPublisher, type KeptSubscriber, openProfile, type Profile } from "./profile.ts";
import { UsageError } from "./usage.ts";

/** A client together with the tokens that the profile keeps. It registers by itself. */
export interface Session {
  readonly client: Client;
  /** Does something as the publisher of a topic. If its token is refused, as after the service was wiped, it registers anew, once. */
  asPublisher<T>(topic: string, act: (publisher: PublisherHandle) => Promise<T>): Promise<T>;
  /** The subscriber of a name, which is registered if there is none (any more). */
  subscriber(wanted: WantedSubscriber): Promise<SubscriberHandle>;
  /** A client to read a topic with: the admin key, no token where reading is open to all, else a kept token of the topic. */
  reader(topic?: string): Promise<Client>;
}

/** A named subscription. Without a name it has that of its topics; without topics it must be known by its name. */
export interface WantedSubscriber {
  readonly name: string | undefined;
  readonly topics: readonly string[];
  /** Where to begin: moves a known subscription, and is the start of a new one (`earliest` if not given). */
  readonly from: string | undefined;
}

/** The name under which the CLI registers. */
const registeredName = "bellwether-cli";

/** Opens the session of a command. */
export function openSession(context: Context): Session {
  const { url, adminKey, signal } = context;
  const settings = { url, adminKey };
  const client = createClient(settings);
  const tell = (text: string) => context.stderr.write(`bellwether: ${text}\n`);
  const profile = openProfile(context.profileFolder, context.profileName, client.url, tell);

  const publishers = new Map<string, PublisherHandle>();

  async function keptPublisher(topic: string): Promise<PublisherHandle | undefined> {
    const kept = (await profile.read()).publishers.get(topic);
    return kept && remember(topic, kept);
  }

  async function registerPublisher(topic: string): Promise<PublisherHandle> {
    const request = { name: registeredName, topics: [topic] };
    const { publisherId, token } = await client.registerPublisher(request, { signal });
    await profile.update(({ publishers }) => publishers.set(topic, { publisherId, token }));
    return remember(topic, { publisherId, token });
  }

  function remember(topic: string, kept: KeptPublisher): PublisherHandle {
    const publisher = client.publisher(kept);
    publishers.set(topic, publisher);
    return publisher;
  }

  return {
    client,
    async asPublisher(topic, act) {
      const publisher = publishers.get(topic) ?? (await keptPublisher(topic)) ?? (await registerPublisher(topic));
      try {
        return await act(publisher);
      } catch (error) {
        if (!hasCode(error, "unauthenticated")) throw error;
        await tell(`the kept token for ${topic} is not known to ${url} any more; registering anew.`);
        return act(await registerPublisher(topic));
      }
    },
    subscriber: (wanted) => findSubscriber(client, profile, wanted, signal, tell),
    async reader(topic) {
      if (adminKey !== undefined || topic === undefined || (await isOpen(client, topic, signal))) return client;
      const { publishers, subscribers } = await profile.read();
      const reading = [...subscribers.values()].findLast(({ topics }) => topics.includes(topic));
      return createClient({ ...settings, token: (reading ?? publishers.get(topic))?.token });
    },
  };
}

async function isOpen(client: Client, topic: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.getTopic(topic, { signal });
    return true;
  } catch (error) {
    // What else is wrong, as a topic that is not there, the call itself will say.
    return !hasCode(error, "unauthenticated");
  }
}

async function findSubscriber(
  client: Client,
  profile: Profile,
  wanted: WantedSubscriber,
  signal: AbortSignal,
  tell: (text: string) => Promise<void>,
): Promise<SubscriberHandle> {
  const name = wanted.name ?? [...wanted.topics].sort().join("+");
  const known = (await profile.read()).subscribers.get(name);
  if (known) {
    if (wanted.topics.length > 0 && !hasSameTopics(known, wanted.topics)) {
      throw new UsageError(`The subscription "${name}" is to ${known.topics.join(", ")}. Choose another --name.`);
    }
    try {
      const handle = client.subscriber(known);
      await (wanted.from === undefined ? handle.get({ signal }) : handle.seek({ from: wanted.from }, { signal }));
      return handle;
    } catch (error) {
      if (!hasCode(error, "unauthenticated") && !hasCode(error, "subscriber_not_found")) throw error;
      await tell(`the subscription "${name}" is not known to ${client.url} any more; registering anew.`);
    }
  }
  const topics = known?.topics ?? wanted.topics;
  if (topics.length === 0) throw new UsageError(`There is no subscription "${name}" yet; name its topics.`);
  const request = { name, topics, from: wanted.from ?? "earliest" };
  const { subscriberId, token } = await client.registerSubscriber(request, { signal });
  await profile.update(({ subscribers }) => subscribers.set(name, { subscriberId, token, topics }));
  return client.subscriber({ subscriberId, token });
}

function hasSameTopics(known: KeptSubscriber, topics: readonly string[]): boolean {
  return (
    new Set([...known.topics, ...topics]).size === known.topics.length && new Set(topics).size === known.topics.length
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof BellwetherError && error.code === code;
}
