import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bodyRequest } from "../compare/http.ts";
import type { Peer } from "../compare/peer.ts";
import { findProgram, freePort, serve, versionOf } from "../compare/program.ts";
import { redisInstall, redisVersion, startRedis } from "./redis.ts";

/** Redis over HTTP: a small C server that passes each call on. The best that fsyncs behind HTTP, as far as we know. */
export const peers: readonly Peer[] = [
  {
    name: "webdis over Redis, always",
    acknowledged: "fsynced",
    settings: "Redis with appendfsync always; webdis as packaged, 2 threads",
    client: "the shared HTTP generator",
    install: `${redisInstall} webdis`,
    version: () => {
      const redis = redisVersion();
      if (findProgram("webdis") === undefined || redis === undefined) return undefined;
      return `${versionOf("dpkg-query", ["-W", "webdis"], /\t(\S+)/) ?? "unknown version"}, Redis ${redis}`;
    },
    face: {
      kind: "http",
      publish: (_address, [message]) => bodyRequest("PUT", "/XADD/bench/*/d", message!),
      accepted: (answer) => /"XADD":"\d+-\d+"/.test(answer),
    },
    lacks: {
      batches: "it has no call for several messages",
      latency: "it has no event stream of a Redis stream",
      "fan-out": "it has no event stream of a Redis stream",
    },
    async start(folder) {
      const redis = await startRedis(folder, "always");
      const port = await freePort();
      const config = {
        redis_port: redis.address.port,
        http_host: "127.0.0.1",
        http_port: port,
        threads: 2,
        verbosity: 0,
      };
      const file = join(folder, "webdis.json");
      const log = { daemonize: false, logfile: join(folder, "webdis.log"), redis_host: "127.0.0.1" };
      writeFileSync(file, JSON.stringify({ ...config, ...log }));
      const webdis = await serve(folder, port, ["webdis", file]).catch(async (error) => {
        await redis.stop();
        throw error;
      });
      return {
        ...webdis,
        pids: [...redis.pids, ...webdis.pids],
        readyMs: redis.readyMs + webdis.readyMs,
        async stop() {
          await webdis.stop();
          await redis.stop();
        },
      };
    },
  },
];
