import type { BackgroundFunctionName } from "#contract/operations.ts";
import type { Context } from "#functions/context.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";

/** What runs behind the calls. */
export type BackgroundWork = BackgroundFunctionName;

/** What the work behind the calls reports; all of it is only told, never needed. */
export interface BackgroundReports {
  counted(messages: number, uncuttable: number): void;
  failed(work: BackgroundWork | "thread", error: unknown): void;
  /** A pass ended well, after this time. */
  worked(work: BackgroundWork, seconds: number): void;
}

/** How long the works rest when there is nothing more to do at once, in ms. */
export interface BackgroundPace {
  /** The longest that counting lies behind when no news wakes it. */
  readonly sweepMs: number;
  /** Between two passes while there is news: a pass costs the same two summaries however few messages it adds. */
  readonly gatherMs: number;
  readonly rollUpEveryMs: number;
  readonly expireEveryMs: number;
}

/** For a store on this machine, where looking costs nothing. */
export const localPace: BackgroundPace = Object.freeze({
  sweepMs: 1_000,
  gatherMs: 250,
  rollUpEveryMs: 2_000,
  expireEveryMs: 1_000,
});

/** For a store that is paid by use. */
export const sparingPace: BackgroundPace = Object.freeze({
  sweepMs: 10_000,
  gatherMs: 2_000,
  rollUpEveryMs: 10_000,
  expireEveryMs: 60_000,
});

/** A pass of this many is behind: the next follows at once. */
const fullPassMessages = 20_000;

/**
 * Does what no caller waits for, on hosts that keep running: counts terms, rolls them up, and forgets what has expired.
 * `wake` cuts counting's pause short when something was written. Each work goes on after a failure.
 */
export function startBackground(
  context: Context,
  reports: BackgroundReports,
  { sweepMs, gatherMs, rollUpEveryMs, expireEveryMs }: BackgroundPace = localPace,
): { wake(): void; stop(): Promise<void> } {
  const counting = new TermCounting(context);
  const stopping = new AbortController();
  let wake = (): void => {};

  const pause = (ms: number, wakeable = false): Promise<void> =>
    new Promise((resolve) => {
      if (stopping.signal.aborted) return resolve();
      const timer = setTimeout(end, ms);
      stopping.signal.addEventListener("abort", end, { once: true });
      if (wakeable) wake = end;
      function end(): void {
        clearTimeout(timer);
        stopping.signal.removeEventListener("abort", end);
        resolve();
      }
    });

  const repeat = async (
    work: BackgroundWork,
    step: () => Promise<boolean>,
    rest: () => Promise<void>,
  ): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if (await step()) continue;
      } catch (error) {
        if (!stopping.signal.aborted) reports.failed(work, error);
      }
      await rest();
    }
  };

  const timed = async <T>(work: BackgroundWork, pass: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await pass();
    reports.worked(work, (performance.now() - startedAt) / 1000);
    return result;
  };

  const loops = Promise.all([
    repeat(
      "countTerms",
      async () => {
        const { messages, uncuttable, more } = await timed("countTerms", () => counting.countTerms());
        if (messages > 0) reports.counted(messages, uncuttable);
        if (more && messages < fullPassMessages) await pause(gatherMs);
        return more;
      },
      () => pause(sweepMs, true),
    ),
    repeat(
      "rollUpTerms",
      () => timed("rollUpTerms", () => rollUpTerms(context)),
      () => pause(rollUpEveryMs),
    ),
    repeat(
      "expire",
      () => timed("expire", () => context.store.expire(context.clock.nowMs())),
      () => pause(expireEveryMs),
    ),
  ]);
  return {
    wake: () => wake(),
    async stop() {
      stopping.abort();
      await loops;
    },
  };
}
