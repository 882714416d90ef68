/** A time after which something ends, as it does when an outer signal aborts. */
export interface Deadline {
  /** Whether it was the time that ended it. */
  readonly passed: boolean;
  /** The time begins anew, with another length if one is given. */
  restart(milliseconds?: number): void;
  /** The time stands still until `restart`. */
  pause(): void;
  /** Lets go of the timer and of the outer signal. */
  clear(): void;
}

/** Starts a deadline. `end` is called when the time is over, and with its reason when the outer signal aborts. */
export function startDeadline(
  milliseconds: number,
  outer: AbortSignal | undefined,
  end: (reason?: unknown) => void,
): Deadline {
  let passed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = () => clearTimeout(timer);
  const restart = (ms: number = milliseconds) => {
    pause();
    timer = setTimeout(() => {
      passed = true;
      end();
    }, ms);
  };
  const follow = () => end(outer?.reason);
  outer?.addEventListener("abort", follow, { once: true });
  restart();
  return {
    get passed() {
      return passed;
    },
    restart,
    pause,
    clear() {
      pause();
      outer?.removeEventListener("abort", follow);
    },
  };
}
