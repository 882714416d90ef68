import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { createServer, type Server, connect as tcpConnect } from "node:net";
import { basename, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EventSource } from "eventsource";
import { type ApiMessage, type ApiPage, type ApiTerms, call, shardOf } from "./crash/api.ts";
import { checkTerms, recount, termsOfAll } from "./crash/checks.ts";
import { startService, type TestService } from "./harness.ts";
import { host } from "./host.ts";
import { Random } from "./random.ts";

/*
 * A whole book through the whole service over HTTP: published by eight at once, read by a poller and by an EventSource
 * whose connection is cut off in the middle of messages, and counted. The truth is the text itself.
 */

const root = fileURLToPath(new URL("../", import.meta.url));
/** `REAL_TEXT` names another book, or is `own`. */
const book = resolve(root, process.env.REAL_TEXT ?? "../shared/data/moby-dick.ndjson");

interface Paragraph {
  readonly title: string;
  readonly body: string;
}

/** The book if it is there, else what the project itself is written in. */
function readText(): { name: string; paragraphs: Paragraph[] } {
  if (existsSync(book)) {
    const lines = readFileSync(book, "utf8").trim().split("\n");
    return {
      name: basename(book),
      paragraphs: lines.map((line) => {
        const { title, text } = JSON.parse(line);
        return { title, body: text };
      }),
    };
  }
  const files = ["LICENSE", ...globSync("{*.md,docs/**/*.md,src/**/*.ts}", { cwd: root }).sort()];
  const paragraphs = files.flatMap((title) =>
    readFileSync(join(root, title), "utf8")
      .split(/\n\s*\n/)
      .map((body) => ({ title, body: body.trim() }))
      .filter(({ body }) => body !== ""),
  );
  return { name: "LICENSE, docs and sources of the project", paragraphs: paragraphs.slice(0, 2_500) };
}

const { name: textName, paragraphs } = readText();
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 32);
const random = new Random(seed);
const deadlineMs = 60_000;

describe("real text", { timeout: 600_000 }, () => {
  let service: TestService;
  before(async () => {
    service = await startService();
  });
  after(() => service.close());

  test("reaches every reader whole and in order, cut off or not, and is counted right", async (t) => {
    t.diagnostic(`text: ${textName}, ${paragraphs.length} paragraphs; seed ${seed}`);
    await putTopic("book", 4);
    const poller = await registerSubscriber("book");
    const streamer = await registerSubscriber("book");
    // As much as the whole stream will be, at some 400 bytes around each text. A cut costs EventSource two seconds.
    const streamBytes = paragraphs.reduce((sum, { body }) => sum + Buffer.byteLength(body) + 400, 0);
    const proxy = await startCuttingProxy(service.url, () => random.integer(streamBytes / 10, streamBytes / 5));
    t.after(() => proxy.close());

    const polling = poll(poller, paragraphs.length);
    const streaming = stream(proxy.url, streamer, paragraphs.length);
    const [published, polled, streamed] = await Promise.all([publishAll("book"), polling, streaming]);

    t.diagnostic(`the stream was cut off ${proxy.cuts()} times`);
    assert.ok(proxy.cuts() >= 3, `only ${proxy.cuts()} cuts`);
    assert.equal(published.size, paragraphs.length);
    assertWhole(polled, published, "the poller");
    assertWhole(streamed, published, "the stream");

    const answer = await termsOfAll(service.url, "book", polled.at(-1)!.publishedAt);
    t.diagnostic(`terms: ${answer.exact ? "exact" : `floor ${answer.floor}`}, ${answer.pairs} pairs`);
    assert.deepEqual(checkTerms("book", answer, recount(paragraphs)), []);
    assert.equal(answer.terms.length, 1000);
  });

  test("a topic of 300 paragraphs is counted right all the while it is published, and exactly where buckets are large", async () => {
    const some = paragraphs.slice(-300);
    await putTopic("some", 1);
    const { token } = await registerPublisher("some");
    let at = 0;
    while (at < some.length) {
      const batch = some.slice(at, at + random.integer(5, 25));
      const { publishedAt } = await call<{ publishedAt: string }>(service.url, "POST", "/v1/topics/some/messages", {
        token,
        body: JSON.stringify({ messages: batch }),
      });
      at += batch.length;
      const answer = host.countsAsOfNow
        ? await termsOfAll(service.url, "some", publishedAt)
        : await termsOf("some", at);
      const truth = recount(some.slice(0, at));
      assert.equal(answer.messages, at);
      assert.equal(answer.pairs, truth.pairs);
      assert.deepEqual(checkTerms("some", answer, truth), []);
      assert.equal(answer.exact, answer.floor === 0);
      assert.ok(answer.exact || !host.countsPagesExactly, `${answer.floor} after ${at}`);
      if (!answer.exact) continue;
      assert.deepEqual(
        answer.terms.map(({ term, count, error }) => [term, count, error]),
        [...truth.counts]
          .sort(([a, x], [b, y]) => y - x || Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .slice(0, 1000)
          .map(([term, count]) => [term, count, 0]),
      );
    }
  });

  /** Once so many messages are counted: what an answer is as of lies half a minute behind where others may publish too. */
  async function termsOf(topic: string, messages: number): Promise<ApiTerms> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const answer = await termsOfAll(service.url, topic, undefined);
      if (answer.messages >= messages) return answer;
      assert.ok(Date.now() < deadline, `${answer.messages} of ${messages} are counted`);
      await delay(50);
    }
  }

  function putTopic(topic: string, shards: number): Promise<unknown> {
    return call(service.url, "PUT", `/v1/topics/${topic}`, { body: JSON.stringify({ shards }) });
  }

  function registerPublisher(topic: string): Promise<{ token: string }> {
    return call(service.url, "POST", "/v1/publishers", { body: JSON.stringify({ name: "text", topics: [topic] }) });
  }

  function registerSubscriber(topic: string): Promise<Registered> {
    return call(service.url, "POST", "/v1/subscribers", { body: JSON.stringify({ topics: [topic] }) });
  }

  /** Eight at once, singly and in batches, with the title as key or with none; gives what was answered, by id. */
  async function publishAll(topic: string): Promise<Map<string, Paragraph>> {
    const published = new Map<string, Paragraph>();
    let next = 0;
    const publisher = async (): Promise<void> => {
      const { token } = await registerPublisher(topic);
      while (next < paragraphs.length) {
        const batch = paragraphs.slice(next, next + (random.chance(0.5) ? 1 : random.integer(2, 30)));
        next += batch.length;
        const messages = batch.map((each) => (random.chance(0.5) ? { ...each, key: each.title } : each));
        const answer = await call<{ messages: { id: string }[] }>(service.url, "POST", `/v1/topics/${topic}/messages`, {
          token,
          body: JSON.stringify(messages.length === 1 ? messages[0] : { messages }),
        });
        answer.messages.forEach(({ id }, i) => {
          published.set(id, batch[i]!);
        });
        // The book is short for a machine: the readers shall see it come.
        await delay(random.integer(0, 40));
      }
    };
    await Promise.all(Array.from({ length: 8 }, publisher));
    return published;
  }

  async function poll({ subscriberId, token }: Registered, count: number): Promise<ApiMessage[]> {
    const read: ApiMessage[] = [];
    const deadline = Date.now() + deadlineMs;
    let after = "";
    while (read.length < count) {
      assert.ok(Date.now() < deadline, `the poller has ${read.length} of ${count}`);
      const query = `limit=${random.integer(1, 300)}&wait=1${after}`;
      const page = await call<ApiPage>(service.url, "GET", `/v1/subscribers/${subscriberId}/messages?${query}`, {
        token,
      });
      assert.deepEqual(page.discontinuities, []);
      read.push(...page.messages);
      after = `&commit=true&after=${page.cursor}`;
    }
    return read;
  }

  async function stream(url: string, { subscriberId, token }: Registered, count: number): Promise<ApiMessage[]> {
    const path = `/v1/subscribers/${subscriberId}`;
    const { streamToken } = await call<{ streamToken: string }>(service.url, "POST", `${path}/stream-tokens`, {
      token,
    });
    const read: ApiMessage[] = [];
    const source = new EventSource(`${url}${path}/messages?streamToken=${streamToken}`);
    try {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`the stream has ${read.length} of ${count}`)), deadlineMs);
        const end = (settle: () => void): void => {
          clearTimeout(late);
          settle();
        };
        source.addEventListener("message", ({ data }) => {
          read.push(JSON.parse(data));
          if (read.length === count) end(resolve);
        });
        source.addEventListener("discontinuity", () => end(() => reject(new Error("a loss was announced"))));
        // An EventSource that is cut off comes back by itself; one that is refused is closed.
        source.addEventListener("error", ({ code, message }) => {
          if (source.readyState === EventSource.CLOSED) end(() => reject(new Error(`refused: ${code} ${message}`)));
        });
      });
    } finally {
      source.close();
    }
    return read;
  }
});

interface Registered {
  readonly subscriberId: string;
  readonly token: string;
}

/** All that was published, each once, in the order of its shard, as it was sent; without a hole where none can be. */
function assertWhole(read: readonly ApiMessage[], published: ReadonlyMap<string, Paragraph>, who: string): void {
  assert.equal(read.length, published.size, who);
  const next = new Map<number, number>();
  for (const message of read) {
    const expected = next.get(shardOf(message)) ?? 0;
    const isNext = message.sequence === expected || (host.leavesHoles && message.sequence > expected);
    assert.ok(isNext, `${who}, shard ${shardOf(message)}: ${message.sequence} where ${expected} is next`);
    next.set(shardOf(message), message.sequence + 1);
    const { title, body } = message;
    assert.deepEqual({ title, body }, published.get(message.id), `${who}, ${message.id}`);
  }
}

/** Stands before the service and drops each connection after some bytes of answers, wherever in a message that is. */
async function startCuttingProxy(
  target: string,
  bytesOf: () => number,
): Promise<{ url: string; cuts(): number; close(): Promise<void> }> {
  const { hostname, port } = new URL(target);
  let cuts = 0;
  const server: Server = createServer((client) => {
    const upstream = tcpConnect(Number(port), hostname);
    let left = bytesOf();
    const drop = (): void => {
      client.destroy();
      upstream.destroy();
    };
    client.on("error", drop).on("close", drop);
    upstream.on("error", drop).on("close", drop);
    client.pipe(upstream);
    upstream.on("data", (chunk) => {
      if (left <= 0) return;
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) return;
      cuts += 1;
      // Ends rather than resets, so that what was sent before the cut arrives.
      client.end(() => setImmediate(drop));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    cuts: () => cuts,
    close: () => new Promise((closed) => server.close(() => closed())),
  };
}
