import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bodyRequest } from "../compare/http.ts";
import type { Peer } from "../compare/peer.ts";
import { freePort, serve, versionOf } from "../compare/program.ts";
import { eventStreamRequest } from "../load/event-streams.ts";

/** Its limits are for visitors of a public server; those that would refuse the load are lifted. */
const configuration = (folder: string, port: number): string => `
base-url: "http://127.0.0.1:${port}"
listen-http: "127.0.0.1:${port}"
cache-file: "${folder}/cache.db"
log-level: error
visitor-request-limit-exempt-hosts: "127.0.0.1"
visitor-message-daily-limit: 1000000000
visitor-subscription-limit: 100000
`;

/** Written from the server's documentation and never run: it was not to be had where the rest was measured. */
export const peers: readonly Peer[] = [
  {
    name: "ntfy",
    acknowledged: "fsynced",
    settings: "SQLite cache with its default journal, no batching of writes: one transaction a message",
    client: "the shared HTTP generator",
    install: "the server's release as `ntfy` on the PATH, from https://docs.ntfy.sh/install",
    version: () => versionOf("ntfy", ["--help"], /ntfy (\d+\.\d\S*)/),
    face: {
      kind: "http",
      publish: (_address, [message]) => bodyRequest("POST", "/bench", message!),
      subscribe: () => eventStreamRequest("/bench/sse"),
    },
    lacks: { batches: "it has no call for several messages" },
    async start(folder) {
      const port = await freePort();
      const file = join(folder, "server.yml");
      writeFileSync(file, configuration(folder, port));
      return serve(folder, port, ["ntfy", "serve", "--config", file]);
    },
  },
];
