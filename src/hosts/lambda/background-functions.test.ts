import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultServiceSettings } from "#core/settings.ts";
import type { Context } from "#functions/context.ts";
import { getPopularTerms } from "#functions/get-popular-terms.ts";
import { publish } from "#functions/publish.ts";
import { putTopic } from "#functions/put-topic.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { createContext } from "../node-context.ts";
import { createCountTerms, createRollUpTerms } from "./background-functions.ts";
import { fakeTelemetry, invocation } from "./fake-gateway.ts";

const admin = { kind: "admin" } as const;

async function withMessages(count: number): Promise<Context> {
  const context = createContext(createMemoryStore(), { ...defaultServiceSettings, registryCacheMs: 0 });
  await putTopic(context, admin, { topic: "news", body: {} });
  for (let i = 0; i < count; i++) {
    const body = async (): Promise<Buffer> => Buffer.from("a whale");
    await publish(context, admin, { topic: "news", mediaType: "text/plain", body });
  }
  return context;
}

test("countTerms counts from the cursors, whatever woke it, however often", async () => {
  const context = await withMessages(3);
  const telemetry = fakeTelemetry();
  const countTerms = createCountTerms(context, telemetry);
  const records = [{ dynamodb: { ApproximateCreationDateTime: Date.now() / 1000 - 5 } }];
  await Promise.all([countTerms({ Records: records }, invocation()), countTerms({ Records: [] }, invocation())]);
  await countTerms({ source: "aws.scheduler" }, invocation());
  const { terms } = await getPopularTerms(context, admin, { window: "1h" });
  assert.deepEqual(
    terms.map(({ term, count }) => [term, count]),
    [["whale", 3]],
  );
  const lag = telemetry.measures.find(([name]) => name === "countingLagMs")![1];
  assert.ok(lag >= 5000 && lag < 60_000, `${lag}`);
  assert.deepEqual(telemetry.failures, []);
});

test("a pass that fails is logged and fails the invocation, so that the stream gives the event again", async () => {
  const context = await withMessages(1);
  const telemetry = fakeTelemetry();
  const broken = { ...context.store, listUncounted: () => Promise.reject(new Error("no network")) };
  const countTerms = createCountTerms({ ...context, store: broken }, telemetry);
  await assert.rejects(countTerms({}, invocation()), /no network/);
  assert.deepEqual(
    telemetry.failures.map(({ work }) => work),
    ["countTerms"],
  );
});

test("no pass is begun when an invocation's time is nearly over", async () => {
  const context = await withMessages(1);
  let passes = 0;
  const store = {
    ...context.store,
    expire: async () => {
      passes += 1;
      return true;
    },
    listWork: async () => [],
    getSummaries: async () => [],
  };
  await createRollUpTerms({ ...context, store }, fakeTelemetry())({}, invocation(5_000));
  assert.equal(passes, 1);
});
