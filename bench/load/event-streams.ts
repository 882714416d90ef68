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

/** What sockets are read into, one at a time. Large, so that one that was not read for a while takes one read. */
const bytes = Buffer.allocUnsafe(1_048_576);
/** Before it there is room for what is carried over from a read before: the beginning of a number at most. */
const room = 64;
const readBuffer = bytes.subarray(room);

/**
 * Reads without streams and without a buffer of its own for each read: with a thousand subscribers those are most of what
 * the generator does, and its end is reached before the server's.
 */
async function openEventStream(port: number, request: Buffer, onMessage: (number: number) => void): Promise<Socket> {
  const carried = Buffer.alloc(room);
  let carriedLength = 0;
  let isOpen = false;
  let begun: (head: string) => void = () => {};
  const head = new Promise<string>((resolve) => {
    begun = resolve;
  });
  const callback = (length: number): boolean => {
    if (!isOpen) {
      isOpen = true;
      begun(readBuffer.toString("latin1", 0, length));
    }
    carried.copy(bytes, room - carriedLength, 0, carriedLength);
    const rest = scan(bytes.subarray(room - carriedLength, room + length), onMessage);
    carriedLength = rest.copy(carried);
    return true;
  };
  const socket = connect({ port, host: "127.0.0.1", onread: { buffer: readBuffer, callback } });
  await once(socket, "connect");
  socket.write(request);
  socket.once("close", () => begun("closed"));
  const first = await head;
  if (!first.startsWith("HTTP/1.1 200")) throw new Error(`No event stream: ${first}`);
  // A stream that the server ends is told by the deliveries that are missing.
  socket.on("error", () => {});
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
