import assert from "node:assert/strict";
import { test } from "node:test";
import { createInProcessHost } from "./host.ts";

test("what a reader does with the bytes of a stream is nothing to other streams", async () => {
  const shared = Buffer.from("data: 1\n\n");
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield shared;
  }
  const host = createInProcessHost(async () => ({ status: 200, headers: {}, stream: stream() }));
  const read = async (): Promise<Uint8Array> => {
    const { body } = await host.fetch("http://in-process/v1/topics/news/messages");
    return (await body!.getReader().read()).value!;
  };
  (await read()).fill(0);
  assert.equal(String(shared), "data: 1\n\n");
  assert.equal(Buffer.from(await read()).toString(), "data: 1\n\n");
  await host.close();
});
