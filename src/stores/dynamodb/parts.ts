import type { Clock } from "#core/clock.ts";
import type { NewsBoard } from "#core/news.ts";
import type { Requests } from "./requests.ts";
import type { ShardViews } from "./shard-views.ts";
import type { TableMeter } from "./table-meter.ts";

/** What the verbs of one store share. */
export interface Parts {
  readonly requests: Requests;
  /** What the tables gave, where that is metered. */
  readonly meter: TableMeter | undefined;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly views: ShardViews;
  readonly board: NewsBoard;
  /** What `make` made the first time that it was given here: so a store holds nothing that its verbs do not use. */
  keep<T>(make: (parts: Parts) => T): T;
  /** Waited for when the store closes. */
  onClose(end: () => Promise<void>): void;
}
