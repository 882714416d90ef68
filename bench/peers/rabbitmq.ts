import { spawnSync } from "node:child_process";
import { existsSync, globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "amqplib";
import type { ClientFace, Peer } from "../compare/peer.ts";
import { freePort, serve } from "../compare/program.ts";

const overAmqp: ClientFace = {
  kind: "client",
  async connect({ port }) {
    const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
    const channel = await connection.createConfirmChannel();
    const send = (message: Buffer): boolean => channel.sendToQueue("bench", message, { persistent: true });
    return {
      async publish(message) {
        send(message);
        await channel.waitForConfirms();
      },
      async publishBatch(messages) {
        for (const message of messages) send(message);
        await channel.waitForConfirms();
      },
      async subscribe(onMessage) {
        await channel.prefetch(1_000);
        await channel.consume("bench", (message) => {
          onMessage(message!.content);
          channel.ack(message!);
        });
      },
      close: () => connection.close(),
    };
  },
};

/** The server's own script, as the one on the PATH would run it as another user. */
const script = (): string | undefined =>
  globSync("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server").at(-1);

export const peers: readonly Peer[] = [
  {
    name: "RabbitMQ, quorum queue",
    acknowledged: "fsynced",
    settings: "durable quorum queue of one node, persistent messages, publisher confirms: the log is fsynced before",
    client: "amqplib",
    install: "apt-get install rabbitmq-server",
    version: () => /rabbitmq_server-([^/]+)/.exec(script() ?? "")?.[1],
    face: overAmqp,
    lacks: { "fan-out": "a queue gives a message to one consumer: it would take 1,000 queues" },
    async start(folder) {
      const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      // Erlang's port mapper is a daemon: one of our own, on a port of its own, is stopped with the server.
      const epmd = { ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: "127.0.0.1", HOME: folder };
      const server = await serve(folder, port, [script()!], {
        ...epmd,
        RABBITMQ_NODENAME: "bench@localhost",
        RABBITMQ_DIST_PORT: String(distributionPort),
        RABBITMQ_MNESIA_BASE: join(folder, "data"),
        RABBITMQ_LOG_BASE: join(folder, "log"),
        RABBITMQ_LOGS: "-",
        RABBITMQ_PID_FILE: join(folder, "pid"),
        RABBITMQ_CONF_ENV_FILE: join(folder, "none"),
        RABBITMQ_CONFIG_FILE: file("rabbitmq.conf", `listeners.tcp.1 = 127.0.0.1:${port}\n`),
        RABBITMQ_ENABLED_PLUGINS_FILE: file("plugins", "[]."),
      });
      const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
      const channel = await connection.createChannel();
      await channel.assertQueue("bench", { durable: true, arguments: { "x-queue-type": "quorum" } });
      await connection.close();
      return {
        ...server,
        async stop() {
          await server.stop();
          if (existsSync("/usr/bin/epmd")) spawnSync("epmd", ["-kill"], { env: { ...process.env, ...epmd } });
        },
      };
    },
  },
];
