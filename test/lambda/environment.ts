import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Outcome, RuntimeApi } from "./runtime-api.ts";

const bootstrap = fileURLToPath(new URL("bootstrap.cjs", import.meta.url));

/** What an environment runs. */
export interface FunctionSpec {
  readonly name: string;
  /** The folder with `index.cjs`, whose `handler` is called. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** How long a function may take to ask for its first event. */
const initMsMax = 10_000;

/**
 * One execution environment: a process of its own that handles one event at a time and is frozen between two (SIGSTOP),
 * as Lambda does. It ends when it is killed, crashes or runs out of time, and is never used again.
 */
export class Environment {
  readonly #spec: FunctionSpec;
  readonly #api: RuntimeApi;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #ready!: () => void;
  readonly ready: Promise<void> = new Promise((resolve) => {
    this.#ready = resolve;
  });
  #initError: string | undefined;
  #gone = false;
  #held = false;

  private constructor(spec: FunctionSpec, address: string, api: RuntimeApi, log: (line: string) => void) {
    this.#spec = spec;
    this.#api = api;
    this.#process = spawn(process.execPath, [bootstrap], {
      cwd: spec.folder,
      env: { ...environmentOf(spec, address), ...spec.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const output of [this.#process.stdout!, this.#process.stderr!]) {
      createInterface({ input: output }).on("line", log);
    }
    living.add(this.#process);
    this.#exited = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => {
        living.delete(this.#process);
        this.#gone = true;
        api.fail("Runtime.ExitError", `The process ended with ${signal ?? `exit code ${code}`}.`);
        api.close();
        this.#ready();
        resolve();
      });
    });
  }

  /** Starts the process. `ready` resolves once it asks for its first event, or is gone. */
  static async start(spec: FunctionSpec, log: (line: string) => void): Promise<Environment> {
    let environment: Environment | undefined;
    const api = new RuntimeApi(
      () => environment!.#freeze(),
      (message) => {
        environment!.#initError = message;
      },
    );
    environment = new Environment(spec, await api.listen(), api, log);
    const late = setTimeout(() => environment.kill(), initMsMax);
    await environment.ready;
    clearTimeout(late);
    return environment;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Runs one event. Never rejects. */
  async invoke(payload: string): Promise<Outcome> {
    if (this.#gone)
      return { kind: "error", type: "Runtime.InitError", message: this.#initError ?? "The process ended." };
    this.#process.kill("SIGCONT");
    const { name, timeoutMs } = this.#spec;
    const timer = setTimeout(() => {
      this.#api.fail("Sandbox.Timedout", `Task timed out after ${timeoutMs / 1000} seconds`);
      this.kill();
    }, timeoutMs);
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
    const outcome = await this.#api.give(payload, arn, Date.now() + timeoutMs);
    clearTimeout(timer);
    return outcome;
  }

  /** Stops the process in the middle of whatever it does, for tests; `resume` lets it go on. */
  hold(): void {
    this.#held = true;
    this.#process.kill("SIGSTOP");
  }

  resume(): void {
    this.#held = false;
    this.#process.kill("SIGCONT");
  }

  /** Ends the process at once, wherever it is. */
  kill(): void {
    this.#gone = true;
    this.#process.kill("SIGKILL");
  }

  async end(): Promise<void> {
    this.kill();
    await this.#exited;
  }

  #freeze(): void {
    this.#ready();
    if (!this.#held) this.#process.kill("SIGSTOP");
  }
}

/** A frozen process does not notice that nobody is left to thaw it. */
const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** The variables that Lambda sets; nothing of this process's own environment but the path. */
function environmentOf(spec: FunctionSpec, address: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    TZ: ":UTC",
    AWS_LAMBDA_RUNTIME_API: address,
    _HANDLER: "index.handler",
    LAMBDA_TASK_ROOT: spec.folder,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "emulated",
    AWS_SECRET_ACCESS_KEY: "emulated",
  };
}
