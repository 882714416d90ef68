import { busyCores, type CoresBusy, cpuSeconds } from "../processes.ts";
import type { LoadResult } from "./jobs.ts";
import { percentile } from "./schedule.ts";

/** Times a measurement: latencies in a growing array of doubles, CPU of both sides, messages. */
export class Gauge {
  readonly #serverPid: number;
  readonly #firstAtMs = Date.now();
  #latencies = new Float64Array(65_536);
  #latencyCount = 0;
  #startedAt = 0;
  #serverCpu = 0;
  #generatorCpu = process.cpuUsage();
  #coresBusy: (() => CoresBusy | undefined) | undefined;
  /** Whether the warm-up is over. */
  running = false;
  messages = 0;
  messagesTotal = 0;

  constructor(serverPid: number) {
    this.#serverPid = serverPid;
  }

  start(): void {
    this.running = true;
    this.#serverCpu = cpuSeconds(this.#serverPid);
    this.#generatorCpu = process.cpuUsage();
    this.#coresBusy = busyCores();
    this.#startedAt = performance.now();
  }

  latency(ms: number): void {
    if (this.#latencyCount === this.#latencies.length) {
      const wider = new Float64Array(this.#latencies.length * 2);
      wider.set(this.#latencies);
      this.#latencies = wider;
    }
    this.#latencies[this.#latencyCount++] = ms;
  }

  /** Takes the clocks; later latencies still count, later messages do not. */
  stop(): (missing?: number) => LoadResult {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const serverCpuSeconds = cpuSeconds(this.#serverPid) - this.#serverCpu;
    const { user, system } = process.cpuUsage(this.#generatorCpu);
    const cores = this.#coresBusy?.();
    const { messages } = this;
    this.running = false;
    return (missing = 0) => {
      const sorted = this.#latencies.subarray(0, this.#latencyCount).sort();
      return {
        messages,
        seconds,
        messagesPerSecond: messages / seconds,
        messagesTotal: this.messagesTotal,
        startedAtMs: this.#firstAtMs,
        p50Ms: percentile(sorted, 0.5),
        p99Ms: percentile(sorted, 0.99),
        p999Ms: percentile(sorted, 0.999),
        serverCpuSeconds,
        generatorCpu: (user + system) / 1e6 / seconds,
        missing,
        cores,
      };
    };
  }
}
