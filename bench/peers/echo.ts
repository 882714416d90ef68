import { bodyRequest } from "../compare/http.ts";
import type { Peer } from "../compare/peer.ts";
import { startEcho } from "../servers.ts";

/** About what the service answers to one message. */
const answerBytes = 110;
const token = "x".repeat(67);

/** No peer but the ceiling of anything over `node:http`: the same request, parsed and answered, and nothing kept. */
export const peers: readonly Peer[] = [
  {
    name: "bare node:http echo",
    acknowledged: "nothing",
    settings: "parses the JSON and answers 201; the ceiling of anything over node:http",
    client: "the shared HTTP generator",
    install: "npm ci",
    version: () => process.version,
    face: {
      kind: "http",
      publish: (_address, messages) =>
        bodyRequest("POST", "/v1/topics/bench/messages", messages[0]!, {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
        }),
    },
    lacks: { batches: "an anchor of singles", latency: "it delivers nothing", "fan-out": "it delivers nothing" },
    async start() {
      const { port, pid, readyMs, stop } = await startEcho(answerBytes);
      return { address: { port }, pids: [pid], readyMs, stop };
    },
  },
];
