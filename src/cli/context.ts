/** What a command may use of the world; only `main.ts` makes one from the process. */
export interface Context {
  readonly url: string;
  readonly profileName: string;
  /** The folder of the profiles. */
  readonly profileFolder: string;
  readonly adminKey: string | undefined;
  readonly version: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborts at SIGINT and SIGTERM, and when nobody reads the output any more. */
  readonly signal: AbortSignal;
}

/** Where a command writes to. */
export interface Output {
  readonly isTerminal: boolean;
  readonly isColored: boolean;
  /** Columns and rows now; those of a usual terminal when it is none. */
  size(): { readonly columns: number; readonly rows: number };
  /** Resolves when it is written; rejects with `OutputClosed` when the reader has gone. */
  write(text: string): Promise<void>;
}

/** The reader of the output has gone (`… | head -1`). It ends a command without being an error. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}
