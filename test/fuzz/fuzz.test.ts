import assert from "node:assert/strict";
import { test } from "node:test";
import { adminKey, startService } from "../harness.ts";
import { fuzzDecoders } from "./decode-run.ts";
import { createOracle } from "./oracle.ts";
import type { Plan } from "./plans.ts";
import { fuzz } from "./run.ts";

/** A short part of `npm run fuzz`, under a seed that is always the same. */
const seed = 20_260_301;

test("requests made from the description of the service are answered as it says", async () => {
  const limits = { topicsMax: "100", publishersMax: "100", subscribersMax: "100", streamsMax: "3" };
  await using service = await startService({ adminKey, ...limits });
  const options = { requests: 1_000, seed, callers: 16, findingsMax: 5 };
  const { requests, findings, coverage } = await fuzz({ port: service.port, adminKey }, options);
  assert.deepEqual(findings, []);
  assert.equal(requests, options.requests);
  // What a run reaches varies a little with how its calls overlap; most of it must be there, or it tests nothing.
  assert.ok(coverage.reached > 80, `${coverage.reached} pairs of operation and status`);
});

test("a wrong answer is found", async () => {
  await using service = await startService({ adminKey });
  const description = await (await fetch(`${service.url}/openapi.json`)).json();
  description.paths["/v1/topics"].get.responses["200"].content["application/json"].schema.required.push("missing");
  const options = { requests: 300, seed, callers: 4, findingsMax: 1 };
  const { findings } = await fuzz({ port: service.port, adminKey }, options, description);
  assert.match(findings[0]!.why, /GET \/v1\/topics.* -> 200: .*missing/);
});

test("a service that is full may say so, to HEAD without a body, and nothing else is no fault", async () => {
  await using service = await startService({ adminKey });
  const document = await (await fetch(`${service.url}/openapi.json`)).json();
  const judge = (mayBeFull: boolean, headers: Record<string, string>) => {
    const request = { method: "HEAD", target: "/nowhere", headers: [], body: new Uint8Array() };
    const plan = { twists: [{ name: "method", n: 1 }] } as unknown as Plan;
    const answer = { status: 503, headers, text: "", json: undefined };
    createOracle(document, { mayBeFull })(plan, { request, path: {}, json: undefined }, answer as never);
  };
  const full = { "content-type": "application/problem+json", "retry-after": "1" };
  judge(true, full);
  assert.throws(() => judge(false, full), /a fault: HEAD/);
  assert.throws(() => judge(true, { "content-type": "application/problem+json" }), /a fault: HEAD/);
});

test("decoders refuse damaged bytes, or read what encodes to the same", () => {
  const { findings, counts } = fuzzDecoders(20_000, seed);
  assert.deepEqual(findings, []);
  for (const [decoder, { taken, refused }] of Object.entries(counts)) assert.ok(taken > 0 && refused > 0, decoder);
});
