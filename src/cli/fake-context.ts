import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Context, Output } from "./context.ts";

/** A context for tests that keeps what was written. */
export interface FakeContext extends AsyncDisposable {
  readonly context: Context;
  readonly stdout: string[];
  readonly stderr: string[];
}

/** Makes a context with a profile folder of its own and this standard input. */
export async function createFakeContext(url: string, input = "", isTerminal = false): Promise<FakeContext> {
  const folder = await mkdtemp(join(tmpdir(), "bellwether-test-"));
  const stdout: string[] = [];
  const stderr: string[] = [];
  const output = (written: string[]): Output => ({
    isTerminal,
    isColored: false,
    size: () => ({ columns: 80, rows: 24 }),
    write: async (text) => void written.push(text),
  });
  const context: Context = {
    url,
    profileName: "default",
    profileFolder: join(folder, "bellwether"),
    adminKey: undefined,
    version: "1.2.3",
    stdin: Readable.from([Buffer.from(input)]),
    stdout: output(stdout),
    stderr: output(stderr),
    signal: new AbortController().signal,
  };
  return { context, stdout, stderr, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
