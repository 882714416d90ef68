import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Controls } from "./controls.ts";
import { ServerProcess } from "./server-process.ts";
import { Service } from "./service.ts";

/** For registering and deleting; everybody may read. */
export const adminKey = "an-admin-key-for-tests";

/** The server over one data folder, killed and started again, with what its callers may run into meanwhile. */
export class World {
  readonly dataDir: string;
  readonly controls: Controls;
  readonly service: Service = new Service();
  #server: ServerProcess | undefined;
  #endDown: (() => void) | undefined;
  #isMeant = false;
  kills = 0;
  /** How long the slowest start took, from the process's begin to its listening. */
  slowestStartMs = 0;

  constructor(dataDir: string, controls: Controls) {
    this.dataDir = dataDir;
    this.controls = controls;
  }

  get pid(): number | undefined {
    return this.service.url === undefined ? undefined : this.#server?.child.pid;
  }

  /** Starts it. While something excuses that it does not come up, tries again. Gives whether it is up. */
  async start(): Promise<boolean> {
    for (;;) {
      const beganMs = performance.now();
      const server = this.#spawn();
      try {
        this.service.url = await server.listening;
        this.#endDown?.();
        this.#endDown = undefined;
        this.slowestStartMs = Math.max(this.slowestStartMs, performance.now() - beganMs);
        return true;
      } catch (error) {
        if (this.#isMeant) return false;
        if (!this.service.mayFailToStart(beganMs)) {
          this.service.violate(`it does not come up: ${(error as Error).message}`);
          return false;
        }
        await delay(200);
      }
    }
  }

  /** Sends SIGKILL at once; nothing stands between the caller's reason and the kill. */
  killNow(): void {
    this.#endDown ??= this.service.begin({ connections: true });
    this.#isMeant = true;
    this.#server?.child.kill("SIGKILL");
    this.service.url = undefined;
  }

  /** Kills it and resolves when it is gone. */
  async kill(): Promise<void> {
    this.killNow();
    await this.#server?.exited;
    this.kills += 1;
  }

  /** Ends it in order, which it must do with success; or at once when something was violated already. */
  async end(): Promise<void> {
    const server = this.#server;
    this.#isMeant = true;
    if (this.service.isBroken) await server?.kill();
    else await server?.stop();
    const { exitCode = 0 } = server?.child ?? {};
    if (!this.service.isBroken && exitCode !== 0)
      this.service.violate(`it was told to stop and exited with ${exitCode}`);
  }

  #spawn(): ServerProcess {
    const server = new ServerProcess(this.dataDir, {
      controls: this.controls,
      environment: { ADMIN_KEY: adminKey, PUBLIC_READ: "true" },
    });
    this.#server = server;
    this.#isMeant = false;
    createInterface({ input: server.child.stderr! }).on("line", (line) => this.service.judgeLog(line));
    void server.exited.then(() => {
      if (this.#isMeant || this.#server !== server || this.service.url === undefined) return;
      this.service.url = undefined;
      this.service.violate(`it ended by itself: ${server.errors}`);
    });
    return server;
  }
}
