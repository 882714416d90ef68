import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { BellwetherError } from "#client/mod.ts";
import { connectionNumber, revivals } from "./connection.ts";

/** What was last asked of the service. A failure keeps the value before it, which is then `stale`. */
export interface Live<T> {
  readonly value: T | undefined;
  readonly error: BellwetherError | undefined;
  readonly isStale: boolean;
  /** Asks again now. */
  readonly reload: () => void;
}

interface Settings {
  /** How long after an answer it is asked again; without it, only when `deps` change. */
  readonly everyMs?: number | undefined;
}

/**
 * Asks, and asks again: in time, when `deps` change, when the service is back, and when the page is looked at again. It
 * rests while the page is hidden. What an earlier question answers late is dropped.
 */
export function useLive<T>(
  load: (signal: AbortSignal) => Promise<T>,
  deps: readonly unknown[],
  { everyMs }: Settings = {},
): Live<T> {
  const [answer, setAnswer] = useState<{ value: T | undefined; error: BellwetherError | undefined; key: string }>({
    value: undefined,
    error: undefined,
    key: "",
  });
  const latest = useRef(load);
  latest.current = load;
  const [asked, ask] = useState(0);
  const key = JSON.stringify([connectionNumber.value, ...deps]);
  const revived = revivals.value;

  // Dependencies: `key` stands for the deps
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      timer = undefined;
      if (document.hidden) return;
      try {
        const value = await latest.current(leaving.signal);
        if (leaving.signal.aborted) return;
        setAnswer({ value, error: undefined, key });
      } catch (error) {
        if (leaving.signal.aborted) return;
        setAnswer((before) => ({ value: before.key === key ? before.value : undefined, error: asError(error), key }));
      }
      if (everyMs !== undefined && !leaving.signal.aborted) timer = setTimeout(run, everyMs);
    };
    const resume = (): void => {
      if (!document.hidden && timer === undefined && everyMs !== undefined) timer = setTimeout(run, 0);
    };
    document.addEventListener("visibilitychange", resume);
    void run();
    return () => {
      document.removeEventListener("visibilitychange", resume);
      clearTimeout(timer);
      leaving.abort();
    };
  }, [key, asked, revived, everyMs]);

  const isCurrent = answer.key === key;
  return {
    value: isCurrent ? answer.value : undefined,
    error: isCurrent ? answer.error : undefined,
    isStale: isCurrent && answer.error !== undefined,
    reload: () => ask((times) => times + 1),
  };
}

/** Any error as one of ours, so that it can be shown with what to do. */
export function asError(error: unknown): BellwetherError {
  if (error instanceof BellwetherError) return error;
  return new BellwetherError("internal", error instanceof Error ? error.message : String(error));
}

const clock = signal(Date.now());
setInterval(() => {
  if (!document.hidden) clock.value = Date.now();
}, 1_000);

/** The time now, to the second. */
export const now: ReadonlySignal<number> = clock;
