/**
 * The appends of this process that were begun and are not answered yet, by the time that they took for their own. As long
 * as one is under way, its messages have a publish time that is past and cannot be read.
 */
export class AppendsUnderWay {
  readonly #counts = new Map<number, number>();

  /** Must be called at the moment that the time was taken. */
  begin(nowMs: number): void {
    this.#counts.set(nowMs, (this.#counts.get(nowMs) ?? 0) + 1);
  }

  /** Once for each `begin`, however it ended. */
  end(nowMs: number): void {
    const left = this.#counts.get(nowMs)! - 1;
    if (left > 0) this.#counts.set(nowMs, left);
    else this.#counts.delete(nowMs);
  }

  /** Before this time none is under way, and none will be unless the clock is set back. At most `nowMs`. */
  oldestMs(nowMs: number): number {
    return Math.min(nowMs, ...this.#counts.keys());
  }
}
