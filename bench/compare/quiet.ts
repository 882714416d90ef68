import { readdirSync, readFileSync } from "node:fs";

/**
 * Notices when something else used the machine during a measurement: all CPU time of the machine, less that of this
 * process and its descendants, less that of the kernel's own threads, which write to disk for us. Interrupts do not
 * count, as on loopback they are ours too; time that a hypervisor took away does.
 */
export interface Quietness {
  /** What others used, in cores: 0.05 is 5 % of one core. NaN where there is no /proc. */
  readonly otherCpu: number;
  readonly disturbed: boolean;
}

export const otherCpuMax = 0.05;

export interface RepeatedRun<T> extends Quietness {
  readonly value: T;
  /** How often it was run again. */
  readonly repeats: number;
}

/** Runs until a run was undisturbed, at most `repeatsMax` times more; then gives the least disturbed one, and says so. */
export async function runUndisturbed<T>(
  run: () => Promise<T>,
  repeatsMax: number,
  watch: (run: () => Promise<T>) => Promise<{ value: T } & Quietness> = watchOthers,
): Promise<RepeatedRun<T>> {
  let best = { ...(await watch(run)), repeats: 0 };
  for (let repeats = 1; best.disturbed && repeats <= repeatsMax; repeats++) {
    process.stderr.write(`    others used ${best.otherCpu.toFixed(2)} cores: once more\n`);
    const next = await watch(run);
    best = next.otherCpu < best.otherCpu ? { ...next, repeats } : { ...best, repeats };
  }
  return best;
}

async function watchOthers<T>(run: () => Promise<T>): Promise<{ value: T } & Quietness> {
  const before = cpuTimes();
  const startedAt = performance.now();
  const value = await run();
  const seconds = (performance.now() - startedAt) / 1000;
  const after = cpuTimes();
  const others = after.machine - before.machine - (after.ours - before.ours) - (after.kernel - before.kernel);
  const otherCpu = Math.max(0, others / seconds);
  return { value, otherCpu, disturbed: otherCpu > otherCpuMax };
}

/** CPU seconds so far. */
function cpuTimes(): { machine: number; ours: number; kernel: number } {
  const stats = processStats();
  const kernel = stats.filter(({ parent }) => parent === 2).reduce((sum, { cpu }) => sum + cpu, 0);
  return { machine: machineSeconds(), ours: familySeconds(stats, process.pid), kernel };
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Of itself, and with all its ended children that it waited for. */
  readonly cpu: number;
  readonly cpuWithEnded: number;
}

const ticksPerSecond = 100;

function machineSeconds(): number {
  try {
    const [user, nice, system, , , , , steal] = readFileSync("/proc/stat", "utf8")
      .split("\n")[0]!
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return (user! + nice! + system! + (steal ?? 0)) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}

function familySeconds(stats: readonly ProcessStat[], pid: number): number {
  return [pid, ...descendants(pid, stats)]
    .map((each) => stats.find((stat) => stat.pid === each)?.cpuWithEnded ?? 0)
    .reduce((sum, cpu) => sum + cpu, 0);
}

/** The processes below one, its own not among them. */
export function descendants(pid: number, stats: readonly { pid: number; parent: number }[] = processStats()): number[] {
  const children = stats.filter(({ parent }) => parent === pid).map((stat) => stat.pid);
  return children.flatMap((child) => [child, ...descendants(child, stats)]);
}

function processStats(): ProcessStat[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      // The name in parentheses may hold anything; what follows its last parenthesis is numbers.
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(") ") + 2).split(" ");
      const [utime, stime, cutime, cstime] = fields.slice(11, 15).map((ticks) => Number(ticks) / ticksPerSecond);
      const cpu = utime! + stime!;
      return [{ pid: Number(pid), parent: Number(fields[1]), cpu, cpuWithEnded: cpu + cutime! + cstime! }];
    } catch {
      return [];
    }
  });
}

/** Memory of processes and their descendants in bytes, what they share counted once; NaN where /proc does not tell. */
export function memoryOf(pids: readonly number[]): number {
  const all = pids.flatMap((pid) => [pid, ...descendants(pid)]);
  return all.map(proportionalBytes).reduce((sum, bytes) => sum + bytes, 0);
}

function proportionalBytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
