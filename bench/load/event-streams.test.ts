import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { eventStreamRequest, openEventStreams } from "./event-streams.ts";

const numbered = (number: number): string => `data: numbered${String(number).padStart(7, "0")} ${"x".repeat(300)}\n\n`;

async function serve(t: TestContext, status: number, write: (part: (text: string) => void) => void): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": "text/event-stream" });
    response.write("retry: 2000\n\n");
    write((text) => void response.write(text));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("every message of every stream is told, with the stream's number, and one that is left out is not", async (t) => {
  const streams = 60;
  const messages = 500;
  let opened = 0;
  const port = await serve(t, 200, (part) => {
    const without = opened++ === 7 ? 250 : -1;
    const numbers = Array.from({ length: messages }, (_, number) => number).filter((number) => number !== without);
    for (let at = 0; at < messages; at += 50) {
      setImmediate(() =>
        part(
          numbers
            .slice(at, at + 50)
            .map(numbered)
            .join(""),
        ),
      );
    }
  });
  const came = Array.from({ length: streams }, (): number[] => []);
  let total = 0;
  const all = Promise.withResolvers<void>();
  const held = await openEventStreams(port, eventStreamRequest("/"), streams, (number, subscriber) => {
    came[subscriber]!.push(number);
    if (++total === streams * messages - 1) all.resolve();
  });
  await all.promise;
  held.close();
  const whole = Array.from({ length: messages }, (_, number) => number);
  const lacking = whole.filter((number) => number !== 250);
  assert.equal(came.filter((numbers) => numbers.length === messages - 1).length, 1);
  for (const numbers of came) assert.deepEqual(numbers, numbers.length === messages ? whole : lacking);
});

test("an answer that is no event stream is an error that says what it was", async (t) => {
  const port = await serve(t, 404, () => {});
  await assert.rejects(
    openEventStreams(port, eventStreamRequest("/"), 1, () => {}),
    /No event stream: HTTP\/1.1 404/,
  );
});
