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

/** A moment by two clocks: the time of day, and the one that only goes forward, by which its age is told. */
export interface Moment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** What is now, by what has passed since a moment. */
export function since({ nowMs, monotonicMs }: Moment, timing: Timing): Moment {
  const passedMs = Math.max(0, Math.floor(timing.monotonicMs() - monotonicMs));
  return { nowMs: nowMs + passedMs, monotonicMs: monotonicMs + passedMs };
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
