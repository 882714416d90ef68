import type { NewsBoard } from "#core/news.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import { counterKey, decodeCounter } from "./counter.ts";
import { textOf } from "./items.ts";
import type { Requests } from "./requests.ts";
import type { ShardViews } from "./shard-views.ts";

type Watch = { readonly ref: ShardRef; readonly ticket: number };

/** Between two looks at the counters: short after news, longer while there is none. */
const lookMinMs = 50;
const lookMaxMs = 1_000;

/**
 * Tells those who wait that a shard has news: at once what this process wrote, and what others wrote at the next look. The
 * counters of all shards that anyone watches are looked at together, each once however many wait for it.
 */
export class NewsPoller {
  readonly #board: NewsBoard;
  readonly #requests: Requests;
  readonly #views: ShardViews;
  readonly #watched = new Map<string, { readonly ref: ShardRef; waiting: number }>();
  readonly #closing = new AbortController();
  #looking: Promise<void> | undefined;
  #pauseMs = lookMinMs;
  #hurry = (): void => {};

  constructor(requests: Requests, views: ShardViews, board: NewsBoard) {
    this.#board = board;
    this.#requests = requests;
    this.#views = views;
  }

  /** Resolves when any of the shards reaches beyond its ticket or is gone, or the signal aborts, or the store closes. */
  async waitForNews(watches: readonly Watch[], signal: AbortSignal): Promise<void> {
    const refs = watches.map(({ ref }) => ref);
    const over = AbortSignal.any([signal, this.#closing.signal]);
    this.#watch(refs);
    try {
      while (!over.aborted && !watches.some((watch) => this.#isReached(watch))) {
        const told = this.#board.wait(refs, over);
        this.#look();
        await told;
      }
    } finally {
      this.#unwatch(refs);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#board.tellAll();
    await this.#looking;
  }

  #isReached({ ref, ticket }: Watch): boolean {
    const key = shardKey(ref);
    if (this.#gone.has(key)) return true;
    return (this.#views.recent(ref, 0, Number.POSITIVE_INFINITY)?.tickets ?? 0) > ticket;
  }

  /** Watched shards that the last look did not find. */
  readonly #gone = new Set<string>();

  #watch(refs: readonly ShardRef[]): void {
    let isNew = false;
    for (const ref of refs) {
      const watched = this.#watched.get(shardKey(ref));
      if (watched) watched.waiting += 1;
      else {
        this.#watched.set(shardKey(ref), { ref, waiting: 1 });
        isNew = true;
      }
    }
    if (isNew) {
      this.#pauseMs = lookMinMs;
      this.#hurry();
    }
  }

  #unwatch(refs: readonly ShardRef[]): void {
    for (const ref of refs) {
      const watched = this.#watched.get(shardKey(ref))!;
      watched.waiting -= 1;
      if (watched.waiting > 0) continue;
      this.#watched.delete(shardKey(ref));
      this.#gone.delete(shardKey(ref));
    }
  }

  #look(): void {
    this.#looking ??= this.#lookOn().finally(() => {
      this.#looking = undefined;
      if (this.#watched.size > 0 && !this.#closing.signal.aborted) this.#look();
    });
  }

  async #lookOn(): Promise<void> {
    while (this.#watched.size > 0 && !this.#closing.signal.aborted) {
      // A look that fails is made good by the next: nobody is told of it.
      const hasNews = await this.#lookOnce().catch(() => false);
      this.#pauseMs = hasNews ? lookMinMs : Math.min(lookMaxMs, this.#pauseMs * 1.5);
      if (this.#watched.size === 0) return;
      const pause = new AbortController();
      this.#hurry = () => pause.abort();
      await this.#requests.timing.sleep(this.#pauseMs, AbortSignal.any([pause.signal, this.#closing.signal]));
    }
  }

  /** Whether anything had changed since the last look. */
  async #lookOnce(): Promise<boolean> {
    const watched = [...this.#watched.values()].map(({ ref }) => ref);
    const items = await this.#requests.getAll("Topics", watched.map(counterKey), false);
    const found = new Map(items.filter((item) => item.g === undefined).map((item) => [textOf(item, "p"), item]));
    const changed = watched.filter((ref) => {
      const item = found.get(shardKey(ref));
      const before = this.#views.recent(ref, 0, Number.POSITIVE_INFINITY)?.tickets;
      if (item) this.#gone.delete(shardKey(ref));
      if (item) return this.#views.note(decodeCounter(item), this.#requests.timing.monotonicMs()).tickets !== before;
      this.#gone.add(shardKey(ref));
      return true;
    });
    this.#board.tell(changed);
    return changed.length > 0;
  }
}
