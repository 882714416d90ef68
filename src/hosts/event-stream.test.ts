import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { limits } from "#contract/limits.ts";
import { EventStream, termsFrames } from "./event-stream.ts";

const textOf = async (next: Promise<IteratorResult<Uint8Array, undefined>>): Promise<string> =>
  String((await next).value ?? "over");

/** Items that come when told to. */
class Items {
  give!: (item: string) => void;
  fail!: (error: Error) => void;
  isEnded = false;

  async *listen(): AsyncGenerator<string> {
    try {
      for (;;) {
        yield await new Promise<string>((resolve, reject) => {
          this.give = resolve;
          this.fail = reject;
        });
      }
    } finally {
      this.isEnded = true;
    }
  }
}

test("while nothing comes a stream beats, and loses nothing of what comes meanwhile", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const items = new Items();
    const stream = new EventStream(items.listen(), termsFrames, async () => {});
    assert.equal(await textOf(stream.next()), "retry: 2000\n\n");
    for (let i = 0; i < 2; i++) {
      const next = stream.next();
      await Promise.resolve();
      mock.timers.tick(limits.heartbeatSeconds * 1000);
      assert.equal(await textOf(next), ": heartbeat\n\n");
    }
    items.give("1");
    assert.equal(await textOf(stream.next()), "event: terms\ndata: 1\n\n");
    const failed = stream.next();
    await Promise.resolve();
    items.fail(new Error("the disk is gone"));
    await assert.rejects(failed, /the disk is gone/);
  } finally {
    mock.timers.reset();
  }
});

test("a failure that comes while a beat is being sent is told, not taken for the end", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const items = new Items();
    const stream = new EventStream(items.listen(), termsFrames, async () => {});
    await stream.next();
    const beat = stream.next();
    await Promise.resolve();
    mock.timers.tick(limits.heartbeatSeconds * 1000);
    assert.equal(await textOf(beat), ": heartbeat\n\n");
    items.fail(new Error("the disk is gone"));
    await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(stream.next(), /the disk is gone/);
    assert.equal(await textOf(stream.next()), "over");
  } finally {
    mock.timers.reset();
  }
});

test("a stream that its reader leaves ends what it gave", async () => {
  const items = new Items();
  let ends = 0;
  const stream = new EventStream(items.listen(), termsFrames, async () => {
    ends += 1;
  });
  await stream.next();
  const first = stream.next();
  await Promise.resolve();
  items.give("1");
  await first;
  await stream.return();
  assert.deepEqual([items.isEnded, ends], [true, 1]);
});
