import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Calls that a client may send ahead of its answers. Clients that do that send some few; each that waits is kept. */
const callsAheadMax = 256;

interface Line {
  last: Promise<void>;
  waiting: number;
}

/**
 * One call at a time on each connection. `node:http` begins every call that a client sends ahead at once: a thousand short
 * lines would have a thousand answers of 1 MB made before the first is taken. Here the next is begun when the answer
 * before was taken, and a connection that sends too far ahead is ended.
 */
export class Turns {
  readonly #lines = new WeakMap<Socket, Line>();

  /** Resolves when the call's turn has come: true to begin it, false when the connection has ended. */
  async take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean> {
    const { socket } = incoming;
    const line = this.#lines.get(socket) ?? { last: Promise.resolve(), waiting: 0 };
    this.#lines.set(socket, line);
    const before = line.last;
    line.last = new Promise((resolve) => outgoing.once("close", resolve));
    line.waiting += 1;
    if (line.waiting > callsAheadMax) socket.destroy();
    await before;
    line.waiting -= 1;
    return !socket.destroyed;
  }
}
