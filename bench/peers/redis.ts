import { Redis, type RedisValue } from "ioredis";
import type { ClientFace, Peer, PeerServer } from "../compare/peer.ts";
import { freePort, serve, versionOf } from "../compare/program.ts";

const overIoredis: ClientFace = {
  kind: "client",
  async connect({ port }) {
    const redis = new Redis(port, "127.0.0.1", { lazyConnect: true });
    await redis.connect();
    let reading = true;
    return {
      publish: (message) => redis.xadd("bench", "*", "d", message),
      async publishBatch(messages) {
        const pipeline = redis.pipeline();
        for (const message of messages) pipeline.xadd("bench", "*", "d", message);
        const results = (await pipeline.exec())!;
        for (const [error] of results) if (error) throw error;
      },
      async subscribe(onMessage) {
        const [last] = await redis.xrevrange("bench", "+", "-", "COUNT", 1);
        void read(redis, last?.[0] ?? "0-0", onMessage, () => reading);
      },
      async close() {
        reading = false;
        redis.disconnect();
      },
    };
  },
};

type StreamEntries = [key: Buffer, entries: [id: Buffer, fields: Buffer[]][]][];

/** Reads the stream from an id on, waiting at its end, as XREAD is meant to be used. */
async function read(
  redis: Redis,
  after: string,
  onMessage: (message: Buffer) => void,
  goOn: () => boolean,
): Promise<void> {
  let id: RedisValue = after;
  while (goOn()) {
    const answer: StreamEntries | null = await redis
      .xreadBuffer("COUNT", 1000, "BLOCK", 1000, "STREAMS", "bench", id)
      .catch((error: unknown) => {
        if (goOn()) throw error;
        return null;
      });
    for (const [entryId, fields] of answer?.[0]?.[1] ?? []) {
      id = entryId;
      onMessage(fields[1]!);
    }
  }
}

/** Starts a Redis over an append-only file, for itself and for the systems that store in one. */
export async function startRedis(folder: string, appendfsync: "always" | "everysec"): Promise<PeerServer> {
  const port = await freePort();
  const options = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes", appendfsync };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return serve(folder, port, ["redis-server", ...args]);
}

export const redisVersion = (): string | undefined => versionOf("redis-server", ["--version"], /v=(\S+)/);
export const redisInstall = "apt-get install redis-server";

const common = { client: "ioredis", install: redisInstall, version: redisVersion, face: overIoredis } as const;

export const peers: readonly Peer[] = [
  {
    ...common,
    name: "Redis Streams, always",
    acknowledged: "fsynced",
    settings: "appendonly yes, appendfsync always; the data set is in memory",
    start: (folder) => startRedis(folder, "always"),
  },
  {
    ...common,
    name: "Redis Streams, everysec",
    acknowledged: "written",
    settings: "appendonly yes, appendfsync everysec: a crash of the machine loses up to a second and more",
    start: (folder) => startRedis(folder, "everysec"),
  },
];
