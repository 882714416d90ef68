import { type ShardRef, shardKey } from "#core/shard.ts";
import { type Item, numberOf, textOf } from "./items.ts";
import type { Key } from "./requests.ts";

/** How far a shard's log had come at some moment. */
export interface Extent {
  readonly tickets: number;
  readonly messages: number;
  readonly bytes: number;
}

/**
 * How far it had come when the first ticket of a UTC day (counted since 1970) was taken. It stands for the tickets up to the
 * next mark: those of this day and, once marks were put together, of days before `endDay`.
 */
export interface DayMark extends Extent {
  readonly day: number;
  readonly endDay: number;
}

/** Entries before this extent were written while the retention was another. */
export interface PastRetention extends Extent {
  readonly index: number;
  readonly retentionSeconds: number;
}

/**
 * A shard's counter: its sequencer. One item below 1 KB, so that a ticket costs one write unit:
 * `t m b` tickets, messages and bytes given out; `l` the last publish time; `c` the ticket before which all is counted;
 * `r` retention; `z` how often it fell asleep and woke (odd: asleep); `g` when it is gone; `T<day> M<day> B<day>` marks,
 * `E<day>` their end; `H<n> I<n> J<n> Q<n>` retentions of the past. Days in base 36.
 */
export interface Counter extends Extent {
  readonly ref: ShardRef;
  readonly lastAtMs: number;
  readonly counted: number;
  readonly retentionSeconds: number;
  readonly sleeps: number;
  readonly isGone: boolean;
  /** By day. */
  readonly marks: readonly DayMark[];
  readonly past: readonly PastRetention[];
}

export const dayMs = 86_400_000;

export function counterKey(ref: ShardRef): Key {
  return [shardKey(ref), "log"];
}

/** The shard that a text of `shardKey` names. */
export function refOfKey(text: string): ShardRef {
  const [topic, incarnation, shard] = text.split("#");
  return { topic: topic!, incarnation: Number(incarnation), shard: Number(shard) };
}

/** A new shard's counter: awake, and so in the list of those to look at. */
export function newCounter(ref: ShardRef, retentionSeconds: number): Record<string, string | number> {
  const [p, s] = counterKey(ref);
  return { p, s, t: 0, m: 0, b: 0, l: 0, c: 0, r: retentionSeconds, z: 0 };
}

export function decodeCounter(item: Item): Counter {
  const marks: DayMark[] = [];
  const past: PastRetention[] = [];
  for (const name of Object.keys(item)) {
    const rest = name.slice(1);
    if (name.length > 1 && name[0] === "T") marks.push(markOf(item, rest));
    if (name.length > 1 && name[0] === "H")
      past.push({ index: Number(rest), retentionSeconds: numberOf(item, `Q${rest}`), ...extentOf(item, "HIJ", rest) });
  }
  return {
    ref: refOfKey(textOf(item, "p")),
    ...extentOf(item, "tmb"),
    lastAtMs: numberOf(item, "l"),
    counted: numberOf(item, "c"),
    retentionSeconds: numberOf(item, "r"),
    sleeps: numberOf(item, "z"),
    isGone: item.g !== undefined,
    marks: marks.sort((a, b) => a.day - b.day),
    past: past.sort((a, b) => a.index - b.index),
  };
}

function markOf(item: Item, text: string): DayMark {
  const day = Number.parseInt(text, 36);
  return { day, endDay: numberOf(item, `E${text}`, day + 1), ...extentOf(item, "TMB", text) };
}

function extentOf(item: Item, names: string, suffix = ""): Extent {
  const [tickets, messages, bytes] = [...names].map((name) => numberOf(item, name + suffix)) as [
    number,
    number,
    number,
  ];
  return { tickets, messages, bytes };
}

/** The names of a mark's attributes, in the order of `t m b`. */
export function markNames(day: number): readonly [string, string, string] {
  const text = day.toString(36);
  return [`T${text}`, `M${text}`, `B${text}`];
}
