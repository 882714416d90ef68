import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../harness.ts";
import { FunctionPool, type PoolEvent, type PoolOptions } from "./function-pool.ts";
import { type Outcome, payloadBytesMax } from "./runtime-api.ts";

/** The emulator is what other tests rest on: that it does to a function what Lambda does, by functions made for that. */
interface Setting extends AsyncDisposable {
  readonly pool: FunctionPool;
  readonly events: PoolEvent[];
  readonly logs: string[];
}

async function functionOf(code: string, options: Partial<PoolOptions> = {}, timeoutMs = 5_000): Promise<Setting> {
  const folder = await mkdtemp(join(tmpdir(), "bellwether-function-"));
  await writeFile(join(folder, "index.cjs"), code);
  const events: PoolEvent[] = [];
  const logs: string[] = [];
  const pool = new FunctionPool(
    { name: "test", folder, environment: { GREETING: "hello" }, timeoutMs, memoryMb: 256 },
    {
      concurrencyMax: 3,
      idleMs: 60_000,
      onEvent: (event) => events.push(event),
      onLog: (_name, line) => logs.push(line),
      ...options,
    },
  );
  return {
    pool,
    events,
    logs,
    async [Symbol.asyncDispose]() {
      await pool.close();
      await rm(folder, { recursive: true });
    },
  };
}

const answerOf = (outcome: Outcome): unknown => {
  assert.equal(outcome.kind, "response", JSON.stringify(outcome));
  return JSON.parse((outcome as { payload: string }).payload);
};
const typeOf = (outcome: Outcome): string => (outcome as { type: string }).type;

test("a function gets its event, its invocation and Lambda's variables; one environment serves calls one after another", async () => {
  await using setting = await functionOf(`
    let calls = 0;
    exports.handler = async (event, { awsRequestId, functionName, invokedFunctionArn, getRemainingTimeInMillis }) => {
      console.log("a line");
      return { event, calls: ++calls, pid: process.pid, awsRequestId, functionName, invokedFunctionArn,
        left: getRemainingTimeInMillis(), greeting: process.env.GREETING, home: process.env.HOME };
    };`);
  const first = answerOf(await setting.pool.invoke({ a: "é" })) as Record<string, unknown>;
  const second = answerOf(await setting.pool.invoke(7)) as Record<string, unknown>;
  assert.deepEqual([first.event, second.event], [{ a: "é" }, 7]);
  assert.deepEqual([first.calls, second.calls, first.pid], [1, 2, second.pid]);
  assert.notEqual(first.awsRequestId, second.awsRequestId);
  assert.match(String(first.invokedFunctionArn), /:function:test$/);
  assert.ok((first.left as number) <= 5000);
  assert.deepEqual([first.functionName, first.greeting, first.home], ["test", "hello", undefined]);
  assert.deepEqual(
    setting.events.map(({ what }) => what),
    ["cold start", "reuse"],
  );
  await eventually(() => setting.logs.length === 2, "both lines are logged");
});

test("calls at once have an environment each, up to the limit", async () => {
  await using setting = await functionOf(`
    exports.handler = () => new Promise((resolve) => setTimeout(() => resolve(process.pid), 300));`);
  const outcomes = await Promise.all([1, 2, 3, 4].map((each) => setting.pool.invoke(each)));
  const pids = outcomes.filter(({ kind }) => kind === "response").map(answerOf);
  assert.equal(new Set(pids).size, 3);
  assert.deepEqual(outcomes.filter(({ kind }) => kind === "error").map(typeOf), ["TooManyRequests"]);
});

test("between two events an environment is frozen: what it left running stands still, and goes on with the next event", async () => {
  await using setting = await functionOf(`
    let ticks = 0;
    setInterval(() => { ticks += 1; }, 10);
    exports.handler = async () => ticks;`);
  const before = answerOf(await setting.pool.invoke(0)) as number;
  await delay(500);
  const after = answerOf(await setting.pool.invoke(0)) as number;
  assert.ok(after - before < 25, `${after - before} ticks while frozen`);
});

test("an error, a crash, a time-out and an answer too large fail the call; a process that ended is not used again", async () => {
  await using setting = await functionOf(
    `exports.handler = async (event) => {
      if (event === "throw") throw new RangeError("out of it");
      if (event === "exit") process.exit(3);
      if (event === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
      if (event === "large") return "x".repeat(${payloadBytesMax});
      return process.pid;
    };`,
    {},
    1_000,
  );
  const pid = answerOf(await setting.pool.invoke(""));
  assert.equal(typeOf(await setting.pool.invoke("throw")), "RangeError");
  assert.equal(typeOf(await setting.pool.invoke("large")), "Function.ResponseSizeTooLarge");
  assert.equal(answerOf(await setting.pool.invoke("")), pid, "the same process goes on");
  assert.equal(typeOf(await setting.pool.invoke("exit")), "Runtime.ExitError");
  const next = answerOf(await setting.pool.invoke(""));
  assert.notEqual(next, pid);
  assert.equal(typeOf(await setting.pool.invoke("hang")), "Sandbox.Timedout");
  assert.notEqual(answerOf(await setting.pool.invoke("")), next);
  assert.equal(typeOf(await setting.pool.invoke("x".repeat(payloadBytesMax))), "RequestTooLarge");
});

test("a function that cannot be loaded fails the call with what stood against it", async () => {
  await using setting = await functionOf(`throw new Error("ADMIN_KEY_SHA256 is missing");`);
  const outcome = await setting.pool.invoke(0);
  assert.deepEqual(outcome, { kind: "error", type: "Runtime.InitError", message: "ADMIN_KEY_SHA256 is missing" });
});

test("an idle environment is ended", async () => {
  await using setting = await functionOf("exports.handler = async () => process.pid;", { idleMs: 50 });
  const pid = answerOf(await setting.pool.invoke(0)) as number;
  await eventually(() => setting.events.some(({ what }) => what === "retired"), "it is retired");
  await eventually(() => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  }, "its process is gone");
});
