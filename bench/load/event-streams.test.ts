import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { numberDigits, numberMarker } from "../text.ts";
import { openEventStreams } from "./event-streams.ts";

test("every message of every stream is told, wherever its bytes are cut", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    sockets.push(socket);
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  let told: number[] = [];
  const streams = await openEventStreams(port, Buffer.from("GET / HTTP/1.1\r\n\r\n"), 2, (number) => told.push(number));
  const message = (n: number): string => `data: {"${numberMarker}${String(n).padStart(numberDigits, "0")} text"}\n\n`;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(9_999_999), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(100)),
        async (numbers, cuts) => {
          told = [];
          const text = numbers.map(message).join("");
          for (let at = 0, i = 0; at < text.length; i++) {
            const end = at + 1 + (cuts[i] ?? text.length);
            for (const socket of sockets) socket.write(text.slice(at, end));
            at = end;
            await delay(1);
          }
          for (let tries = 0; told.length < 2 * numbers.length && tries < 500; tries++) await delay(2);
          assert.deepEqual(told.sort(), [...numbers, ...numbers].sort());
        },
      ),
      { numRuns: 30 },
    );
  } finally {
    streams.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
