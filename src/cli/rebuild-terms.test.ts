import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { test } from "node:test";
import type { RebuildTermsRequest } from "#contract/types.ts";
import { createFakeContext } from "./fake-context.ts";
import { runCli } from "./run.ts";

/** A service with the topics "a" and "b" (whose terms are off), where a rebuild takes three calls. */
async function startService() {
  const requests: RebuildTermsRequest[] = [];
  const server = createServer(async (request, response) => {
    const answer = (value: unknown) => response.writeHead(200).end(`${JSON.stringify(value)}\n`);
    if (request.method === "GET")
      return answer({
        items: [
          { topic: "a", terms: { enabled: true } },
          { topic: "b", terms: { enabled: false } },
        ],
      });
    const body = (await json(request)) as RebuildTermsRequest;
    requests.push(body);
    const step = Number(body.continue ?? 0) + 1;
    const scope = body.topic === undefined ? "overall" : `topic:${body.topic}`;
    const common = { scope, from: "2026-01-05T00:00:00.000Z", to: "2026-01-05T04:00:00.000Z", pollAfterMs: 1 };
    const through = `2026-01-05T0${step}:00:00.000Z`;
    if (step < 3) return answer({ ...common, state: "recounting", through, messages: 10, continue: `${step}` });
    return answer({ ...common, state: "done", through, messages: 5, pollAfterMs: 0 });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a rebuild goes on until it is done, with the range that the first answer named", async () => {
  await using service = await startService();
  await using fake = await createFakeContext(service.url);
  assert.equal(await runCli(fake.context, ["rebuild-terms", "--from", "2026-01-05T00:10:00Z", "--topic", "a"]), 0);

  assert.deepEqual(
    service.requests.map(({ topic, continue: before }) => [topic, before]),
    [
      ["a", undefined],
      ["a", "1"],
      ["a", "2"],
    ],
  );
  assert.equal(service.requests[0]!.from, "2026-01-05T00:10:00Z");
  assert.equal(service.requests[2]!.from, "2026-01-05T00:00:00.000Z");
  assert.match(fake.stdout.join(""), /^topic:a: 25 messages recounted/);
});

test("--all rebuilds the topics whose terms are counted, and then overall", async () => {
  await using service = await startService();
  await using fake = await createFakeContext(service.url);
  assert.equal(await runCli(fake.context, ["rebuild-terms", "--from", "2d", "--all", "--json"]), 0);

  const lines = fake.stdout.join("").trim().split("\n");
  assert.deepEqual(
    lines.map((line) => [JSON.parse(line).scope, JSON.parse(line).messages]),
    [
      ["topic:a", 25],
      ["overall", 25],
    ],
  );
  assert.ok(Math.abs(Date.now() - 2 * 86_400_000 - Date.parse(service.requests[0]!.from)) < 60_000);
});
