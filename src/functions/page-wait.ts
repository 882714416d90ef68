/**
 * What one stream waits with for a page, time after time. Its timer and its listener are made once: with one of each for
 * every page, a thousand streams spent more on those than on what they sent.
 */
export class PageWait {
  readonly #timer: NodeJS.Timeout;
  #isOver = false;
  #resolve: (() => void) | undefined;

  /** Every `ms` a wait ends without a page. From the signal's abort on none takes any time. */
  constructor(ms: number, signal: AbortSignal) {
    this.#timer = setInterval(() => this.end(), ms);
    if (signal.aborted) this.close();
    else signal.addEventListener("abort", () => this.close(), { once: true });
  }

  /** Resolves with the next `end`. */
  begin(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  end(): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.();
  }

  /** There will be no more waits. */
  close(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.end();
  }
}
