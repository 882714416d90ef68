import { connect, type Socket } from "node:net";
import { getRequest } from "./connection.ts";
import { Distances, NumberFinder, tailMax } from "./number-finder.ts";

const openAtOnce = 50;
/** All sockets read into the same memory, one after the other: no buffer is made for what is read. */
const readBytesMax = 256 * 1024;

/** Told of every message that comes: its number, to which subscriber (0, 1, ...), and when it was read. */
export type OnMessage = (number: number, subscriber: number, atMs: number) => void;

/** Opens event streams and tells of every message that comes, by the number in it. Resolves when all have begun. */
export async function openEventStreams(
  port: number,
  request: Buffer,
  count: number,
  onMessage: OnMessage,
): Promise<{ close(): void }> {
  const memory = Buffer.alloc(tailMax + readBytesMax);
  const distances = new Distances();
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Math.min(openAtOnce, count - sockets.length);
    const opening = Array.from({ length: some }, (_, i) => {
      const subscriber = sockets.length + i;
      const finder = new NumberFinder(distances);
      return openEventStream(port, request, memory, (end) => {
        const atMs = performance.now();
        finder.take(memory, end, (number) => onMessage(number, subscriber, atMs));
      });
    });
    sockets.push(...(await Promise.all(opening)));
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

/** Reads into `memory` behind its first `tailMax` bytes, and tells where each read ends. Resolves with the first one. */
function openEventStream(
  port: number,
  request: Buffer,
  memory: Buffer,
  onRead: (end: number) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let begun = false;
    const callback = (length: number): boolean => {
      const end = tailMax + length;
      if (!begun) {
        const head = memory.toString("latin1", tailMax, end);
        if (!head.startsWith("HTTP/1.1 200")) {
          reject(new Error(`No event stream: ${head.slice(0, 600)}`));
          return false;
        }
        begun = true;
        resolve(socket);
      }
      onRead(end);
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", onread: { buffer: memory.subarray(tailMax), callback } });
    socket.once("connect", () => socket.write(request));
    // A stream that the server ends after it has begun is told by the deliveries that are missing.
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The event stream ended before it had begun.")));
  });
}
