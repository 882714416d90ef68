import type { Trouble } from "../trouble.ts";

/** The whole process stands still (a virtual machine that is moved, a laptop's lid) and goes on as if nothing had been. */
export default {
  about: "SIGSTOP, and after a while SIGCONT",
  lastsMs: [200, 4_000],
  excuse: { standsStill: true },
  async begin({ world }) {
    const { pid } = world;
    if (pid === undefined) return () => {};
    process.kill(pid, "SIGSTOP");
    return () => {
      if (world.pid === pid) process.kill(pid, "SIGCONT");
    };
  },
} satisfies Trouble;
