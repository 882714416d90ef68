import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** One request as the fake service saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A service for tests that answers as it is told. */
export interface FakeService extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
}

/**
 * Starts a service on a free port of the loopback; `answer` gets each request with its number, from 0. With a key and a
 * certificate it speaks https.
 */
export async function startFakeService(
  answer: (request: SeenRequest, response: ServerResponse, number: number) => void | Promise<void>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FakeService> {
  const requests: SeenRequest[] = [];
  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url: target = "", headers } = request;
    const seen = { method, target, headers, body: await text(request) };
    requests.push(seen);
    await answer(seen, response, requests.length - 1);
  };
  const server = tls ? createTlsServer(tls, onRequest) : createServer(onRequest);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON as the service does, with a newline at its end. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type, ...headers }).end(`${JSON.stringify(value)}\n`);
}

/** The problem document of an error. */
export function problem(status: number, code: string, more: object = {}) {
  return { type: `about:blank#${code}`, title: code, status, detail: `It is ${code}.`, code, ...more };
}

/** A message as the service gives it. */
export function message(sequence: number) {
  const publishedAt = "2026-01-02T03:04:05.000Z";
  return { id: `m${sequence}`, topic: "news", sequence, publisherId: "p1", publishedAt, body: `text ${sequence}` };
}

/** A message as an event of the stream, whose cursor is `c` with the sequence. */
export function messageEvent(sequence: number) {
  return `event: message\nid: c${sequence}\ndata: ${JSON.stringify(message(sequence))}\n\n`;
}
