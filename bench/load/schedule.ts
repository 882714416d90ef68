/**
 * The times at which an open loop's messages are due, whatever the server does. Latency counts from there: a stall is seen
 * by every message that it would have delayed, sent or not, and not only by the few that were in flight (no coordinated
 * omission).
 */
export class Schedule {
  readonly #messagesPerSecond: number;

  constructor(messagesPerSecond: number) {
    this.#messagesPerSecond = messagesPerSecond;
  }

  /** When message `index` (0, 1, ...) is due, in ms after the start. */
  dueAtMs(index: number): number {
    return (index / this.#messagesPerSecond) * 1000;
  }

  /** How many messages are due at a time, in ms after the start. */
  dueBy(elapsedMs: number): number {
    return Math.floor((elapsedMs / 1000) * this.#messagesPerSecond) + 1;
  }

  /** What a message took that has arrived `elapsedMs` after the start. */
  latencyMs(index: number, elapsedMs: number): number {
    return elapsedMs - this.dueAtMs(index);
  }
}

/** The value below which a share (0..1) of sorted values lies, by nearest rank; 0 without values. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0;
}
