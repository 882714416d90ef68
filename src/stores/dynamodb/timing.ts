/** Waiting, chance and a clock that only goes forward, so that tests can hold all three. */
export interface Timing {
  /** Milliseconds since some moment; never goes back. */
  monotonicMs(): number;
  /** Resolves after that time, or when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** At least 0 and below 1. */
  random(): number;
  /** Resolves when what this turn of the event loop still brings has come. */
  turn(): Promise<void>;
}

/** Those of this machine. */
export const systemTiming: Timing = Object.freeze({
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end);
    }),
  random: () => Math.random(),
  turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
});
