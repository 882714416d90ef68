import type { Output } from "./context.ts";

/** A block of lines that is drawn over the last one on a terminal, and printed one after the other elsewhere. */
export interface Screen {
  draw(lines: readonly string[]): Promise<void>;
}

/** Makes a screen over an output. */
export function createScreen(output: Output): Screen {
  let drawn = 0;
  return {
    async draw(lines) {
      // One row less than there are, or the terminal scrolls and the way back up is too short.
      const shown = output.isTerminal ? lines.slice(0, Math.max(1, output.size().rows - 1)) : lines;
      const back = output.isTerminal && drawn > 0 ? `\u001b[${drawn}A\u001b[J` : "";
      await output.write(`${back}${shown.join("\n")}\n`);
      drawn = shown.length;
    },
  };
}
