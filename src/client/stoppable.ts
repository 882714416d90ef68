/**
 * An iteration that a signal ends in order, and whose `return()` works while a `next()` is waiting: what runs is given a
 * signal of its own, which aborts with either. `outer` is let go of by `onEnd`, for what runs to call at its end.
 */
export function stoppable<T>(
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal, onEnd: () => void) => AsyncGenerator<T, void>,
): AsyncIterableIterator<T> {
  const stop = new AbortController();
  const end = () => stop.abort();
  if (outer?.aborted) end();
  outer?.addEventListener("abort", end, { once: true });
  const items = run(stop.signal, () => outer?.removeEventListener("abort", end));
  return {
    next: () => items.next(),
    async return() {
      stop.abort();
      await items.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
