import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Published } from "#contract/types.ts";
import { createClient } from "./client.ts";
import { problem, sendJson, startFakeService } from "./fake-service.ts";
import { GatheredPublishes } from "./gathered-publishes.ts";

/** A service whose calls the test ends; it stores what it answers. */
class HeldService {
  readonly calls: { readonly bodies: unknown[]; end(how?: Error): void }[] = [];
  readonly stored: unknown[] = [];
  readonly publishes = new GatheredPublishes(
    (json) =>
      new Promise((resolve, reject) => {
        const body = JSON.parse(json);
        const bodies = (body.messages ?? [body]).map((each: { body: unknown }) => each.body);
        const end = (error?: Error): void => (error ? reject(error) : resolve(this.#store(bodies)));
        this.calls.push({ bodies, end });
      }),
    () => {
      this.idle += 1;
    },
  );
  idle = 0;

  #store(bodies: readonly unknown[]): Published {
    const messages = bodies.map((each) => ({ id: `m${each}`, sequence: this.stored.push(each) - 1 }));
    return { topic: "news", publishedAt: "2026-01-02T03:04:05.000Z", messages };
  }

  publish(body: unknown, signal?: AbortSignal): Promise<Published> {
    return this.publishes.publish({ body } as never, signal);
  }

  /** Waits until so many calls were made. */
  async reach(count: number): Promise<void> {
    for (let i = 0; this.calls.length < count; i++) {
      assert.ok(i < 100, `${this.calls.length} calls of ${count}`);
      await turn();
    }
  }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "published",
    (error: unknown) => (error instanceof BellwetherError ? error.code : error),
  );

test("what is given while a call is under way is the next call, in order, and each gets its own answer", async () => {
  const service = new HeldService();
  const first = service.publish(1);
  await service.reach(1);
  const others = [2, 3, 4].map((body) => service.publish(body));
  await turn();
  assert.deepEqual(service.calls[0]!.bodies, [1]);
  assert.equal(service.calls.length, 1);
  service.calls[0]!.end();
  await service.reach(2);
  assert.deepEqual(service.calls[1]!.bodies, [2, 3, 4]);
  service.calls[1]!.end();
  assert.deepEqual(
    (await Promise.all([first, ...others])).map(({ messages }) => messages),
    [1, 2, 3, 4].map((body, sequence) => [{ id: `m${body}`, sequence }]),
  );
  assert.equal(service.idle, 1);
});

test("a batch stays within the limits, and a message too large for any goes alone", async () => {
  const service = new HeldService();
  void service.publish(0);
  await service.reach(1);
  const sizes = [200_000, 90_000, 90_000, limits.batchBytesMax + 1, 1, ...Array(1_500).fill(2)];
  for (const size of sizes) void service.publish("é".repeat(size / 2));
  for (let i = 0; service.stored.length < sizes.length; i++) {
    await service.reach(i + 1);
    service.calls[i]!.end();
    await turn();
  }
  const bytes = service.calls.slice(1).map(({ bodies }) => bodies.map((body) => Buffer.byteLength(String(body))));
  assert.deepEqual(
    bytes.map((each) => each.length),
    [2, 1, 1, 1_000, 501],
  );
  for (const each of bytes) assert.ok(each.length === 1 || each.reduce((a, b) => a + b) < limits.batchBytesMax);
});

test("when a batch is refused for the fault of one, the others are published, in order", async () => {
  const service = new HeldService();
  void service.publish(0);
  await service.reach(1);
  const others = [1, 2, 3].map((body) => codeOf(service.publish(body)));
  service.calls[0]!.end();
  await service.reach(2);
  service.calls[1]!.end(new BellwetherError("invalid_request", "One is wrong."));
  for (let i = 2; service.stored.length < 3; i++) {
    await service.reach(i + 1);
    const isRight = !service.calls[i]!.bodies.includes(2);
    service.calls[i]!.end(isRight ? undefined : new BellwetherError("invalid_request", "One is wrong."));
    await turn();
  }
  assert.deepEqual(await Promise.all(others), ["published", "invalid_request", "published"]);
  assert.deepEqual(service.stored, [0, 1, 3]);
});

test("another error is that of all, and says of each whether it was accepted", async () => {
  const service = new HeldService();
  void service.publish(0);
  await service.reach(1);
  const others = [1, 2].map((body) => service.publish(body).catch((error: BellwetherError) => error));
  service.calls[0]!.end();
  await service.reach(2);
  service.calls[1]!.end(new BellwetherError("unavailable", "Some are.", { accepted: [1] }));
  const errors = (await Promise.all(others)) as BellwetherError[];
  assert.deepEqual(
    errors.map(({ code, details }) => [code, details.accepted]),
    [
      ["unavailable", []],
      ["unavailable", [0]],
    ],
  );
  assert.equal(service.calls.length, 2);
});

test("a signal takes what was not sent out of the queue, and leaves what was to its call", async () => {
  const service = new HeldService();
  const [sent, queued] = [new AbortController(), new AbortController()];
  void service.publish(0);
  await service.reach(1);
  const gone = codeOf(service.publish("gone", queued.signal));
  const stays = codeOf(service.publish("stays", sent.signal));
  const third = codeOf(service.publish("third"));
  queued.abort("changed my mind");
  assert.equal(await gone, "changed my mind");
  service.calls[0]!.end();
  await service.reach(2);
  assert.deepEqual(service.calls[1]!.bodies, ["stays", "third"]);
  sent.abort("too late");
  assert.equal(await stays, "too late");
  service.calls[1]!.end();
  assert.equal(await third, "published");
  await assert.rejects(service.publish("never", AbortSignal.abort("from the start")), /from the start/);
  assert.equal(service.calls.length, 2);
});

test("whatever comes when and whatever is refused, each message is stored once, in the order given, or refused", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ isBad: fc.boolean(), turns: fc.integer({ min: 0, max: 3 }) }), { maxLength: 30 }),
      async (given) => {
        const service = new HeldService();
        let ended = 0;
        const step = async (): Promise<void> => {
          await turn();
          const call = service.calls[ended];
          if (!call) return;
          ended += 1;
          const isBad = call.bodies.some((body) => given[Number(body)]!.isBad);
          call.end(isBad ? new BellwetherError("invalid_request", "One is bad.") : undefined);
        };
        const answers: Promise<unknown>[] = [];
        for (const [i, { turns }] of given.entries()) {
          answers.push(codeOf(service.publish(i)));
          for (let t = 0; t < turns; t++) await step();
        }
        for (let i = 0; i < 200 && service.stored.length < given.filter(({ isBad }) => !isBad).length; i++)
          await step();
        for (let i = 0; i < 100; i++) await step();
        assert.deepEqual(
          service.stored,
          given.flatMap(({ isBad }, i) => (isBad ? [] : [i])),
        );
        assert.deepEqual(
          await Promise.all(answers),
          given.map(({ isBad }) => (isBad ? "invalid_request" : "published")),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test("the client gathers by topic; batches and what has a key of its own are calls of their own", async () => {
  await using service = await startFakeService(({ body, target }, response) => {
    const sent = JSON.parse(body);
    const count = (sent.messages ?? [sent]).length;
    if (target.includes("closed")) return sendJson(response, 403, problem(403, "forbidden"));
    const messages = Array.from({ length: count }, (_, i) => ({ id: `m${i}`, sequence: i }));
    sendJson(response, 201, { topic: "news", publishedAt: "2026-01-02T03:04:05.000Z", messages });
  });
  const { publish } = createClient({ url: service.url }).publisher("bw_pub_1");
  const answers = await Promise.allSettled([
    ...Array.from({ length: 10 }, (_, i) => publish("news", { body: i })),
    publish("closed", { body: 1 }),
    publish("news", [{ body: 10 }, { body: 11 }]),
    publish("news", { body: 12 }, { idempotencyKey: "mine" }),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [...Array(10).fill("fulfilled"), "rejected", "fulfilled", "fulfilled"],
  );
  assert.equal(service.requests.length, 4);
  const keys = service.requests.map(({ headers }) => headers["idempotency-key"]);
  assert.ok(keys.includes("mine"));
  assert.equal(new Set(keys).size, 4);
});
