import { Environment, type FunctionSpec } from "./environment.ts";
import { type Outcome, payloadBytesMax } from "./runtime-api.ts";

/** What happens to environments, as it happens. */
export interface PoolEvent {
  readonly what: "cold start" | "reuse" | "retired" | "failed" | "throttled";
  readonly functionName: string;
  /** Environments of this function that run an event now, and all that there are. */
  readonly running: number;
  readonly environments: number;
  /** Of a cold start: from the start of the process to its asking for an event. */
  readonly initMs?: number;
  readonly detail?: string;
}

export interface PoolOptions {
  readonly concurrencyMax: number;
  /** An environment that had nothing to do for so long is ended. */
  readonly idleMs: number;
  readonly onEvent: (event: PoolEvent) => void;
  readonly onLog: (functionName: string, line: string) => void;
}

/** A function with as many environments as it has events at once: one is made when none is free, and ended when idle. */
export class FunctionPool {
  readonly spec: FunctionSpec;
  readonly #options: PoolOptions;
  readonly #running = new Set<Environment>();
  readonly #idle: { readonly environment: Environment; readonly timer: NodeJS.Timeout }[] = [];
  #starting = 0;
  #closed = false;

  constructor(spec: FunctionSpec, options: PoolOptions) {
    this.spec = spec;
    this.#options = options;
  }

  /** The environments that run an event now. */
  get running(): readonly Environment[] {
    return [...this.#running];
  }

  /** Runs the function on an event, as a synchronous invocation: no queue, no retry. Never rejects. */
  async invoke(event: unknown): Promise<Outcome> {
    const payload = JSON.stringify(event);
    if (Buffer.byteLength(payload) > payloadBytesMax)
      return { kind: "error", type: "RequestTooLarge", message: `The event has more than ${payloadBytesMax} bytes.` };
    const environment = this.#takeIdle() ?? (await this.#start());
    if (!environment) return { kind: "error", type: "TooManyRequests", message: "Rate exceeded" };
    this.#running.add(environment);
    const outcome = await environment.invoke(payload);
    this.#running.delete(environment);
    if (outcome.kind === "error") this.#tell("failed", { detail: `${outcome.type}: ${outcome.message}` });
    if (!environment.isGone) this.#keep(environment);
    return outcome;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    await Promise.all([...this.#running, ...idle.map(({ environment }) => environment)].map((each) => each.end()));
  }

  #takeIdle(): Environment | undefined {
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.environment.isGone) continue;
      this.#tell("reuse", {}, 1);
      return kept.environment;
    }
    return undefined;
  }

  async #start(): Promise<Environment | undefined> {
    if (this.#closed || this.#running.size + this.#starting >= this.#options.concurrencyMax) {
      this.#tell("throttled");
      return undefined;
    }
    this.#starting += 1;
    const startedAt = performance.now();
    const { name } = this.spec;
    const environment = await Environment.start(this.spec, (line) => this.#options.onLog(name, line));
    this.#starting -= 1;
    this.#tell("cold start", { initMs: performance.now() - startedAt }, 1);
    return environment;
  }

  #keep(environment: Environment): void {
    if (this.#closed) return void environment.end();
    const timer = setTimeout(() => {
      this.#idle.splice(
        this.#idle.findIndex((each) => each.environment === environment),
        1,
      );
      this.#tell("retired");
      void environment.end();
    }, this.#options.idleMs);
    timer.unref();
    this.#idle.push({ environment, timer });
  }

  #tell(what: PoolEvent["what"], more: Pick<PoolEvent, "initMs" | "detail"> = {}, coming = 0): void {
    const running = this.#running.size + coming;
    this.#options.onEvent({
      what,
      functionName: this.spec.name,
      running,
      environments: running + this.#starting + this.#idle.length,
      ...more,
    });
  }
}
