import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bodyRequest } from "../compare/http.ts";
import type { Peer } from "../compare/peer.ts";
import { freePort, serve, versionOf } from "../compare/program.ts";
import { eventStreamRequest } from "../load/event-streams.ts";

const key = "a key of at least 32 bytes, used on loopback alone";

/** What lets its holder publish to every topic: a JWT signed with HMAC and SHA-256. */
function publisherToken(): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ mercure: { publish: ["*"] } })}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

const configuration = (folder: string, port: number): string => `
{
  auto_https off
  admin off
  persist_config off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  mercure {
    transport bolt {
      path ${folder}/mercure.db
    }
    publisher_jwt "${key}"
    subscriber_jwt "${key}"
    anonymous
  }
}
`;

/** Written from the hub's documentation and never run: it was not to be had where the rest was measured. */
export const peers: readonly Peer[] = [
  {
    name: "Mercure",
    acknowledged: "fsynced",
    settings: "bolt transport: each update is a transaction that bbolt fsyncs",
    client: "the shared HTTP generator",
    install: "the hub's release as `mercure` on the PATH, from https://mercure.rocks/docs/hub/install",
    version: () => versionOf("mercure", ["version"], /v?(\d+\.\d\S*)/),
    face: {
      kind: "http",
      publish: ({ token }, [message]) =>
        bodyRequest(
          "POST",
          "/.well-known/mercure",
          Buffer.from(`topic=bench&data=${encodeURIComponent(`${message}`)}`),
          {
            authorization: `Bearer ${token}`,
            "content-type": "application/x-www-form-urlencoded",
          },
        ),
      subscribe: () => eventStreamRequest("/.well-known/mercure?topic=bench"),
    },
    lacks: { batches: "it has no call for several messages" },
    async start(folder) {
      const port = await freePort();
      const file = join(folder, "Caddyfile");
      writeFileSync(file, configuration(folder, port));
      const server = await serve(folder, port, ["mercure", "run", "--config", file]);
      return { ...server, address: { port, token: publisherToken() } };
    },
  },
];
