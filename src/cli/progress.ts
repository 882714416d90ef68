import { performance } from "node:perf_hooks";
import type { Output } from "./context.ts";
import { countOf, formatRate } from "./format.ts";

/** How far a long publish is. */
export interface Progress {
  readonly count: number;
  add(messages: number): Promise<void>;
  /** Takes the line away. */
  clear(): Promise<void>;
  /** Says what was published before a failure. */
  stopped(): Promise<void>;
  summary(): string;
}

const showEveryMs = 500;

/** Shows progress on a terminal in one line that is written over; elsewhere only if it is wanted, line by line. */
export function createProgress(output: Output, isWanted: boolean): Progress {
  const startedMs = performance.now();
  let shownMs = startedMs;
  let count = 0;
  let isLineOpen = false;
  const summary = () => {
    const seconds = Math.max(0.001, (performance.now() - startedMs) / 1_000);
    return `${countOf(count, "message")} in ${seconds.toFixed(1)} s (${formatRate(count / seconds)})`;
  };
  const clear = async () => {
    if (isLineOpen) await output.write("\r\u001b[K");
    isLineOpen = false;
  };
  return {
    get count() {
      return count;
    },
    async add(messages) {
      count += messages;
      const nowMs = performance.now();
      if (!(output.isTerminal || isWanted) || nowMs - shownMs < showEveryMs) return;
      shownMs = nowMs;
      await clear();
      await output.write(output.isTerminal ? summary() : `${summary()}\n`);
      isLineOpen = output.isTerminal;
    },
    clear,
    async stopped() {
      await clear();
      await output.write(`bellwether: stopped after ${summary()}; these are published\n`);
    },
    summary,
  };
}
