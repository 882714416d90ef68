import { connect, type Socket } from "node:net";
import type { Trouble } from "../trouble.ts";

/** Event streams from the beginning of the log that are read at a trickle or not at all: they may cost nobody anything. */
export default {
  about: "event streams from the beginning of the log, read at a trickle or not at all",
  lastsMs: [1_000, 10_000],
  async begin({ world, random, topics }) {
    const url = world.service.url;
    if (url === undefined) return () => {};
    const sockets = Array.from({ length: random.integer(2, 20) }, () => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.on("error", () => {}).pause();
      const path = `/v1/topics/${random.pick(topics)}/messages`;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
      return socket;
    });
    const trickling = sockets.filter((_, i) => i % 2 === 0);
    const timer = setInterval(() => trickle(trickling), 100);
    return () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    };
  },
} satisfies Trouble;

function trickle(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.read(1_000);
}
