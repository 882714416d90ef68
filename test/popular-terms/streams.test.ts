import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EventSource } from "eventsource";
import { createFakeContext } from "#cli/fake-context.ts";
import { runCli } from "#cli/run.ts";
import { createClient } from "#client/mod.ts";
import type { PopularTerms } from "#contract/types.ts";
import type { Store } from "#core/store.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { adminKey, assertProblem, eventually, type HeldService, startHeldService, within } from "../harness.ts";

/** Longer than a watched question rests. */
const aRestMs = 1_300;

let service: HeldService;
let counting: TermCounting;
let reads = 0;

async function start(flags: Parameters<typeof startHeldService>[0] = {}): Promise<void> {
  reads = 0;
  const countingReads = (store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        if (name === "listWork") reads += 1;
        const verb = Reflect.get(target, name);
        return typeof verb === "function" ? verb.bind(target) : verb;
      },
    });
  service = await startHeldService(flags, countingReads);
  counting = new TermCounting(service.context);
  await service.call("PUT", "/v1/topics/news", { token: adminKey, json: {} });
}

async function publish(...bodies: string[]): Promise<void> {
  const json = { messages: bodies.map((body) => ({ body })) };
  assert.equal((await service.call("POST", "/v1/topics/news/messages", { token: adminKey, json })).status, 201);
  while ((await counting.countTerms()).more);
  passASecond();
}

/** Past what is kept of answers: the clock of the service stands otherwise. */
function passASecond(): void {
  service.clock.pass(1);
}

/** An event stream as text, as it came so far. */
class Stream implements AsyncDisposable {
  text = "";
  isOver = false;
  readonly #stopping = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  static async open(query: string, token = adminKey): Promise<Stream> {
    const stream = new Stream();
    const response = await fetch(`${service.url}/v1/popular-terms?${query}`, {
      headers: { accept: "text/event-stream", ...(token && { authorization: `Bearer ${token}` }) },
      signal: stream.#stopping.signal,
    });
    assert.equal(response.status, 200, response.status === 200 ? "" : await response.text());
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    stream.#reading = stream.#read(response);
    return stream;
  }

  get answers(): PopularTerms[] {
    return [...this.text.matchAll(/^event: terms\ndata: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data!));
  }

  async until(count: number): Promise<PopularTerms> {
    await eventually(() => this.answers.length >= count, `${count} answers`);
    return this.answers.at(-1)!;
  }

  async ended(): Promise<void> {
    await within(this.#reading, "the stream ends");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        this.text += decoder.decode(chunk, { stream: true });
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
    this.isOver = true;
  }
}

const countsOf = ({ terms }: PopularTerms) => Object.fromEntries(terms.map(({ term, count }) => [term, count]));

describe("terms as an event stream", () => {
  beforeEach(() => start());
  afterEach(() => service.close());

  test("begin with the answer there is, and go on with each that differs", async () => {
    await publish("apple");
    await using stream = await Stream.open("topic=news&window=1h");
    const first = await stream.until(1);
    assert.ok(stream.text.startsWith("retry: 2000\n\nevent: terms\ndata: {"), stream.text.slice(0, 60));
    const { asOf: _, ...asked } = (
      await service.call("GET", "/v1/popular-terms?topic=news&window=1h", { token: adminKey })
    ).json;
    assert.deepEqual({ ...first, asOf: undefined }, { ...asked, asOf: undefined });
    await publish("apple pear");
    assert.deepEqual(countsOf(await stream.until(2)), { apple: 2, pear: 1 });
  });

  test("say nothing because time passes, and say that counts drop when the window slides over them", async () => {
    await publish("apple", "pear");
    await using stream = await Stream.open("topic=news&window=1m");
    const first = await stream.until(1);
    service.clock.pass(15);
    await delay(aRestMs);
    assert.equal(stream.answers.length, 1, "as of later, of a later window, and otherwise the same");
    service.clock.pass(60);
    const second = await stream.until(2);
    assert.deepEqual([second.messages, second.terms], [0, []]);
    assert.ok(second.window.to > first.window.to && second.asOf > first.asOf);
  });

  test("share one computation among all who watch a question, and cost nothing when nobody does", async () => {
    await publish("apple");
    const streams = await Promise.all(Array.from({ length: 20 }, () => Stream.open("topic=news&window=1h")));
    await Promise.all(streams.map((stream) => stream.until(1)));
    const before = reads;
    await publish("pear");
    await Promise.all(streams.map((stream) => stream.until(2)));
    assert.ok(reads - before <= 3, `read ${reads - before} times for 20 streams`);
    assert.equal(new Set(streams.map(({ text }) => text)).size, 1);
    for (const stream of streams) await stream[Symbol.asyncDispose]();
    await delay(100);
    const after = reads;
    await delay(aRestMs);
    assert.equal(reads, after);
    await using again = await Stream.open("topic=news&window=1h");
    assert.deepEqual(countsOf(await again.until(1)), { apple: 1, pear: 1 });
  });

  test("follow a change of what is hidden, and end when the topic is deleted", async () => {
    await publish("apple pear");
    await using stream = await Stream.open("topic=news");
    await stream.until(1);
    await service.call("PUT", "/v1/topics/news", { token: adminKey, json: { terms: { hidden: ["apple"] } } });
    passASecond();
    assert.deepEqual(countsOf(await stream.until(2)), { pear: 1 });
    await service.call("DELETE", "/v1/topics/news", { token: adminKey });
    await stream.ended();
  });

  test("end when the service stops", async () => {
    await using stream = await Stream.open("");
    await stream.until(1);
    const stopped = service.close();
    await stream.ended();
    await within(stopped, "the service stops");
  });

  test("are refused like any question, before they begin", async () => {
    const headers = { accept: "text/event-stream" };
    const refused = async (
      query: string,
      status: number,
      code: Parameters<typeof assertProblem>[2],
      token = adminKey,
    ) => assertProblem(await service.call("GET", `/v1/popular-terms?${query}`, { token, headers }), status, code);
    await refused("topic=nothing", 404, "topic_not_found");
    await refused("window=all&sort=rising", 400, "invalid_request");
    await refused("at=2026-03-01T11:00:00Z", 400, "invalid_request");
    await refused("streamToken=bw_str_abc_0123456789abcdef", 401, "unauthenticated");
  });

  test("a failure of the store ends the stream, which the client opens again", async () => {
    await publish("apple");
    const client = createClient({ url: service.url, adminKey });
    const answers = client.watchPopularTerms({ topic: "news" });
    assert.deepEqual(countsOf((await answers.next()).value), { apple: 1 });
    passASecond();
    const { listWork } = service.store;
    Object.assign(service.store, { listWork: () => Promise.reject(new Error("broken for a moment")) });
    await eventually(() => service.faults.length > 0, "the fault is logged");
    Object.assign(service.store, { listWork });
    await publish("pear");
    // Opened again after the `retry:` of two seconds; it begins with what is then.
    assert.deepEqual(countsOf((await within(answers.next(), "an answer")).value), { apple: 1, pear: 1 });
    await answers.return!();
  });
});

describe("those who may watch", () => {
  beforeEach(() => start({ publicRead: "false" }));
  afterEach(() => service.close());

  const streamTokenOf = async (subscriber: { subscriberId: string; token: string }): Promise<string> =>
    (await service.call("POST", `/v1/subscribers/${subscriber.subscriberId}/stream-tokens`, subscriber)).json
      .streamToken;

  test("EventSource watches the terms of its subscriber's topics with a stream token, and of no others", async () => {
    await publish("apple");
    await service.call("PUT", "/v1/topics/other", { token: adminKey, json: {} });
    const subscriber = await service.registerSubscriber(["news"], "earliest", adminKey);
    const streamToken = await streamTokenOf(subscriber);
    const source = new EventSource(`${service.url}/v1/popular-terms?topic=news&streamToken=${streamToken}`);
    const answers: PopularTerms[] = [];
    source.addEventListener("terms", ({ data }) => answers.push(JSON.parse(data)));
    await eventually(() => answers.length === 1, "the first answer");
    await publish("pear");
    await eventually(() => answers.length === 2, "the second answer");
    source.close();

    const headers = { accept: "text/event-stream" };
    for (const query of ["topic=other&", ""]) {
      const path = `/v1/popular-terms?${query}streamToken=${streamToken}`;
      assertProblem(await service.call("GET", path, { headers }), 403, "forbidden");
    }
    const asked = await service.call("GET", `/v1/popular-terms?topic=news&streamToken=${streamToken}`);
    assertProblem(asked, 403, "forbidden");
  });

  test("a subscriber that is deleted hears no more", async () => {
    await publish("apple");
    const subscriber = await service.registerSubscriber(["news"], "earliest", adminKey);
    await using stream = await Stream.open("topic=news", subscriber.token);
    await stream.until(1);
    await service.call("DELETE", `/v1/subscribers/${subscriber.subscriberId}`, { token: adminKey });
    await publish("pear");
    await stream.ended();
    assert.equal(stream.answers.length, 1);
  });
});

describe("streams of terms count among all streams", () => {
  beforeEach(() => start({ streamsMax: "1" }));
  afterEach(() => service.close());

  test("past STREAMS_MAX they are refused, and refused ones leave nothing running", async () => {
    const stream = await Stream.open("topic=news");
    await stream.until(1);
    const headers = { accept: "text/event-stream" };
    const refused = await service.call("GET", "/v1/popular-terms?topic=news&window=1h", { token: adminKey, headers });
    assertProblem(refused, 429, "too_many_requests");
    await stream[Symbol.asyncDispose]();
    await delay(100);
    const before = reads;
    await delay(aRestMs);
    assert.equal(reads, before);
  });
});

describe("the client", () => {
  beforeEach(() => start());
  afterEach(() => service.close());

  test("watches until its signal aborts, which is no error, or the loop is left", async () => {
    await publish("apple");
    const client = createClient({ url: service.url, adminKey });
    const stopping = new AbortController();
    let seen = 0;
    for await (const { sort, terms } of client.watchPopularTerms({ topic: "news" }, { signal: stopping.signal })) {
      assert.deepEqual([sort, terms[0]?.term], ["popular", "apple"]);
      seen += 1;
      setTimeout(() => stopping.abort(), 50);
    }
    assert.equal(seen, 1);
    for await (const { sort } of client.watchPopularTerms({ topic: "news", sort: "rising" })) {
      assert.equal(sort, "rising");
      break;
    }
    await assert.rejects(client.watchPopularTerms({ topic: "nothing" }).next(), { code: "topic_not_found" });
  });
});

describe("the command", () => {
  beforeEach(() => start());
  afterEach(() => service.close());

  test("terms --watch prints each change until it is interrupted; --sort and --at ask for the rest", async () => {
    await publish("apple");
    await using fake = await createFakeContext(service.url);
    const stopping = new AbortController();
    const context = { ...fake.context, adminKey, signal: stopping.signal };
    const done = runCli(context, ["terms", "news", "--watch", "--json"]);
    await eventually(() => fake.stdout.length === 1, "the first answer");
    await publish("pear");
    await eventually(() => fake.stdout.length === 2, "the second answer");
    stopping.abort();
    assert.equal(await within(done, "the command ends"), 0);
    assert.deepEqual(
      fake.stdout.map((line) => countsOf(JSON.parse(line))),
      [{ apple: 1 }, { apple: 1, pear: 1 }],
    );

    fake.stdout.length = 0;
    const again = { ...context, signal: new AbortController().signal };
    assert.equal(await runCli(again, ["terms", "news", "--sort", "rising"]), 0);
    assert.match(fake.stdout.join(""), /^Rising in news, .*\nToo few messages/);
    fake.stdout.length = 0;
    assert.equal(await runCli(again, ["terms", "news", "--at", "2026-03-01T08:00:00Z"]), 0);
    assert.match(fake.stdout.join(""), /up to 2026-03-01 08:00:10 UTC: 0 messages/);
    assert.equal(await runCli(again, ["terms", "--watch", "--at", "2026-03-01T08:00:00Z"]), 2);
    assert.equal(await runCli(again, ["terms", "--sort", "best"]), 2);
    assert.equal(await runCli(again, ["terms", "--at", "2027-01-01T00:00:00Z"]), 1);
  });
});
