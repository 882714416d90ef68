/** A signal that aborts when its time is over or when an outer signal does. `passed` tells the two apart. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly passed: boolean;
  /** The time begins anew, with another length if one is given. */
  restart(milliseconds?: number): void;
  /** The time stands still until `restart`. */
  pause(): void;
  /** Lets go of the timer and of the outer signal. */
  clear(): void;
}

/** Starts a deadline. `AbortSignal.any` and `.timeout` would do, but older Node 20 may collect them before they fire. */
export function startDeadline(milliseconds: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  let passed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = () => clearTimeout(timer);
  const restart = (ms: number = milliseconds) => {
    pause();
    timer = setTimeout(() => {
      passed = true;
      controller.abort();
    }, ms);
  };
  const follow = () => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow, { once: true });
  restart();
  return {
    signal: controller.signal,
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
