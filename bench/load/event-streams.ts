import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { numberDigits, numberMarker, readNumber } from "../text.ts";
import { getRequest } from "./connection.ts";

const openAtOnce = 50;

/** Opens event streams and tells of every message that comes, by the number in it. Resolves when all have begun. */
export async function openEventStreams(
  port: number,
  request: Buffer,
  count: number,
  onMessage: (number: number) => void,
): Promise<{ close(): void }> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Math.min(openAtOnce, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => openEventStream(port, request, onMessage)))));
  }
  return {
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Asks for the event stream of a path. */
export function eventStreamRequest(path: string): Buffer {
  return getRequest(path, { accept: "text/event-stream" });
}

async function openEventStream(port: number, request: Buffer, onMessage: (number: number) => void): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(request);
  const [first] = (await once(socket, "data")) as [Buffer];
  if (!first.toString().startsWith("HTTP/1.1 200")) throw new Error(`No event stream: ${first}`);
  // A stream that the server ends is told by the deliveries that are missing.
  socket.on("error", () => {});
  let carried: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    carried = scan(carried.length === 0 ? chunk : Buffer.concat([carried, chunk]), onMessage);
  });
  return socket;
}

/** Finds the numbers of the messages in some of a stream's bytes. Gives the end that may be the beginning of another. */
function scan(bytes: Buffer, onMessage: (number: number) => void): Buffer {
  let at = 0;
  for (;;) {
    const found = bytes.indexOf(numberMarker, at);
    if (found < 0) return bytes.subarray(Math.max(at, bytes.length - numberMarker.length + 1));
    const digitsAt = found + numberMarker.length;
    at = digitsAt + numberDigits;
    if (at > bytes.length) return bytes.subarray(found);
    onMessage(readNumber(bytes, digitsAt));
  }
}
