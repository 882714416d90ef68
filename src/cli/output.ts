import type { WriteStream } from "node:tty";
import { type Output, OutputClosed } from "./context.ts";

/** The output over a stream of the process. */
export function createOutput(stream: WriteStream, noColor: boolean, onClosed: () => void): Output {
  const isTerminal = stream.isTTY === true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    onClosed();
  });
  return {
    isTerminal,
    isColored: isTerminal && !noColor,
    size: () => ({ columns: stream.columns ?? 80, rows: stream.rows ?? 24 }),
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (!error) return resolve();
          onClosed();
          reject(new OutputClosed());
        });
      }),
  };
}

/** Text from elsewhere, safe for a terminal: its control characters could move the cursor, or worse. Files get it as it is. */
export function printable(output: Output, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to leave out
  return output.isTerminal ? text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\uFFFD") : text;
}
