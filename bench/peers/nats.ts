import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeliverPolicy, jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { ClientFace, Peer, PeerServer } from "../compare/peer.ts";
import { freePort, serve, versionOf } from "../compare/program.ts";

const overNats: ClientFace = {
  kind: "client",
  async connect({ port }) {
    const connection = await connect({ port });
    const client = jetstream(connection);
    return {
      publish: (message) => client.publish("bench", message),
      async publishBatch([first, ...rest]) {
        // An atomic batch: one acknowledgement, of its last message.
        const batch = await client.startBatch("bench", first!);
        for (const message of rest.slice(0, -1)) batch.add("bench", message);
        await batch.commit("bench", rest.at(-1)!);
      },
      async subscribe(onMessage) {
        const consumer = await client.consumers.get("bench", { deliver_policy: DeliverPolicy.New });
        const messages = await consumer.consume();
        void (async () => {
          for await (const { data } of messages) onMessage(Buffer.from(data.buffer, data.byteOffset, data.length));
        })();
      },
      close: () => connection.close(),
    };
  },
};

async function start(folder: string, syncInterval: string | undefined): Promise<PeerServer> {
  const port = await freePort();
  const file = join(folder, "nats.conf");
  const sync = syncInterval === undefined ? "" : `, sync_interval: ${syncInterval}`;
  writeFileSync(file, `host: "127.0.0.1"\nport: ${port}\njetstream { store_dir: "${folder}"${sync} }\n`);
  const server = await serve(folder, port, ["nats-server", "--config", file]);
  const connection = await connect({ port });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "bench", subjects: ["bench"], storage: StorageType.File, allow_atomic: true });
  await connection.close();
  return server;
}

const common = {
  client: "nats.js",
  install: "go install github.com/nats-io/nats-server/v2@v2.15.2",
  version: () => versionOf("nats-server", ["--version"], /v(\d\S+)/),
  face: overNats,
} as const;

export const peers: readonly Peer[] = [
  {
    ...common,
    name: "NATS JetStream, sync always",
    acknowledged: "fsynced",
    settings: "file store, sync_interval always; batches are atomic batches",
    start: (folder) => start(folder, "always"),
  },
  {
    ...common,
    name: "NATS JetStream, default",
    acknowledged: "written",
    settings: "file store, sync_interval as it comes (2 minutes); batches are atomic batches",
    start: (folder) => start(folder, undefined),
  },
];
