import type { Server } from "node:http";
import type { Socket } from "node:net";
import { BellwetherError } from "#contract/errors.ts";

/** Connections beyond the limit that are told so, at once; more are closed without a word. */
const toldMax = 256;

/** Bounds the connections of a server. One too many is answered once, with a refusal or with the health of the service. */
export class Connections {
  readonly #max: number;
  readonly #tooMany = new WeakSet<Socket>();
  #open = 0;

  /** To be made before anybody else listens for connections. */
  constructor(server: Server, max: number) {
    this.#max = max;
    server.maxConnections = max + toldMax;
    server.on("connection", (socket: Socket) => {
      this.#open += 1;
      if (this.#open > max) this.#tooMany.add(socket);
      socket.once("close", () => {
        this.#open -= 1;
      });
    });
  }

  isOneTooMany(socket: Socket): boolean {
    return this.#open > this.#max && this.#tooMany.has(socket);
  }

  refusal(): BellwetherError {
    return new BellwetherError(
      "unavailable",
      `There are ${this.#max} connections open, as many as may be. Try again.`,
      {
        retryAfterSeconds: 5,
      },
    );
  }
}
