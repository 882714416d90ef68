import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#contract/limits.ts";
import type { Json } from "#contract/types.ts";
import { defaultServiceSettings } from "#core/settings.ts";
import { hashSecret } from "#core/tokens.ts";
import { registerSubscriber } from "#functions/register-subscriber.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { createInvoke, type EventFunction } from "./invocations.ts";
import { createProcessContext } from "./process-context.ts";

const key = "an admin key";
const run = (one: EventFunction, timeoutMs = 60_000): ReturnType<ReturnType<typeof createInvoke>> =>
  createInvoke(() => one)("publish", {}, timeoutMs);

test("a function that throws has failed, with its own words and without its stack", async () => {
  const outcome = await run(async (_event, _remainingMs, log) => {
    log("began");
    throw new RangeError("too far");
  });
  assert.deepEqual(
    { ...outcome, durationMs: 0 },
    {
      status: "failed",
      result: null,
      logs: ["began"],
      durationMs: 0,
      error: { name: "RangeError", message: "too far" },
    },
  );
});

test("a function that does not end is not waited for without bound", async () => {
  const outcome = await run(() => new Promise(() => {}), 0);
  assert.deepEqual([outcome.status, outcome.error?.name], ["failed", "TimeoutError"]);
});

test("no more lines are kept than an answer may hold", async () => {
  const { logs } = await run(async (_event, _remainingMs, log) => {
    for (let i = 0; i < limits.invocationLogsMax + 10; i++) log(`${i}`);
    return null;
  });
  assert.equal(logs.length, limits.invocationLogsMax);
});

test("a wait ends with the time of its function, and what there was until then is the result", async () => {
  const settings = { ...defaultServiceSettings, adminKeyHashes: [hashSecret(key)] };
  const context = createProcessContext(createMemoryStore(), settings);
  const { subscriberId, token } = await registerSubscriber(context, { kind: "admin" }, { body: { topics: ["news"] } });
  const event: Json = {
    rawPath: `/v1/subscribers/${subscriberId}/messages`,
    rawQueryString: "wait=20",
    headers: { accept: "text/event-stream", authorization: `Bearer ${token}` },
    requestContext: { http: { method: "GET" } },
  };
  const { status, result } = await context.deployment.invoke("subscribe", event, 1_100);
  assert.equal(status, "succeeded");
  assert.match((result as { body: string }).body, /^retry: /);
});
