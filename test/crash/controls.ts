import { closeSync, openSync, writeSync } from "node:fs";

/**
 * What the server takes for the time and for its disk's speed, written into a file that `preload.ts` reads in the server's
 * threads. The clock can be quickened and moved; `lastMs` never goes back, so that it can be caught up with.
 */
export class Controls {
  readonly path: string;
  readonly #file: number;
  readonly #rate: number;
  #startMs: number;
  #beganMs: number = Date.now();
  #lastMs: number;
  #commitMs = 0;
  /** How often the clock was set back. */
  setBack = 0;
  /** How often it was moved, either way. */
  moved = 0;
  readonly firstMs: number;

  /** `rate`: how many of the server's seconds pass in one of ours. */
  constructor(path: string, rate: number) {
    this.path = path;
    this.#file = openSync(path, "w");
    this.#rate = rate;
    this.#startMs = this.#beganMs;
    this.#lastMs = this.#startMs;
    this.firstMs = this.#startMs;
    this.#write();
  }

  /** What the server's clock shows now. */
  get nowMs(): number {
    return Math.floor(this.#startMs + (Date.now() - this.#beganMs) * this.#rate);
  }

  /** The latest time that it has ever shown. */
  get lastMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.nowMs);
    return this.#lastMs;
  }

  /** Moves the clock, forward or back. */
  jump(byMs: number): void {
    const lastMs = this.lastMs;
    if (byMs < 0) this.setBack += 1;
    this.moved += 1;
    this.#startMs = this.nowMs + byMs;
    this.#beganMs = Date.now();
    this.#lastMs = Math.max(lastMs, this.#startMs);
    this.#write();
  }

  /** Moves the clock behind all that it has ever shown, as when it has had time to. */
  catchUp(): void {
    this.jump(Math.max(0, this.lastMs - this.nowMs) + 1_000);
  }

  /** Makes each commit wait for so long. */
  slowCommits(ms: number): void {
    this.#commitMs = ms;
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    writeSync(this.#file, Float64Array.of(this.#startMs, this.#beganMs, this.#rate, this.#commitMs), 0, 32, 0);
  }
}
