import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a function made of an event, or why it made nothing. */
export type Outcome =
  | { readonly kind: "response"; readonly payload: string }
  | { readonly kind: "error"; readonly type: string; readonly message: string };

/** The most that an event or an answer may have, in bytes: 6 MB and a little for its frame. */
export const payloadBytesMax = 6_291_556;

interface Running {
  readonly id: string;
  readonly payload: string;
  readonly arn: string;
  readonly deadlineMs: number;
  isGiven: boolean;
  settle(outcome: Outcome): void;
}

/**
 * The Runtime API of one environment: gives events one at a time, and takes what the function made of them.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  readonly #server: Server;
  readonly #onIdle: () => void;
  readonly #onInitError: (message: string) => void;
  #waiting: ServerResponse | undefined;
  #running: Running | undefined;

  /** `onIdle` is called whenever the function asks for an event and none is there: then an environment may be frozen. */
  constructor(onIdle: () => void, onInitError: (message: string) => void) {
    this.#onIdle = onIdle;
    this.#onInitError = onInitError;
    this.#server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
    this.#server.keepAliveTimeout = 0;
  }

  /** Listens, and gives what `AWS_LAMBDA_RUNTIME_API` is to be. */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Gives the function an event, now or when it next asks for one. One at a time. */
  give(payload: string, arn: string, deadlineMs: number): Promise<Outcome> {
    if (this.#running) throw new Error("The environment runs an event.");
    const outcome = new Promise<Outcome>((settle) => {
      this.#running = { id: randomUUID(), payload, arn, deadlineMs, settle, isGiven: false };
    });
    if (this.#waiting) this.#deliver(this.#waiting);
    return outcome;
  }

  /** Ends the running invocation from outside: its process is gone, or its time is over. */
  fail(type: string, message: string): void {
    this.#settle({ kind: "error", type, message });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const route = incoming.url!.replace(/^\/2018-06-01\/runtime\//, "");
    if (incoming.method === "GET" && route === "invocation/next") {
      if (this.#running && !this.#running.isGiven) return this.#deliver(outgoing);
      this.#waiting = outgoing;
      return this.#onIdle();
    }
    const body = await textOf(incoming).catch(() => undefined);
    if (body === undefined) return;
    const [, id, what] = /^invocation\/([^/]+)\/(response|error)$/.exec(route) ?? [];
    if (incoming.method === "POST" && route === "init/error") this.#onInitError(errorOf(body).message);
    else if (incoming.method !== "POST" || id === undefined || id !== this.#running?.id) {
      outgoing.writeHead(id === undefined ? 404 : 400).end('{"errorType":"InvalidRequestID"}');
      return;
    } else if (what === "error") this.#settle({ kind: "error", ...errorOf(body) });
    else if (Buffer.byteLength(body) > payloadBytesMax) {
      outgoing.writeHead(413).end('{"errorType":"RequestEntityTooLarge"}');
      this.fail("Function.ResponseSizeTooLarge", `The response has more than ${payloadBytesMax} bytes.`);
      return;
    } else this.#settle({ kind: "response", payload: body });
    outgoing.writeHead(202).end('{"status":"OK"}');
  }

  #deliver(outgoing: ServerResponse): void {
    const { id, payload, arn, deadlineMs } = this.#running!;
    this.#running!.isGiven = true;
    this.#waiting = undefined;
    outgoing.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": id,
      "lambda-runtime-deadline-ms": String(deadlineMs),
      "lambda-runtime-invoked-function-arn": arn,
      "lambda-runtime-trace-id": `Root=1-${id.slice(0, 8)}-${id.replaceAll("-", "").slice(8, 32)};Sampled=0`,
    });
    outgoing.end(payload);
  }

  #settle(outcome: Outcome): void {
    this.#running?.settle(outcome);
    this.#running = undefined;
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function errorOf(body: string): { type: string; message: string } {
  const { errorType = "Unknown", errorMessage = "" } = JSON.parse(body) as Record<string, string>;
  return { type: errorType, message: errorMessage };
}
