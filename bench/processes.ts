import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { resolve } from "node:path";

/** The two sides of a measurement: what is measured gets the first core, what loads it the second. */
export type Side = "server" | "generator";

/** Whether the sides can be kept on cores of their own. */
export const pinned: boolean =
  availableParallelism() >= 2 && spawnSync("taskset", ["-c", "0", "true"], { stdio: "ignore" }).status === 0;

/** Starts a Node program, relative to the repository's root or absolute, on its side's core. The child's pid is the program's own. */
export function startNode(side: Side, file: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  return startProgram(side, [process.execPath, resolve(import.meta.dirname, "..", file), ...args], { stdio });
}

/** Starts any program on its side's core, with `env` on top of this process's own. */
export function startProgram(
  side: Side,
  command: readonly string[],
  { stdio, env, cwd }: { stdio: StdioOptions; env?: Readonly<Record<string, string>>; cwd?: string },
): ChildProcess {
  const full = pinned ? ["taskset", "-c", side === "server" ? "0" : "1", ...command] : command;
  return spawn(full[0]!, full.slice(1), {
    stdio,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    ...(cwd !== undefined && { cwd }),
  });
}

/** Ends a child by its pid: in order, or by force after 15 s. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await exited;
  clearTimeout(force);
}

/** User and system time of all threads of a process so far, in seconds (to 10 ms); NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const fields = readFileSync(file, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process in bytes; NaN where there is no /proc. */
export function residentBytes(pid: number): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return Number.NaN;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(file, "utf8"))?.[1]) * 1024;
}

/** How busy the cores of both sides were, 0..1, whoever used them: the kernel's work for sockets is no process's own. */
export interface CoresBusy {
  readonly server: number;
  readonly generator: number;
}

/**
 * Begins to watch the cores, from a process that was started on one of them; what it gives ends that. undefined where the
 * sides have no cores of their own, or no /proc.
 */
export function busyCores(): () => CoresBusy | undefined {
  const before = coreTimes();
  return () => {
    const after = coreTimes();
    if (!before || !after) return undefined;
    const busy = (core: 0 | 1): number => {
      const all = after[core].all - before[core].all;
      return all === 0 ? Number.NaN : (after[core].busy - before[core].busy) / all;
    };
    return { server: busy(0), generator: busy(1) };
  };
}

function coreTimes(): [CoreTimes, CoreTimes] | undefined {
  if (availableParallelism() > 1 || cpus().length < 2 || !existsSync("/proc/stat")) return undefined;
  const lines = readFileSync("/proc/stat", "utf8").split("\n");
  return [readCoreTimes(lines[1]!), readCoreTimes(lines[2]!)];
}

interface CoreTimes {
  readonly busy: number;
  readonly all: number;
}

/** Reads a line of a core: user, nice, system, idle, waiting for a disk, and times that are busy. */
function readCoreTimes(line: string): CoreTimes {
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  const all = times.reduce((sum, time) => sum + time, 0);
  return { busy: all - times[3]! - times[4]!, all };
}
