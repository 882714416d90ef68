import { setFlagsFromString } from "node:v8";

/**
 * Megabytes of each of the two semi-spaces of V8's young generation, no less and no more. Messages die young: so few
 * survive that V8, left to itself, stays at 1 MB and collects all the time, and on one core each collection also waits for
 * the threads that share it. At 1,000 messages/s with one stream, p99 of publish to delivery was 16 ms without and 4.1 with
 * (medians of five rounds by turns). And where much survives for a while, V8 takes 130 MB, of which nothing comes back.
 */
const semiSpaceMegabytes = 16;
const bounds = ["min", "max"].map((bound) => `--${bound}-semi-space-size`);

/**
 * What the C library's allocator is told, which holds SQLite's pages and all bytes of messages: one heap for all threads
 * instead of one each, and what is large is given back to the system once it is free, however often it comes again. Of 430
 * MB that a soak without kills held after three minutes, 210 were in the heaps of threads, beside 80 of 280 with these
 * (`npm run soak`, `/proc/PID/smaps`). Only glibc knows them.
 */
const allocator: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(1024 * 1024),
};

/**
 * Gives this process the options that keep its memory small and its pauses short, before anything else is begun. They can be
 * given at its start alone, so the process replaces itself (same pid, arguments, environment and standard streams) by one
 * that has them. What the one who starts it says himself is left as it is. Does nothing where a process cannot replace
 * itself, or would lose its channel to the one that forked it.
 */
export function giveMemoryOptions(): void {
  const { env, execArgv, execPath, platform } = process;
  const options = bounds.map((bound) => `${bound}=${semiSpaceMegabytes}`);
  if (options.every((option) => execArgv.includes(option))) {
    // They are given. The threads shall not take as much: V8 puts its options above the limits of a thread.
    for (const bound of bounds) setFlagsFromString(`${bound}=0`);
    return;
  }
  const isChosen = /semi.space.size/.test([...execArgv, env.NODE_OPTIONS].join(" "));
  if (isChosen || process.send || platform === "win32") return;
  const args = [execPath, ...execArgv, ...options, ...process.argv.slice(1)];
  process.execve?.(execPath, args, { ...allocator, ...env });
}
