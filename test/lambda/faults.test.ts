import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Message, MessagePage } from "#contract/types.ts";
import { readSettings } from "#hosts/local/settings.ts";
import { eventually } from "../harness.ts";
import { startBackend } from "./backend.ts";
import { bundles } from "./bundles.ts";
import { type LambdaStack, startLambdaStack } from "./stack.ts";

const adminKey = "an-admin-key-for-tests";
const authorization = `Bearer ${adminKey}`;
const path = "/v1/topics/t/messages";
const publishers = 6;
/** Of faults of each kind and of messages that there must be, however slow the machine. */
const enough = { faults: 6, messages: 40 };
const faultMsMax = 60_000;

/**
 * Function processes die and stand still under load, between any two steps of publishing, reading and counting. Each
 * publisher tries a message again, with its Idempotency-Key, until it is answered 201, and only then goes on.
 */
test("function processes that are killed or stopped lose nothing acknowledged, double nothing, and miscount nothing", async (t) => {
  const logs: string[] = [];
  const stack = await startLambdaStack({
    settings: readSettings({ adminKey, port: "0" }, {}),
    backend: await startBackend(),
    bundles: (await bundles()).folder,
    registryCacheSeconds: 0,
    onLog: (_name, line) => logs.push(line),
  });
  t.after(() => stack.close());
  const made = await fetch(`${stack.url}/v1/topics/t`, {
    method: "PUT",
    headers: { authorization, "content-type": "application/json" },
    body: '{"shards":2}',
  });
  assert.equal(made.status, 200, await made.text());

  const startedAt = performance.now();
  const faults = { killed: 0, stopped: 0 };
  const acknowledged = new Map<string, { id: string; publisher: number }>();
  const goesOn = (): boolean =>
    performance.now() - startedAt < faultMsMax &&
    (faults.killed < enough.faults || faults.stopped < enough.faults || acknowledged.size < enough.messages);
  let tries = 0;
  const publish = async (publisher: number): Promise<void> => {
    for (let n = 0; goesOn(); n++) {
      const body = `word${publisher} n${n}`;
      for (;;) {
        tries += 1;
        const answer = await fetch(stack.url + path, {
          method: "POST",
          headers: { authorization, "content-type": "application/json", "idempotency-key": body },
          body: JSON.stringify({ body, key: String(publisher) }),
        });
        const text = await answer.text();
        if (answer.status === 201) {
          acknowledged.set(body, { id: JSON.parse(text).messages[0].id, publisher });
          break;
        }
        assert.ok(answer.status >= 500, `${answer.status} ${text}`);
      }
    }
  };
  const reader = readWhile(stack, goesOn);
  await Promise.all([...Array.from({ length: publishers }, (_, i) => publish(i)), breakThings(stack, goesOn, faults)]);
  await reader;

  const log = await readAll(stack);
  t.diagnostic(`${acknowledged.size} messages in ${tries} tries, ${faults.killed} kills, ${faults.stopped} stops`);
  assert.ok(Math.min(faults.killed, faults.stopped) >= enough.faults, "there were faults");
  assert.ok(acknowledged.size >= enough.messages, "there was load");
  const bodies = log.map(({ body }) => String(body));
  assert.deepEqual(
    [...acknowledged].filter(
      ([body, { id }]) => log.filter((each) => each.body === body && each.id === id).length !== 1,
    ),
    [],
    "every acknowledged message is there once, under the id that was answered",
  );
  assert.equal(new Set(bodies).size, bodies.length, "nothing is there twice");
  for (let publisher = 0; publisher < publishers; publisher++) {
    const order = bodies
      .filter((body) => body.startsWith(`word${publisher} `))
      .map((body) => Number(body.split("n")[1]));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      "one key's messages are in order",
    );
  }
  await eventually(async () => (await terms(stack)).messages === log.length, "every message is counted", 30_000);
  const counted = new Map((await terms(stack)).terms.map(({ term, count }) => [term, count]));
  for (let publisher = 0; publisher < publishers; publisher++) {
    const expected = bodies.filter((body) => body.startsWith(`word${publisher} `)).length;
    assert.equal(counted.get(`word${publisher}`), expected, "each exactly once");
  }
  checkLogs(logs);
});

/** What functions log are lines of JSON: metrics, and faults; never what a caller sent. */
function checkLogs(logs: readonly string[]): void {
  const metrics = logs.flatMap((line) => Object.keys(JSON.parse(line)));
  for (const name of ["ColdStart", "MessagesCounted"]) assert.ok(metrics.includes(name), name);
  assert.deepEqual(
    logs.filter((line) => line.includes(adminKey) || /word\d n\d/.test(line)),
    [],
  );
}

/** Every so often one process of a function that is running an event dies, or stands still for a while. */
async function breakThings(
  { functions }: LambdaStack,
  goesOn: () => boolean,
  faults: { killed: number; stopped: number },
): Promise<void> {
  const held: Promise<void>[] = [];
  while (goesOn()) {
    await delay(randomInt(50, 400));
    const running = [functions.publish, functions.browseMessages, functions.countTerms].flatMap((each) => each.running);
    const victim = running[randomInt(running.length + 1)];
    if (!victim) continue;
    if (randomInt(2) === 0) {
      victim.kill();
      faults.killed += 1;
    } else {
      victim.hold();
      faults.stopped += 1;
      held.push(delay(randomInt(50, 3_000)).then(() => victim.resume()));
    }
  }
  await Promise.all(held);
}

/** Reads on from page to page meanwhile, so that readers meet the gaps that dead writers leave. */
async function readWhile(stack: LambdaStack, goesOn: () => boolean): Promise<void> {
  let after = "";
  while (goesOn()) {
    const answer = await fetch(`${stack.url}${path}?limit=50${after && `&after=${after}`}`, {
      headers: { authorization },
    });
    if (answer.status !== 200) continue;
    after = ((await answer.json()) as MessagePage).cursor;
    await delay(20);
  }
}

async function readAll(stack: LambdaStack): Promise<Message[]> {
  const messages: Message[] = [];
  let after = "";
  for (let empty = 0; empty < 4; ) {
    const answer = await fetch(`${stack.url}${path}?limit=1000${after && `&after=${after}`}`, {
      headers: { authorization },
    });
    assert.equal(answer.status, 200);
    const page = (await answer.json()) as MessagePage;
    messages.push(...page.messages);
    // A reader that meets a gap waits for the grace before it goes on: an empty page is the end only if it stays empty.
    empty = page.messages.length === 0 ? empty + 1 : 0;
    if (empty > 0) await delay(500);
    after = page.cursor;
  }
  return messages;
}

async function terms(stack: LambdaStack): Promise<{ messages: number; terms: { term: string; count: number }[] }> {
  const url = `${stack.url}/v1/popular-terms?topic=t&window=1h&limit=1000`;
  return (await (await fetch(url, { headers: { authorization } })).json()) as Awaited<ReturnType<typeof terms>>;
}
