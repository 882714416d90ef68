import { holdStreams, runLoad } from "../generator.ts";
import type { BenchService } from "../servers.ts";
import { readBenchText } from "../text.ts";

/** Something that there can be much of. */
export interface Dimension {
  readonly name: string;
  readonly about: string;
  readonly sizes: readonly number[];
  /** Brings a service with an empty folder to a size; gives the whole requests of each operation. */
  prepare(service: BenchService, size: number): Promise<Prepared>;
}

export interface Prepared {
  readonly publish: readonly string[];
  readonly read: readonly string[];
  readonly terms: readonly string[];
  /** Lets go of what is held beside the service. */
  release?(): Promise<void>;
}

const messageBytes = 300;
const pageMessages = 100;
const topicsPerPublisher = 10;
const callsAtOnce = 16;
/** Enough for a few pages, where the number of messages is not what grows. */
const someMessages = 1_000;
const countingMsMax = 900_000;

const powers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));

export const dimensions: readonly Dimension[] = [
  {
    name: "messages",
    about: "stored messages of one topic; read from the middle of the log",
    sizes: powers(3, 7),
    async prepare(service, size) {
      const [bench] = await makeTopics(service, 1);
      await fill(service, bench!, size / 2);
      const middle = new Date().toISOString();
      await fill(service, bench!, size / 2);
      await counted(service, size);
      const [reader] = await makeSubscribers(service, 1, middle);
      return requestsOf([bench!], [reader!]);
    },
  },
  {
    name: "topics",
    about: "topics, published to by turns; read from one of them",
    sizes: powers(0, 4),
    async prepare(service, size) {
      const topics = await makeTopics(service, size);
      await fill(service, topics[0]!, someMessages);
      await counted(service, someMessages);
      return requestsOf(topics, await makeSubscribers(service, 1, "earliest"));
    },
  },
  {
    name: "subscribers",
    about: "registered subscribers of one topic, who read by turns",
    sizes: powers(0, 4),
    async prepare(service, size) {
      const topics = await makeTopics(service, 1);
      await fill(service, topics[0]!, someMessages);
      await counted(service, someMessages);
      return requestsOf(topics, await makeSubscribers(service, size, "earliest"));
    },
  },
  {
    name: "streams",
    about: "open event streams of a topic without news; published to and read from another",
    sizes: powers(0, 4),
    async prepare(service, size) {
      const topics = await makeTopics(service, 1);
      await fill(service, topics[0]!, someMessages);
      await counted(service, someMessages);
      const { path } = await service.topic("quiet", true);
      const held = await holdStreams({ kind: "idle-streams", port: service.port, path, streams: size });
      return { ...requestsOf(topics, await makeSubscribers(service, 1, "earliest")), release: () => held.stop() };
    },
  },
];

interface TokenOf {
  readonly path: string;
  readonly token: string;
}

/** Topics `bench-0`, `bench-1` ... with publishers of ten each. */
async function makeTopics(service: BenchService, count: number): Promise<TokenOf[]> {
  const groups = Math.ceil(count / topicsPerPublisher);
  const made = await atOnce(groups, async (group) => {
    const first = group * topicsPerPublisher;
    const topics = Array.from({ length: Math.min(topicsPerPublisher, count - first) }, (_, i) => `bench-${first + i}`);
    const { token } = await service.call("POST", "/v1/publishers", { name: "bench", topics });
    return topics.map((topic) => ({ path: `/v1/topics/${topic}/messages`, token: String(token) }));
  });
  return made.flat();
}

function makeSubscribers(service: BenchService, count: number, from: string): Promise<TokenOf[]> {
  return atOnce(count, async () => {
    const { subscriberId, token } = await service.call("POST", "/v1/subscribers", { topics: ["bench-0"], from });
    return { path: `/v1/subscribers/${subscriberId}/messages`, token: String(token) };
  });
}

async function atOnce<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let at = 0; at < count; at += callsAtOnce) {
    const some = Math.min(callsAtOnce, count - at);
    made.push(...(await Promise.all(Array.from({ length: some }, (_, i) => make(at + i)))));
  }
  return made;
}

async function fill(service: BenchService, topic: TokenOf, messages: number): Promise<void> {
  const batch = Math.min(1_000, messages);
  await runLoad({
    kind: "closed-loop",
    target: { port: service.port, ...topic, messageBytes, batch },
    connections: 4,
    warmUpSeconds: 0,
    seconds: 0,
    requestsMax: messages / batch,
    serverPid: service.pid,
  });
}

/** Until the first topic's popular terms hold every message. */
async function counted(service: BenchService, messages: number): Promise<void> {
  const deadline = Date.now() + countingMsMax;
  for (let i = 0; Date.now() < deadline; i++) {
    const answer = await service.call("GET", `/v1/popular-terms?topic=bench-0&window=all&limit=${1 + (i % 100)}`);
    if (answer.messages === messages) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Counting ${messages} messages took more than ${countingMsMax / 1000} s.`);
}

function requestsOf(topics: readonly TokenOf[], readers: readonly TokenOf[]): Prepared {
  const { messages } = readBenchText(messageBytes);
  const turns = Math.max(topics.length, messages.length);
  return {
    publish: Array.from({ length: turns }, (_, i) =>
      publishRequest(topics[i % topics.length]!, messages[i % messages.length]!.toString()),
    ),
    read: readers.map(({ path, token }) => getWith(`${path}?limit=${pageMessages}&commit=false`, token)),
    terms: Array.from({ length: 100 }, (_, i) =>
      getWith(`/v1/popular-terms?topic=bench-0&window=1h&limit=${1 + i}`, readers[0]!.token),
    ),
  };
}

function publishRequest({ path, token }: TokenOf, body: string): string {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json`;
  return `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function getWith(path: string, token: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n\r\n`;
}
