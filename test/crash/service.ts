import { setTimeout as delay } from "node:timers/promises";
import { UnexpectedAnswer } from "./api.ts";

/** What may go wrong for a caller while something is done to the service; everything else that goes wrong is a violation. */
export interface Excuse {
  /** Statuses that calls may be answered with. */
  readonly statuses?: readonly number[];
  /** Connections may be refused, reset or cut. */
  readonly connections?: true;
  /** What of an error log may be seen. */
  readonly log?: RegExp;
  /** It may not come up. */
  readonly start?: true;
  /** It stands still, and tells only afterwards what it ran into before. */
  readonly standsStill?: true;
}

interface Period {
  readonly excuse: Excuse;
  readonly fromMs: number;
  toMs: number;
}

/** A call may come to its end, and a log line to us, a little after what made it fail is over. */
const graceMs = 1_000;

/**
 * The service as its callers see it: where it is, whether it is up, and how what they run into is judged. A failure is
 * excused when something that excuses it was done at any time between the call's begin and its end.
 */
export class Service {
  readonly violations: string[] = [];
  /** Failures that were excused, by kind: how much the troubles troubled. */
  readonly excused = new Map<string, number>();
  readonly #periods: Period[] = [];
  #url: string | undefined;
  #upWaiters: (() => void)[] = [];

  get url(): string | undefined {
    return this.#url;
  }

  set url(url: string | undefined) {
    this.#url = url;
    if (url === undefined) return;
    for (const resolve of this.#upWaiters.splice(0)) resolve();
  }

  get isBroken(): boolean {
    return this.violations.length > 0;
  }

  /** Resolves with its address once it is up, or with undefined when the signal comes first. */
  async up(stopping: AbortSignal): Promise<string | undefined> {
    while (this.#url === undefined && !stopping.aborted) {
      await new Promise<void>((resolve) => {
        this.#upWaiters.push(resolve);
        stopping.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return stopping.aborted ? undefined : this.#url;
  }

  violate(message: string): void {
    this.violations.push(message.slice(0, 2_000));
  }

  /** Excuses from now until the function that it gives is called. */
  begin(excuse: Excuse): () => void {
    const period = { excuse, fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY };
    this.#periods.push(period);
    return () => {
      const toMs = performance.now() + graceMs;
      period.toMs = Math.min(period.toMs, toMs);
      if (!excuse.standsStill) return;
      for (const other of this.#periods) if (other.toMs >= period.fromMs) other.toMs = Math.max(other.toMs, toMs);
    };
  }

  /** Judges what a call that began at `beganMs` ran into. */
  judge(who: string, error: unknown, beganMs: number): void {
    const kind = error instanceof UnexpectedAnswer ? String(error.status) : "no connection";
    const isExcused = this.#during(beganMs).some((excuse) =>
      error instanceof UnexpectedAnswer ? excuse.statuses?.includes(error.status) : excuse.connections,
    );
    if (isExcused) this.excused.set(kind, (this.excused.get(kind) ?? 0) + 1);
    else this.violate(`${who}: ${describe(error)}`);
  }

  /** Judges a line that the service logged. Level 50 and above are faults. */
  judgeLog(line: string): void {
    if (!/"level":(50|60)/.test(line)) return;
    if (!this.#during(performance.now()).some(({ log }) => log?.test(line))) this.violate(`it logged: ${line}`);
  }

  mayFailToStart(sinceMs: number): boolean {
    return this.#during(sinceMs).some(({ start }) => start);
  }

  #during(beganMs: number): Excuse[] {
    return this.#periods.filter(({ toMs }) => toMs >= beganMs).map(({ excuse }) => excuse);
  }
}

/** Somebody who uses the service, one step after another. A step throws what it ran into. */
export interface Caller {
  readonly name: string;
  step(url: string): Promise<unknown>;
}

/** Lets callers go on, through restarts, until they are stopped; resolves when all their calls have ended. */
export function startLoad(service: Service, callers: readonly Caller[]): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const run = async (caller: Caller): Promise<void> => {
    for (;;) {
      const url = await service.up(stopping.signal);
      if (url === undefined) return;
      const beganMs = performance.now();
      try {
        await caller.step(url);
      } catch (error) {
        service.judge(caller.name, error, beganMs);
        await delay(20);
      }
    }
  };
  const all = Promise.all(callers.map(run));
  return {
    async stop() {
      stopping.abort();
      await all;
    },
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return error instanceof UnexpectedAnswer ? error.message : `${error.stack}${cause}`;
}
