import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Controls } from "./controls.ts";

export const repositoryRoot: string = fileURLToPath(new URL("../../", import.meta.url));

/** What the server takes for the time: `startMs` when it was started, and `rate` times as fast as the real one. */
export interface MovedClock {
  readonly startMs: number;
  readonly rate: number;
}

/** The real server in a process of its own, over a data folder, on a free port. */
export class ServerProcess {
  readonly child: ChildProcess;
  /** Resolves with its address. Rejects with what it wrote to stderr when it ends before. */
  readonly listening: Promise<string>;
  /** Resolves when it has ended, however it ended. */
  readonly exited: Promise<unknown>;
  #errors = "";

  /** `clock` is fixed at its start; `controls` change its clock and its disk while it runs. */
  constructor(
    dataDir: string,
    options: {
      clock?: MovedClock;
      controls?: Controls;
      environment?: Readonly<Record<string, string>>;
      wrapper?: readonly string[];
      flags?: readonly string[];
    } = {},
  ) {
    const { clock, controls, environment, wrapper = [], flags = [] } = options;
    const server = [process.execPath, "src/hosts/local/main.ts", "--port", "0", "--data-dir", dataDir];
    const [command, ...args] = [...wrapper, ...server, "--log-level", "warn", "--audit-log", "false", ...flags];
    this.child = spawn(command!, args, {
      cwd: repositoryRoot,
      env: {
        ...process.env,
        ...environment,
        ...(clock && clockVariables(clock)),
        ...(controls && { NODE_OPTIONS: preload, BELLWETHER_TEST_CONTROLS: controls.path }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stderr!.on("data", (chunk) => {
      this.#errors += chunk;
    });
    this.exited = once(this.child, "exit");
    this.listening = this.#address();
    this.listening.catch(() => {});
  }

  /** What it logged: warnings and errors. */
  get errors(): string {
    return this.#errors;
  }

  /** Ends it at once, wherever it is; resolves when it is gone. What it wrote stays in the page cache. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.exited;
  }

  async #address(): Promise<string> {
    let output = "";
    const found = new Promise<string>((resolve) => {
      this.child.stdout!.on("data", (chunk) => {
        output += chunk;
        const url = /http:\/\/[\w.]+:\d+/.exec(output)?.[0];
        if (url !== undefined) resolve(url);
      });
    });
    const ended = this.exited.then(() => {
      throw new Error(`The server ended before it listened. It said: ${this.#errors}`);
    });
    return Promise.race([found, ended]);
  }
}

const preload = `--import=${new URL("./preload.ts", import.meta.url)}`;

function clockVariables({ startMs, rate }: MovedClock): Record<string, string> {
  return {
    NODE_OPTIONS: preload,
    BELLWETHER_TEST_CLOCK_START_MS: String(startMs),
    BELLWETHER_TEST_CLOCK_BEGAN_MS: String(Date.now()),
    BELLWETHER_TEST_CLOCK_RATE: String(rate),
  };
}
