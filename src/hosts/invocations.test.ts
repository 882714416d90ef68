import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#contract/limits.ts";
import type { Json } from "#contract/types.ts";
import { defaultServiceSettings } from "#core/settings.ts";
import { hashSecret } from "#core/tokens.ts";
import { putTopic } from "#functions/put-topic.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { createInvoke, type EventFunction } from "./invocations.ts";
import { createProcessContext } from "./process-context.ts";

const key = "an admin key";
const noEnd = new AbortController().signal;
const run = (one: EventFunction, signal: AbortSignal = noEnd): ReturnType<ReturnType<typeof createInvoke>> =>
  createInvoke(() => one)("publish", {}, signal);

test("a function that throws has failed, with its own words and without its stack", async () => {
  const outcome = await run(async (_event, _signal, log) => {
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
  const outcome = await run(() => new Promise(() => {}), AbortSignal.abort());
  assert.deepEqual([outcome.status, outcome.error?.name], ["failed", "TimeoutError"]);
});

test("no more lines are kept than an answer may hold", async () => {
  const { logs } = await run(async (_event, _signal, log) => {
    for (let i = 0; i < limits.invocationLogsMax + 10; i++) log(`${i}`);
    return null;
  });
  assert.equal(logs.length, limits.invocationLogsMax);
});

test("a stream ends with the time of its function, and what it gave until then is the result", async () => {
  const settings = { ...defaultServiceSettings, adminKeyHashes: [hashSecret(key)] };
  const context = createProcessContext(createMemoryStore(), settings);
  await putTopic(context, { kind: "admin" }, { topic: "news", body: {} });
  const event: Json = {
    rawPath: "/v1/topics/news/messages",
    rawQueryString: "",
    headers: { Accept: "text/event-stream" },
    requestContext: { http: { method: "GET" } },
  };
  const { status, result } = await context.deployment.invoke("browseMessages", event, AbortSignal.timeout(100));
  assert.equal(status, "succeeded");
  assert.match((result as { body: string }).body, /^retry: /);
});
