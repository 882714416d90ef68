import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiTerms, call } from "./api.ts";
import { ServerProcess } from "./server-process.ts";

test("a background thread that ends is started anew, so that counting goes on", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "bellwether-background-"));
  const failedOnce = join(folder, "failed-once");
  const server = new ServerProcess(join(folder, "data"), {
    environment: {
      NODE_OPTIONS: `--import=${new URL("./failing-background.ts", import.meta.url)}`,
      BELLWETHER_TEST_FAILED_ONCE: failedOnce,
    },
  });
  try {
    const url = await server.listening;
    const { token } = await call<{ token: string }>(url, "POST", "/v1/publishers", {
      body: JSON.stringify({ name: "test", topics: ["news"] }),
    });
    await call(url, "POST", "/v1/topics/news/messages", { token, body: JSON.stringify({ body: "counted after all" }) });

    const counted = async (): Promise<number> =>
      (await call<ApiTerms>(url, "GET", "/v1/popular-terms?topic=news&window=all")).messages;
    const deadline = performance.now() + 30_000;
    while ((await counted()) === 0) {
      assert.ok(performance.now() < deadline, "the message is not counted");
      await delay(50);
    }
    assert.ok(existsSync(failedOnce), "the thread has failed");
    assert.match(server.errors, /too many open files/);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
});
