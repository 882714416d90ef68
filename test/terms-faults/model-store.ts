import type { Entry } from "#core/entry.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import type {
  ShardState,
  Store,
  StoreTraits,
  SummaryKey,
  SummaryRecord,
  TermsChange,
  TopicRecord,
  WorkMark,
} from "#core/store.ts";
import { mayForgetSummaries } from "#core/summary-expiry.ts";
import type { Caps } from "#terms/windows.ts";

type Put = TermsChange["puts"][number];
type CursorMove = TermsChange["cursors"][number];

/** One write of a change, which the store does whole or not at all. */
export type Piece =
  | { readonly kind: "put"; readonly put: Put }
  | { readonly kind: "mark"; readonly mark: WorkMark }
  | { readonly kind: "clear"; readonly mark: WorkMark }
  | { readonly kind: "move"; readonly move: CursorMove };

/** A change as its writes, in steps: those of a step are written in any order, each step after the one before. */
export type StepsOf = (change: TermsChange) => Piece[][];

/** The order that the port asks of a store without transactions. */
export const orderOfThePort: StepsOf = ({ puts, setMarks, clearMarks, cursors }) => [
  puts.map((put) => ({ kind: "put", put })),
  setMarks.map((mark) => ({ kind: "mark", mark })),
  [
    ...cursors.map((move) => ({ kind: "move", move }) as const),
    ...clearMarks.map((mark) => ({ kind: "clear", mark }) as const),
  ],
];

/** What a broken store leaves out. Each must be found out by the runs. */
export interface Omissions {
  readonly putConditions?: boolean;
  /** The record of rebuilds is put whatever its version. */
  readonly rebuildConditions?: boolean;
  readonly stamps?: boolean;
  /** A mark that is set has the stamp it was set with, also when that comes a second time. */
  readonly ownStamps?: boolean;
}

export function keyText({ scope, level, startMs }: SummaryKey): string {
  return `${level}/${startMs}/${scope}`;
}

/**
 * What counting sees of a store, kept in maps: the log of each shard with its count cursor, summaries and marks. Unlike the
 * stores of the service it takes entries of any publish time, and is written piece by piece. `FaultyTerms` is over it.
 */
export class ModelStore {
  readonly traits: StoreTraits;
  readonly topics = new Map<string, TopicRecord>();
  readonly logs = new Map<string, { readonly ref: ShardRef; readonly entries: Entry[]; counted: number }>();
  readonly summaries = new Map<string, Put>();
  readonly marks = new Map<string, WorkMark>();
  /** The keys of summaries that expired. */
  readonly expired = new Set<string>();
  readonly #omissions: Omissions;
  #stamps = 0;

  constructor(caps: Caps, overallLeaves: number, omissions: Omissions = {}) {
    this.traits = {
      name: "memory",
      durable: false,
      transactions: false,
      expiresAtOnce: true,
      appendsUnseenMs: 0,
      overallLeaves,
      caps,
    };
    this.#omissions = omissions;
  }

  /** Writes one piece if its condition holds; gives whether it did. */
  write(piece: Piece): boolean {
    switch (piece.kind) {
      case "put": {
        const stored = this.summaries.get(keyText(piece.put));
        const { putConditions, rebuildConditions } = this.#omissions;
        const holds =
          putConditions ||
          (rebuildConditions && piece.put.scope === "rebuilds") ||
          (stored?.version ?? 0) === piece.put.version - 1;
        if (holds) this.summaries.set(keyText(piece.put), piece.put);
        return holds;
      }
      case "mark":
        this.marks.set(
          keyText(piece.mark),
          this.#omissions.ownStamps ? piece.mark : { ...piece.mark, stamp: `${++this.#stamps}` },
        );
        return true;
      case "clear": {
        const holds = this.#omissions.stamps || this.marks.get(keyText(piece.mark))?.stamp === piece.mark.stamp;
        if (holds) this.marks.delete(keyText(piece.mark));
        return true;
      }
      case "move": {
        const log = this.logs.get(shardKey(piece.move.ref))!;
        const holds = log.counted === piece.move.fromTicket;
        if (holds) log.counted = piece.move.toTicket;
        return holds;
      }
    }
  }

  getTopic(topic: string): TopicRecord | undefined {
    return this.topics.get(topic);
  }

  readEntries(ref: ShardRef, fromTicket: number, entriesMax: number): Entry[] {
    return this.logs.get(shardKey(ref))!.entries.slice(fromTicket, fromTicket + entriesMax);
  }

  findEntry(ref: ShardRef, publishedAtMs: number): Entry | undefined {
    return this.logs.get(shardKey(ref))!.entries.find((entry) => entry.publishedAtMs >= publishedAtMs);
  }

  getShard(ref: ShardRef): ShardState {
    const { entries } = this.logs.get(shardKey(ref))!;
    const messages = entries.reduce((sum, { count }) => sum + count, 0);
    const lastAtMs = entries.at(-1)?.publishedAtMs ?? 0;
    return { tickets: entries.length, messages, firstTicket: 0, firstSequence: 0, storedBytes: 0, lastAtMs };
  }

  listUncounted(): { ref: ShardRef; ticket: number }[] {
    return [...this.logs.values()]
      .filter(({ entries, counted }) => counted < entries.length)
      .map(({ ref, counted }) => ({ ref, ticket: counted }));
  }

  getSummary(key: SummaryKey): SummaryRecord | undefined {
    return this.summaries.get(keyText(key));
  }

  listWork(scope: string | undefined, level: number): WorkMark[] {
    return [...this.marks.values()]
      .filter((mark) => mark.level === level && (scope === undefined || mark.scope === scope))
      .sort((a, b) => a.startMs - b.startMs || (a.scope < b.scope ? -1 : 1));
  }

  expire(nowMs: number): void {
    const uncounted = [...this.logs.values()].flatMap(({ entries, counted }) =>
      entries.slice(counted).map(({ publishedAtMs }) => publishedAtMs),
    );
    const uncountedAtMs = uncounted.length === 0 ? undefined : Math.min(...uncounted);
    if (!mayForgetSummaries({ uncountedAtMs, marks: this.marks.values() }, nowMs)) return;
    for (const [key, { expiresAtMs }] of this.summaries) {
      if (expiresAtMs > nowMs) continue;
      this.summaries.delete(key);
      this.expired.add(key);
    }
  }
}

/** The verbs that counting, rolling up and rebuilding call. */
export type TermsStore = Pick<
  Store,
  | "traits"
  | "getTopic"
  | "listTopics"
  | "readEntries"
  | "findEntry"
  | "getShard"
  | "listUncounted"
  | "getSummaries"
  | "listWork"
  | "saveTerms"
>;
