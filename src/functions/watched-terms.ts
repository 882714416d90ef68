/** How long a watched question rests between two answers: the most often that a stream says something new. */
const restMs = 1_000;

/** What a watched question has come to: `state` is another when anything changed, and `json` is made only then. */
export interface WatchedState {
  readonly state: string;
  json(): string;
}

/**
 * One question that any number of streams listen to. While somebody does, and no longer, it is asked once a second for all
 * of them. A listener that is slow misses what came between and never holds up the others.
 */
export class WatchedTerms {
  readonly #ask: () => Promise<WatchedState | undefined>;
  readonly #onIdle: () => void;
  readonly #waiting = new Set<() => void>();
  #listeners = 0;
  #isRunning = false;
  #endRest: (() => void) | undefined;
  /** The latest answer, and how many there were. */
  #json = "";
  #changes = 0;
  #end: { readonly failure?: unknown } | undefined;

  /** `ask` gives undefined when there will be no more answers. `onIdle` is told when nobody listens any more. */
  constructor(ask: () => Promise<WatchedState | undefined>, onIdle: () => void) {
    this.#ask = ask;
    this.#onIdle = onIdle;
  }

  /** The answer there is, and then each that differs; ends with the signal, and with what it listens to. */
  async *listen(signal: AbortSignal): AsyncGenerator<string> {
    this.#listeners += 1;
    if (!this.#isRunning) void this.#run();
    try {
      for (let seen = 0; !signal.aborted; ) {
        if (this.#changes > seen) {
          seen = this.#changes;
          yield this.#json;
        } else if (!this.#end) await this.#news(signal);
        else if ("failure" in this.#end) throw this.#end.failure;
        else return;
      }
    } finally {
      this.#listeners -= 1;
      if (this.#listeners === 0) {
        this.#onIdle();
        this.#endRest?.();
      }
    }
  }

  async #run(): Promise<void> {
    let last: string | undefined;
    this.#isRunning = true;
    while (this.#listeners > 0 && !this.#end) {
      try {
        const next = await this.#ask();
        if (!next) this.#end = {};
        else if (next.state !== last) {
          last = next.state;
          this.#json = next.json();
          this.#changes += 1;
        }
      } catch (failure) {
        this.#end = { failure };
      }
      for (const wake of [...this.#waiting]) wake();
      if (this.#listeners > 0 && !this.#end) await this.#rest();
    }
    this.#isRunning = false;
    if (this.#end) this.#onIdle();
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#endRest = undefined;
        resolve();
      };
      const timer = setTimeout(end, restMs);
      this.#endRest = end;
    });
  }

  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener("abort", wake);
      this.#waiting.add(wake);
    });
  }
}
