import type { Timing } from "#stores/dynamodb/timing.ts";
import type { Random } from "../random.ts";

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  /** Whose it is: a process that was killed has none any more, one that is frozen has them late. */
  readonly owner: SimulatedProcess | undefined;
}

/** A process of the simulated world: it has its own clock, can be frozen and killed. */
export interface SimulatedProcess {
  isDead: boolean;
  frozenUntilMs: number;
  /** How far its clock is from the world's. */
  readonly skewMs: number;
}

/**
 * Time that passes only from event to event, in an order that a seed decides: everything that waits for an answer, a pause
 * or a turn is an event. Between two events everything that can go on does, so that a run is repeated by its seed.
 */
export class World {
  readonly random: Random;
  nowMs: number;
  #order = 0;
  #events: Event[] = [];

  constructor(random: Random, nowMs: number) {
    this.random = random;
    this.nowMs = nowMs;
  }

  /** Runs something later. */
  after(ms: number, run: () => void, owner?: SimulatedProcess): void {
    this.#events.push({ atMs: this.nowMs + ms, order: this.#order++, run, owner });
  }

  startProcess(): SimulatedProcess {
    return { isDead: false, frozenUntilMs: 0, skewMs: this.random.integer(-20, 20) };
  }

  clockOf(process: SimulatedProcess): { nowMs(): number } {
    return { nowMs: () => Math.floor(this.nowMs) + process.skewMs };
  }

  timingOf(process: SimulatedProcess): Timing {
    const wait = (ms: number): Promise<void> => new Promise((resolve) => this.after(ms, resolve, process));
    return {
      monotonicMs: () => this.nowMs,
      sleep: (ms) => wait(ms),
      random: () => this.random.next(),
      turn: () => wait(0),
    };
  }

  /** Lets time pass until the work is done. Throws when nothing is left that could go on. */
  async until(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    work.then(end, end);
    for (;;) {
      await settled();
      if (isDone) return;
      if (!this.#next()) throw new Error("Everything waits, and nothing will come.");
    }
  }

  #next(): boolean {
    let first: Event | undefined;
    for (const event of this.#events)
      if (!first || timeOf(event) < timeOf(first) || (timeOf(event) === timeOf(first) && event.order < first.order))
        first = event;
    if (!first) return false;
    this.#events.splice(this.#events.indexOf(first), 1);
    this.nowMs = Math.max(this.nowMs, timeOf(first));
    if (!first.owner?.isDead) first.run();
    return true;
  }
}

function timeOf({ atMs, owner }: Event): number {
  return Math.max(atMs, owner?.frozenUntilMs ?? 0);
}

/** Everything that can go on without an event has. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
