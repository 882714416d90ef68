import type { SummaryRecord } from "#core/store.ts";
import { allLevel } from "#functions/levels.ts";
import { decodeSummary, encodeSummary } from "#terms/codec.ts";
import { emptySummary, mergeSummaries } from "#terms/summary.ts";
import { tokenizerVersion } from "#terms/tokenizer-version.ts";
import { levels } from "#terms/windows.ts";
import { keyText, orderOfThePort, type Piece, type StepsOf } from "./model-store.ts";
import type { Variant } from "./run.ts";

/** A broken rule. Runs from `seed` on find it soon; after a change of what a seed means they may take longer. */
export interface Mutant extends Variant {
  readonly seed?: number;
}

/**
 * Rules of counting, each with a store that breaks it or makes the functions break it. The runs must find wrong counts with
 * every one: a rule whose loss nobody notices is not tested.
 */
export const mutants: Readonly<Record<string, Mutant>> = {
  "a summary is put whatever its version": { omissions: { putConditions: true } },
  "a mark is cleared whatever its stamp": {
    seed: 559,
    omissions: { stamps: true },
  },
  "a mark that comes twice brings an old stamp back": {
    seed: 2066,
    omissions: { ownStamps: true },
    mood: { failing: 0, repeating: 0.9, arriving: 0.3, late: 0.9, rebuilding: 0 },
  },
  "a message's bucket is that of the clock": {
    lies: (clock) => ({ entries: (entry) => ({ ...entry, publishedAtMs: clock.nowMs() }) }),
  },
  "a leaf does not know what it includes": {
    lies: () => ({ put: (put) => (put.level === 0 ? { ...put, included: {} } : put) }),
  },
  "the count cursor moves before the leaves are put": {
    lies: () => ({ steps: ordered("move", "put", "mark", "clear") }),
  },
  "the count cursor moves before the minutes are marked": {
    lies: () => ({ steps: ordered("put", "move", "mark", "clear") }),
  },
  "minutes are marked before the leaves are put": { lies: () => ({ steps: ordered("mark", "put", "move", "clear") }) },
  "a mark is cleared before its parent is put": { lies: () => ({ steps: ordered("clear", "put", "mark", "move") }) },
  "a mark is cleared before the next level is marked": {
    lies: () => ({ steps: ordered("put", "clear", "mark", "move") }),
  },
  "later steps go on when a put is refused": { lies: () => ({ steps: (change) => [orderOfThePort(change).flat()] }) },
  "a parent is added to instead of rebuilt": {
    lies: () => ({
      put: (put, store) => {
        const stored = store.getSummary(put);
        if (!stored || put.level === 0 || put.level === allLevel) return put;
        return { ...put, bytes: encodeSummary(merged([stored, put]), tokenizerVersion) };
      },
    }),
  },
  "a parent may shrink": {
    lies: () => ({
      read: (record) =>
        record.level === 0 || record.level === allLevel
          ? record
          : { ...record, bytes: encodeSummary(emptySummary, tokenizerVersion) },
    }),
  },
  "a day is folded whether it was before or not": {
    lies: () => ({ put: (put) => (put.level === allLevel ? { ...put, included: {} } : put) }),
  },
  "a parent's version is read after its children": {
    seed: 389,
    lies: () => ({
      read: (record, store) => ({
        ...record,
        get version() {
          return store.summaries.get(keyText(record))?.version ?? 0;
        },
      }),
    }),
  },
  "two rebuilds at once switch without regard to each other": {
    seed: 551,
    omissions: { rebuildConditions: true },
    mood: { rebuilding: 0.5 },
  },
  "a rebuild does not mark the days that it reaches into": {
    seed: 1645,
    lies: () => ({
      put: (put) => {
        if (put.scope !== "rebuilds") return put;
        const text = new TextDecoder().decode(put.bytes).replaceAll('"daysMarked":false', '"daysMarked":true');
        return { ...put, bytes: new TextEncoder().encode(text) };
      },
    }),
  },
  "a bucket that lies ahead is kept from now on only": {
    seed: 2348,
    mood: { rebuilding: 0 },
    lies: (clock) => ({
      put: (put) =>
        put.level === allLevel ? put : { ...put, expiresAtMs: clock.nowMs() + levels[put.level]!.retainMs },
    }),
  },
};

function ordered(...kinds: readonly Piece["kind"][]): StepsOf {
  return (change) => {
    const pieces = orderOfThePort(change).flat();
    return kinds.map((kind) => pieces.filter((piece) => piece.kind === kind));
  };
}

function merged(records: readonly Pick<SummaryRecord, "bytes">[]) {
  return mergeSummaries(
    records.map(({ bytes }) => decodeSummary(bytes).summary),
    Number.POSITIVE_INFINITY,
  );
}
