import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EventSource } from "eventsource";
import { limits } from "#contract/limits.ts";
import type { Discontinuity, Message, RegisteredPublisher, RegisteredSubscriber } from "#contract/types.ts";
import { decodeCursor } from "#core/cursor.ts";
import {
  adminKey,
  assertProblem,
  type CallOptions,
  eventually,
  type HeldService,
  startHeldService,
  startService,
  type TestService,
  within,
} from "./harness.ts";
import { host, unless } from "./host.ts";

const admin: CallOptions = { token: adminKey };

interface StreamEvent {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: a message or a discontinuity, as the test expects
  readonly data: any;
}

/**
 * An event stream read with `fetch`, by the rules of the HTML standard as far as they are used here. Where streams are
 * finite it is opened again from its last id, as EventSource does, until it is refused: then it has ended.
 */
class Stream {
  readonly events: StreamEvent[] = [];
  readonly comments: string[] = [];
  retryMs: number | undefined;
  /** The id given last, with an event or without. */
  lastId: string | undefined;
  readonly ended: Promise<void>;
  readonly #reopen: (lastId: string | undefined) => Promise<Response>;
  readonly #stopping = new AbortController();

  private constructor(
    response: Response,
    reopen: (lastId: string | undefined) => Promise<Response>,
    stopping: AbortController,
  ) {
    this.#stopping = stopping;
    this.#reopen = reopen;
    this.ended = this.#readOn(response).catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error;
    });
  }

  static async open(service: TestService, path: string, options: CallOptions = {}): Promise<Stream> {
    const stopping = new AbortController();
    const get = (lastId?: string): Promise<Response> =>
      fetch(service.url + path, {
        headers: {
          accept: "text/event-stream",
          ...(options.token && { authorization: `Bearer ${options.token}` }),
          ...(options.headers as Record<string, string>),
          ...(lastId !== undefined && { "last-event-id": lastId }),
        },
        signal: stopping.signal,
      });
    const response = await get();
    assert.equal(response.status, 200, response.status === 200 ? "" : await response.text());
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(response.headers.get("cache-control"), "no-store");
    return new Stream(response, get, stopping);
  }

  get bodies(): unknown[] {
    return this.events.filter(({ event }) => event === "message").map(({ data }) => data.body);
  }

  async until(count: number): Promise<this> {
    await eventually(() => this.events.length >= count, `${count} events`);
    return this;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.ended;
  }

  async #readOn(first: Response): Promise<void> {
    for (let response = first; response.status === 200; response = await this.#reopen(this.lastId)) {
      await this.#read(response);
      if (!host.finiteStreams) return;
      await delay(20);
    }
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) this.#take(block);
    }
    assert.equal(text, "", "a stream ends between two events");
  }

  #take(block: string): void {
    const fields: Record<string, string> = {};
    for (const line of block.split("\n")) {
      const [, name, value] = /^([a-z]*): ?(.*)$/.exec(line) ?? assert.fail(`no field: ${line.slice(0, 100)}`);
      fields[name!] = value!;
    }
    if (fields[""] !== undefined) this.comments.push(fields[""]);
    if (fields.id !== undefined) this.lastId = fields.id;
    if (fields.retry !== undefined) this.retryMs = Number(fields.retry);
    if (fields.data !== undefined)
      this.events.push({ id: fields.id!, event: fields.event!, data: JSON.parse(fields.data) });
  }
}

let topics = 0;
interface Place {
  readonly topic: string;
  readonly messages: string;
  readonly publisher: RegisteredPublisher;
  readonly subscriber: RegisteredSubscriber;
  /** The path of the subscriber's stream. */
  readonly stream: string;
  publish(...bodies: unknown[]): Promise<void>;
}

async function setUp(service: TestService, settings: object = {}): Promise<Place> {
  const topic = `topic-${topics++}`;
  assert.equal((await service.call("PUT", `/v1/topics/${topic}`, { ...admin, json: settings })).status, 200);
  const publisher = await service.registerPublisher([topic], adminKey);
  const subscriber = await service.registerSubscriber([topic], "earliest", adminKey);
  const messages = `/v1/topics/${topic}/messages`;
  return {
    topic,
    messages,
    publisher,
    subscriber,
    stream: `/v1/subscribers/${subscriber.subscriberId}/messages`,
    async publish(...bodies) {
      const json = { messages: bodies.map((body) => ({ body })) };
      assert.equal((await service.call("POST", messages, { token: publisher.token, json })).status, 201);
    },
  };
}

describe("event streams", () => {
  let service: TestService;
  before(async () => {
    service = await startService({ adminKey, publicRead: "true" });
  });
  after(() => service.close());

  test("give what there is and then what comes, each event with its cursor", async () => {
    const { publish, stream, subscriber } = await setUp(service);
    await publish(1, 2);
    const events = await Stream.open(service, stream, subscriber);
    await events.until(2);
    await publish(3);
    await events.until(3);
    await events.close();
    assert.deepEqual(events.bodies, [1, 2, 3]);
    assert.equal(events.retryMs, 2000);
    assert.equal(new Set(events.events.map(({ id }) => id)).size, 3);
    for (const { id } of events.events) decodeCursor(id);
    const { messages } = (await service.call("GET", stream, subscriber)).json;
    assert.deepEqual(
      events.events.map(({ data }) => data),
      messages,
      "the same messages as a read, and nothing was consumed",
    );
  });

  test("resume after any event by Last-Event-ID or ?lastEventId=, which win over after; the header over the query", async () => {
    const { publish, stream, subscriber } = await setUp(service);
    await publish("a", "b", "c");
    const first = await (await Stream.open(service, stream, subscriber)).until(3);
    await first.close();
    const [a, b, c] = first.events.map(({ id }) => id);
    const { token } = subscriber;
    const ways: [string, CallOptions, unknown[]][] = [
      [stream, { token, headers: { "last-event-id": a! } }, ["b", "c"]],
      [`${stream}?lastEventId=${b}`, { token }, ["c"]],
      [`${stream}?after=${a}`, { token }, ["b", "c"]],
      [`${stream}?after=${c}&lastEventId=${a}`, { token }, ["b", "c"]],
      [`${stream}?after=${c}&lastEventId=${c}`, { token, headers: { "last-event-id": b! } }, ["c"]],
      [`${stream}?after=${b}`, { token, headers: { "last-event-id": "" } }, ["c"]],
    ];
    for (const [path, options, expected] of ways) {
      const resumed = await (await Stream.open(service, path, options)).until(expected.length);
      await resumed.close();
      assert.deepEqual(resumed.bodies, expected, path);
    }
  });

  test("over several shards can be resumed after any event without loss or repeat", async () => {
    const { messages, publisher, stream, subscriber } = await setUp(service, { shards: 3 });
    const sent = Array.from({ length: 12 }, (_, body) => ({ body, key: `${body}` }));
    await service.call("POST", messages, { token: publisher.token, json: { messages: sent } });
    const whole = await (await Stream.open(service, stream, subscriber)).until(12);
    await whole.close();
    for (const [i, { id }] of whole.events.entries()) {
      const rest = await Stream.open(service, `${stream}?lastEventId=${id}`, subscriber);
      if (i < 11) await rest.until(11 - i);
      await rest.close();
      assert.deepEqual(new Set([...whole.bodies.slice(0, i + 1), ...rest.bodies]).size, 12);
      assert.equal(rest.events.length, 11 - i);
    }
  });

  test("begin at the committed cursor and can be committed from", async () => {
    const { publish, stream, subscriber } = await setUp(service);
    await publish("a", "b");
    const first = await (await Stream.open(service, stream, subscriber)).until(2);
    await first.close();
    const { token } = subscriber;
    const cursor = `/v1/subscribers/${subscriber.subscriberId}/cursor`;
    await service.call("PUT", cursor, { token, json: { cursor: first.events[0]!.id } });
    const second = await (await Stream.open(service, stream, subscriber)).until(1);
    await second.close();
    assert.deepEqual(second.bodies, ["b"]);
  });

  test("EventSource reads one with a stream token, and reconnects by itself from where it was", async () => {
    const { publish, stream, subscriber } = await setUp(service);
    const { json } = await service.call("POST", stream.replace("messages", "stream-tokens"), subscriber);
    let calls = 0;
    let cut = (): void => {};
    const source = new EventSource(`${service.url}${stream}?streamToken=${json.streamToken}`, {
      // The connection is "cut" by ending what EventSource reads: an abort it would take for its own closing.
      fetch: async (url, init) => {
        calls += 1;
        const response = await fetch(url, init);
        const { readable, writable } = new TransformStream();
        const cutting = new AbortController();
        response
          .body!.pipeTo(writable, { preventClose: true, signal: cutting.signal, preventAbort: true })
          .catch(() => {})
          .finally(() => writable.close());
        cut = () => cutting.abort();
        return { body: readable, url: response.url, status: 200, redirected: false, headers: response.headers };
      },
    });
    const bodies: unknown[] = [];
    source.addEventListener("message", ({ data }) => bodies.push(JSON.parse(data).body));
    await publish("a");
    await eventually(() => bodies.length === 1, "the first message");
    cut();
    await publish("b");
    await eventually(() => bodies.length === 2, "the message after the cut");
    source.close();
    assert.deepEqual(bodies, ["a", "b"]);
    assert.ok(host.finiteStreams ? calls >= 2 : calls === 2, `${calls} calls`);
  });

  test("browseMessages gives a live tail to whoever may read, from now on or from where it is told", async () => {
    const { publish, messages } = await setUp(service);
    await publish("old");
    const { cursor } = (await service.call("GET", `${messages}?limit=1`)).json;
    const live = await Stream.open(service, messages);
    const atBeginning = await Stream.open(service, `${messages}?at=2020-01-01T00:00:00Z`);
    await publish("new");
    const afterFirst = await Stream.open(service, `${messages}?after=${cursor}`);
    await live.until(1);
    await atBeginning.until(2);
    await afterFirst.until(1);
    for (const each of [live, atBeginning, afterFirst]) await each.close();
    assert.deepEqual([live.bodies, atBeginning.bodies, afterFirst.bodies], [["new"], ["old", "new"], ["new"]]);
  });

  test("of a live tail that was cut before its first message are resumed from where it began", async () => {
    const { publish, messages } = await setUp(service);
    await publish("old");
    const tail = await Stream.open(service, messages);
    await eventually(() => tail.lastId !== undefined, "the tail says where it began");
    await tail.close();
    await publish("meanwhile");
    const resumed = await (await Stream.open(service, `${messages}?lastEventId=${tail.lastId}`)).until(1);
    await resumed.close();
    assert.deepEqual(resumed.bodies, ["meanwhile"]);
  });

  describe("end though nothing is published", { concurrency: true }, () => {
    test("when the subscriber is deleted", async () => {
      const { stream, subscriber } = await setUp(service);
      const events = await Stream.open(service, stream, subscriber);
      await service.call("DELETE", `/v1/subscribers/${subscriber.subscriberId}`, admin);
      await within(events.ended, "the stream ends");
      assertProblem(await service.call("GET", stream, subscriber), 401, "unauthenticated");
    });

    test("when the subscriber is sought, and cannot be resumed from before", async () => {
      const { publish, stream, subscriber } = await setUp(service);
      await publish("a");
      const events = await (await Stream.open(service, stream, subscriber)).until(1);
      const { token } = subscriber;
      const seek = stream.replace("messages", "seek");
      assert.equal((await service.call("POST", seek, { token, json: { from: "earliest" } })).status, 200);
      await within(events.ended, "the stream ends");
      const resume = { accept: "text/event-stream", "last-event-id": events.events[0]!.id };
      assertProblem(await service.call("GET", stream, { token, headers: resume }), 409, "cursor_superseded");
      const again = await (await Stream.open(service, stream, subscriber)).until(1);
      await again.close();
      assert.deepEqual(again.bodies, ["a"]);
    });

    test("when the topic of a live tail is deleted", async () => {
      const { topic, messages } = await setUp(service);
      const tail = await Stream.open(service, messages);
      await service.call("DELETE", `/v1/topics/${topic}`, admin);
      await within(tail.ended, "the tail ends");
    });
  });

  test("two hundred (or as many as may be open) on one topic all get everything in order", async () => {
    const { publish, messages } = await setUp(service);
    const streams = await Promise.all(
      Array.from({ length: Math.min(200, host.openCallsMax) }, () => Stream.open(service, messages)),
    );
    const expected: unknown[] = [];
    for (let i = 0; i < 20; i++) {
      await publish(i, `${i}`);
      expected.push(i, `${i}`);
    }
    await eventually(() => streams.every(({ events }) => events.length === 40), "everything at every stream");
    await Promise.all(streams.map((each) => each.close()));
    for (const { bodies } of streams) assert.deepEqual(bodies, expected);
    if (!host.metricsPage) return;
    await eventually(async () => {
      const { text } = await service.call("GET", "/metrics");
      return /^bellwether_open_streams 0$/m.test(text);
    }, "no stream is counted as open");
  });

  const connections = unless(host.holdsConnections, "API Gateway holds the connections");

  test("that are more than may be are refused with 429, and free their place when they end", {
    skip: connections,
  }, async () => {
    const small = await startHeldService({ streamsMax: "2", corsOrigins: "https://app.example" });
    try {
      const { messages, stream, subscriber } = await setUp(small);
      const open = [await Stream.open(small, messages), await Stream.open(small, messages)];
      const headers = { accept: "text/event-stream", origin: "https://app.example" };
      const refused = await small.call("GET", messages, { headers });
      assertProblem(refused, 429, "too_many_requests");
      assert.equal(refused.headers["access-control-allow-origin"], "https://app.example");

      const made = await small.call("POST", stream.replace("messages", "stream-tokens"), subscriber);
      const withToken = `${stream}?streamToken=${made.json.streamToken}`;
      assertProblem(await small.call("GET", withToken, { headers }), 429, "too_many_requests");
      const record = await small.store.getStreamToken(made.json.streamToken.split("_")[2]);
      assert.equal(record!.usableUntilMs, small.clock.nowMs() + limits.streamTokenReopenSeconds * 1000);

      await open[0]!.close();
      await eventually(async () => {
        const answer = await fetch(small.url + messages, { headers, signal: AbortSignal.timeout(5000) });
        await answer.body!.cancel();
        return answer.status === 200;
      }, "there is room again");
      await open[1]!.close();
    } finally {
      await small.close();
    }
  });
});

describe("stopping", { skip: unless(host.holdsConnections, "nothing is stopped") }, () => {
  test("ends open streams between two events, answers long polls, and is done soon", async () => {
    const service = await startService({ adminKey, publicRead: "true" });
    const { publish, messages, stream, subscriber } = await setUp(service);
    await publish("a", "b");
    const streams = [
      await (await Stream.open(service, stream, subscriber)).until(2),
      await Stream.open(service, messages),
    ];
    const poll = service.call(
      "GET",
      `${messages.replace(/\/v1.*/, stream)}?wait=20&after=${streams[0]!.events[1]!.id}`,
      {
        token: subscriber.token,
      },
    );
    await delay(50);
    await within(service.close(), "the service stops");
    for (const each of streams) await within(each.ended, "the stream ends");
    assert.equal((await poll).status, 200);
  });
});

describe("loss and slow readers, over the memory store", () => {
  let service: HeldService;
  before(async () => {
    service = await startHeldService();
  });
  after(async () => {
    await service.close();
    assert.deepEqual(service.faults, []);
  });

  test("a discontinuity is an event in its place, with a cursor to resume from", async () => {
    const { topic, messages, stream, subscriber } = await setUp(service);
    const json = { messages: [{ body: 0 }, { body: 1, ttlSeconds: 5 }, { body: 2, ttlSeconds: 5 }, { body: 3 }] };
    await service.call("POST", messages, { ...admin, json });
    service.clock.pass(5);
    const events = await (await Stream.open(service, stream, subscriber)).until(3);
    await events.close();
    assert.deepEqual(
      events.events.map(({ event, data }) => [event, event === "message" ? (data as Message).body : data]),
      [
        ["message", 0],
        ["discontinuity", { topic, shard: 0, fromSequence: 1, toSequence: 2, reason: "expired" } as Discontinuity],
        ["message", 3],
      ],
    );
    const rest = await Stream.open(service, `${stream}?lastEventId=${events.events[1]!.id}`, subscriber);
    await rest.until(1);
    await rest.close();
    assert.deepEqual(rest.bodies, [3]);
  });

  const connections = unless(host.holdsConnections, "API Gateway holds the connections");

  test("a reader that takes nothing is not buffered for without bound, and keeps nobody waiting", {
    skip: connections,
  }, async () => {
    const sockets = new Set<import("node:net").Socket>();
    service.server.on("connection", (socket) => sockets.add(socket));
    const { messages, publish } = await setUp(service);
    const slow = await service.socket();
    slow.write(`GET ${messages} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`);
    await once(slow, "readable");
    slow.pause();
    const fast = await Stream.open(service, messages);
    const body = "x".repeat(100_000);
    let most = 0;
    for (let i = 0; i < 200; i++) {
      await publish(body, i);
      most = Math.max(most, ...[...sockets].map(({ writableLength }) => writableLength));
    }
    await eventually(() => fast.events.length === 400, "the fast reader has everything");
    assert.ok(most <= limits.streamBufferBytesMax + 2 * limits.messageBytesMax, `${most} bytes wait for one reader`);
    const slowest = Math.max(...[...sockets].map(({ writableLength }) => writableLength));
    assert.ok(slowest > 0, "the slow reader is still behind");
    await fast.close();
    slow.destroy();
  });

  test("a slow reader that begins to read gets everything, in order", { skip: connections }, async () => {
    const { messages, publish } = await setUp(service);
    const slow = await service.socket();
    slow.write(`GET ${messages} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`);
    await once(slow, "readable");
    for (let i = 0; i < 100; i++) await publish(i, "x".repeat(100_000));
    let text = "";
    slow.on("data", (chunk) => {
      text += chunk;
    });
    await eventually(() => text.includes('"sequence":199,'), "the last message");
    const sequences = [...text.matchAll(/"sequence":(\d+),/g)].map(([, sequence]) => Number(sequence));
    assert.deepEqual(
      sequences,
      Array.from({ length: 200 }, (_, i) => i),
    );
    slow.destroy();
  });
});
