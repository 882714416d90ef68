import { createClient } from "#client/mod.ts";
import { bodyRequest } from "../compare/http.ts";
import type { ClientFace, HttpFace, Peer, PeerServer } from "../compare/peer.ts";
import { eventStreamRequest } from "../load/event-streams.ts";
import { startService } from "../servers.ts";

const path = "/v1/topics/bench/messages";

const overHttp: HttpFace = {
  kind: "http",
  publish({ token }, messages) {
    const body = messages.length === 1 ? messages[0]! : Buffer.from(`{"messages":[${messages.join()}]}`);
    return bodyRequest("POST", path, body, { authorization: `Bearer ${token}`, "content-type": "application/json" });
  },
  subscribe: () => eventStreamRequest(path),
};

const overSdk: ClientFace = {
  kind: "client",
  async connect({ port, token }) {
    const client = createClient({ url: `http://127.0.0.1:${port}`, token });
    const reading = new AbortController();
    return {
      publish: (message) => client.publish("bench", { body: message.toString() }),
      publishBatch: (messages) =>
        client.publish(
          "bench",
          messages.map((message) => ({ body: message.toString() })),
        ),
      async subscribe(onMessage) {
        // From a cursor, and not from when the stream opens, so that no message can fall in between.
        const { cursor } = await client.browseMessages("bench", { limit: 1000 });
        const messages = client.tailMessages("bench", { after: cursor, signal: reading.signal });
        void (async () => {
          for await (const { body } of messages) onMessage(Buffer.from(String(body)));
        })();
      },
      close: async () => reading.abort(),
    };
  },
};

async function start(folder: string, terms: boolean): Promise<PeerServer> {
  const service = await startService("dist/hosts/local/main.js", folder);
  const { token } = await service.topic("bench", terms);
  return {
    address: { port: service.port, token },
    pids: [service.pid],
    readyMs: service.readyMs,
    stop: () => service.stop(),
  };
}

const common = {
  acknowledged: "fsynced",
  install: "npm ci",
  version: () => "this checkout",
} as const;

export const peers: readonly Peer[] = [
  {
    ...common,
    name: "Bellwether over HTTP",
    settings: "as it comes (SQLite, one fsync for each commit), terms off: the same work as the others do",
    client: "the shared HTTP generator",
    face: overHttp,
    start: (folder) => start(folder, false),
  },
  {
    ...common,
    name: "Bellwether over HTTP, terms on",
    settings: "as it comes: also counts the terms of every message",
    client: "the shared HTTP generator",
    face: overHttp,
    start: (folder) => start(folder, true),
  },
  {
    ...common,
    name: "Bellwether, SDK",
    settings: "as it comes, terms off; the message is the body's text",
    client: "the SDK",
    face: overSdk,
    lacks: { "fan-out": "it is measured over HTTP" },
    start: (folder) => start(folder, false),
  },
];
