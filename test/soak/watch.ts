import { readFileSync } from "node:fs";
import { call } from "../crash/api.ts";
import type { Service } from "../crash/service.ts";
import type { World } from "../crash/world.ts";

/** The longest that /healthz may take: more than the longest pause, on a machine that is busy with much else. */
const healthMsMax = 20_000;

/** Asks for the service's health, and looks at its memory, several times a second, whatever is done to it. */
export class Watch {
  readonly memory: MemorySample[] = [];
  readonly #world: World;
  readonly #timer: ReturnType<typeof setInterval>;
  slowestHealthMs = 0;
  #stopped = false;

  constructor(world: World) {
    this.#world = world;
    this.#timer = setInterval(() => this.#look(), 250);
  }

  /** What is under way then may be cut off by the service's own end. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    const { pid, service } = this.#world;
    if (pid === undefined) return;
    const residentBytes = residentBytesOf(pid);
    if (residentBytes !== undefined) this.memory.push({ pid, atMs: performance.now(), residentBytes });
    void this.#askHealth(service, service.url!);
  }

  async #askHealth(service: Service, url: string): Promise<void> {
    const beganMs = performance.now();
    try {
      await call(url, "GET", "/healthz", { signal: AbortSignal.timeout(healthMsMax) });
      this.slowestHealthMs = Math.max(this.slowestHealthMs, performance.now() - beganMs);
    } catch (error) {
      if (!this.#stopped) service.judge("health", error, beganMs);
    }
  }
}

export interface MemorySample {
  readonly pid: number;
  readonly atMs: number;
  readonly residentBytes: number;
}

/** undefined where the system does not tell, or the process is gone. */
function residentBytesOf(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
