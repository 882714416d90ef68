import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bodyRequest } from "../compare/http.ts";
import type { HttpFace, Peer, PeerServer } from "../compare/peer.ts";
import { findProgram, freePort, serve, versionOf } from "../compare/program.ts";
import { eventStreamRequest } from "../load/event-streams.ts";
import { redisInstall, redisVersion, startRedis } from "./redis.ts";

const overHttp: HttpFace = {
  kind: "http",
  publish(_address, messages) {
    const command = (message: Buffer): string => `{"channel":"bench","data":${message}}`;
    if (messages.length === 1) return bodyRequest("POST", "/api/publish", Buffer.from(command(messages[0]!)));
    const commands = messages.map((message) => `{"publish":${command(message)}}`);
    return bodyRequest("POST", "/api/batch", Buffer.from(`{"commands":[${commands.join()}]}`));
  },
  accepted: (answer) => !answer.includes('"error"'),
  subscribe: () => eventStreamRequest(`/connection/uni_sse?cf_connect=${encodeURIComponent('{"subs":{"bench":{}}}')}`),
};

async function start(folder: string, redisPort?: number): Promise<PeerServer> {
  const port = await freePort();
  const file = join(folder, "centrifugo.json");
  const redis = redisPort && { type: "redis", redis: { address: [`redis://127.0.0.1:${redisPort}`] } };
  writeFileSync(
    file,
    JSON.stringify({
      http_server: { address: "127.0.0.1", port },
      http_api: { insecure: true },
      uni_sse: { enabled: true },
      client: { insecure: true },
      log: { level: "error" },
      channel: { without_namespace: { history_size: 1_000_000, history_ttl: "10m" } },
      ...(redis && { engine: redis }),
    }),
  );
  return serve(folder, port, ["centrifugo", "--config", file]);
}

/** `go install` leaves the program's own idea of its version at v0.0.0; the module's is in the file. */
function version(): string | undefined {
  const path = findProgram("centrifugo");
  return path && (versionOf("go", ["version", "-m", path], /^\s+mod\s+\S+\s+v(\S+)/m) ?? "unknown version");
}

const install = "go install github.com/centrifugal/centrifugo/v6@v6.9.1";
const common = { client: "the shared HTTP generator", face: overHttp } as const;

export const peers: readonly Peer[] = [
  {
    ...common,
    name: "Centrifugo, memory",
    acknowledged: "memory",
    settings: "memory engine, history of 1,000,000 messages for 10 minutes",
    install,
    version,
    start: (folder) => start(folder),
  },
  {
    ...common,
    name: "Centrifugo over Redis, always",
    acknowledged: "fsynced",
    settings: "Redis engine over Redis with appendfsync always, history as above",
    install: `${install}; ${redisInstall}`,
    version: () => (version() && redisVersion() ? `${version()}, Redis ${redisVersion()}` : undefined),
    async start(folder) {
      const redis = await startRedis(folder, "always");
      const server = await start(folder, redis.address.port).catch(async (error) => {
        await redis.stop();
        throw error;
      });
      return {
        ...server,
        pids: [...redis.pids, ...server.pids],
        readyMs: redis.readyMs + server.readyMs,
        async stop() {
          await server.stop();
          await redis.stop();
        },
      };
    },
  },
];
