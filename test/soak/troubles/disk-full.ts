import { spawnSync } from "node:child_process";
import type { Trouble } from "../trouble.ts";

/** No room: whoever writes gets 503, reading goes on, and when there is room everything does. It may not start meanwhile. */
export default {
  about: "no room on the disk for a while",
  lastsMs: [500, 4_000],
  excuse: { statuses: [503], log: /could not write.*background work failed/, start: true },
  unavailable(disk) {
    if (disk.isMounted || spawnSync("prlimit", ["--version"]).status === 0) return undefined;
    return `a file system cannot be mounted here (${disk.notMounted}), and there is no prlimit to keep files from growing`;
  },
  async begin({ world, disk, random }) {
    const freeBytes = random.integer(0, 256 * 1024);
    if (disk.isMounted) {
      disk.fill(freeBytes);
      return () => disk.makeRoom();
    }
    const { pid } = world;
    limitFiles(pid, String(disk.largestFileBytes + freeBytes));
    return () => {
      if (world.pid === pid) limitFiles(pid, "unlimited");
    };
  },
} satisfies Trouble;

/** No file of the process may grow beyond so much. */
function limitFiles(pid: number | undefined, bytes: string): void {
  if (pid !== undefined) spawnSync("prlimit", [`--pid=${pid}`, `--fsize=${bytes}:`]);
}
