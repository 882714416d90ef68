import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { generate } from "selfsigned";
import { createClient } from "./client.ts";
import { messageEvent, sendJson, startFakeService } from "./fake-service.ts";

/** Of 127.0.0.1 and localhost, trusted by this process while the tests run; and one that nobody trusts. */
let trusted: { readonly key: string; readonly cert: string };
let unknown: typeof trusted;
const usual = getCACertificates();
const once = { attempts: 1 };

before(async () => {
  [trusted, unknown] = await Promise.all([makeCertificate("127.0.0.1"), makeCertificate("127.0.0.1")]);
  setDefaultCACertificates([...usual, trusted.cert]);
});

after(() => setDefaultCACertificates(usual));

test("calls and event streams go over https, on one connection for calls after another", async () => {
  const ports = new Set<number | undefined>();
  await using service = await startFakeService((request, response) => {
    ports.add(response.socket?.remotePort);
    if (request.headers.accept !== "text/event-stream") return sendJson(response, 200, { items: [] });
    response.writeHead(200, { "content-type": "text/event-stream" }).write(messageEvent(1) + messageEvent(2));
  }, trusted);
  const client = createClient({ url: service.url, token: "secret" });
  for (let i = 0; i < 3; i++) await client.listTopics();
  assert.equal(ports.size, 1);
  assert.equal(service.requests[0]!.headers.authorization, "Bearer secret");

  const sequences: number[] = [];
  for await (const { sequence } of client.tailMessages("news")) {
    sequences.push(sequence);
    if (sequences.length === 2) break;
  }
  assert.deepEqual(sequences, [1, 2]);
});

test("a name is checked against the certificate, and sent to the server as it is", async () => {
  await using service = await startFakeService((_request, response) => sendJson(response, 200, {}), trusted);
  const { port } = new URL(service.url);
  await createClient({ url: `https://localhost:${port}` }).getTopic("news");
  assert.equal(service.requests[0]!.headers.host, `localhost:${port}`);

  const other = await makeCertificate("10.0.0.1");
  setDefaultCACertificates([...usual, trusted.cert, other.cert]);
  await using elsewhere = await startFakeService((_request, response) => sendJson(response, 200, {}), other);
  const client = createClient({ url: elsewhere.url, retries: once });
  await assert.rejects(client.listTopics(), { code: "connection_failed", message: /not in the cert's list/ });
  assert.equal(elsewhere.requests.length, 0);
});

test("a certificate that is not trusted is connection_failed, and nothing is sent", async () => {
  await using service = await startFakeService((_request, response) => sendJson(response, 200, {}), unknown);
  const client = createClient({ url: service.url, token: "secret", retries: once });
  await assert.rejects(client.listTopics(), { code: "connection_failed", message: /self-signed certificate/ });
  assert.equal(service.requests.length, 0);
});

async function makeCertificate(ip: string) {
  const altNames = [{ type: 2, value: "localhost" } as const, { type: 7, ip } as const];
  const extensions = [{ name: "subjectAltName", altNames } as const];
  const made = await generate([{ name: "commonName", value: `test ${ip}` }], { extensions, keySize: 2048 });
  return { key: made.private, cert: made.cert };
}
