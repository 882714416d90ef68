import { connect } from "node:net";
import type { Trouble } from "../trouble.ts";

const beginnings = (topic: string): string[] => [
  "",
  "GET /v1/top",
  "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
  `POST /v1/topics/${topic}/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"body":`,
  `GET /v1/topics/${topic}/messages?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(20),
];

/** Connections that begin a request and never end it, or ask and never read; some are left, some are cut. */
export default {
  about: "connections that send a part of a request and stay, or ask much and never read",
  lastsMs: [500, 8_000],
  async begin({ world, random, topics }) {
    const url = world.service.url;
    if (url === undefined) return () => {};
    const sockets = Array.from({ length: random.integer(10, 150) }, () => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.on("error", () => {}).pause();
      socket.write(random.pick(beginnings(random.pick(topics))));
      return socket;
    });
    return () => {
      for (const socket of sockets) random.chance(0.5) ? socket.destroy() : socket.resetAndDestroy();
    };
  },
} satisfies Trouble;
