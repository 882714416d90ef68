import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Trouble } from "../trouble.ts";

/** There are hardly any file descriptors left, and somebody opens connections until they are used up. */
export default {
  about: "a limit of file descriptors a little above those in use, and more connections than that",
  lastsMs: [500, 4_000],
  // Its background thread loads modules when it begins, and is begun again when it could not.
  excuse: { connections: true, start: true, log: /"work":"thread".*background work failed/ },
  unavailable: () =>
    process.platform !== "linux" || spawnSync("prlimit", ["--version"]).status !== 0
      ? "needs Linux and prlimit"
      : undefined,
  async begin({ world, random }) {
    const { pid, service } = world;
    if (pid === undefined) return () => {};
    const open = readdirSync(`/proc/${pid}/fd`).length;
    const before = /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))![1]!;
    limitDescriptors(pid, String(open + random.integer(0, 20)));
    const port = Number(new URL(service.url!).port);
    const sockets = Array.from({ length: 60 }, () => connect(port, "127.0.0.1").on("error", () => {}));
    return () => {
      for (const socket of sockets) socket.destroy();
      if (world.pid === pid) limitDescriptors(pid, before);
    };
  },
} satisfies Trouble;

function limitDescriptors(pid: number, soft: string): void {
  spawnSync("prlimit", [`--pid=${pid}`, `--nofile=${soft}:`]);
}
