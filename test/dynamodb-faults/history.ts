import type { Cursor } from "#core/cursor.ts";
import { decodeEntry } from "#core/entry.ts";
import type { TopicRecord } from "#core/store.ts";
import { decodeEntryItem, isTombstone } from "#stores/dynamodb/entries.ts";
import type { ModelDynamoDb } from "./model-dynamodb.ts";

/** A message as it stands in the log. */
export interface Logged {
  readonly shard: number;
  readonly ticket: number;
  readonly sequence: number;
  readonly publishedAtMs: number;
  readonly text: string;
}

/** One call to append, and every answer that was given to it. */
export interface PublishedCall {
  readonly parts: readonly { readonly shard: number; readonly texts: readonly string[] }[];
  readonly hasKey: boolean;
  readonly answers: { readonly publishedAtMs: number; readonly firstSequences: readonly number[] }[];
}

/** One who reads from the beginning on, and what it was given. */
export interface ReaderHistory {
  cursor: Cursor;
  readonly messages: { readonly shard: number; readonly sequence: number; readonly text: string }[];
  readonly losses: { readonly shard: number; readonly from: number; readonly to: number; readonly atMs: number }[];
}

interface Answer {
  readonly asOfMs: number;
  /** By shard, the ticket before which all was counted. */
  readonly counted: ReadonlyMap<number, number>;
}

/** What happened in one run, and each thing that should not have. */
export class History {
  readonly calls: PublishedCall[] = [];
  readonly readers: ReaderHistory[] = [];
  readonly wrong: string[] = [];
  readonly logged = new Map<string, Logged>();
  /** Cells at which a tombstone was seen. */
  readonly tombstones = new Set<string>();
  readonly #cells = new Map<string, string>();
  readonly #answers: Answer[] = [];

  /** Looks at all entries there are: what was written once is never another. */
  noteLog(model: ModelDynamoDb): void {
    for (const item of model.items("Messages")) {
      const cell = `${item.p!.S} ${item.t!.N}`;
      const text = JSON.stringify(item);
      const before = this.#cells.get(cell);
      if (before !== undefined && before !== text) this.wrong.push(`${cell} was ${before} and is ${text}`);
      this.#cells.set(cell, text);
      if (isTombstone(item)) {
        this.tombstones.add(cell);
        continue;
      }
      const entry = decodeEntryItem(item);
      const shard = Number(item.p!.S!.split("#")[2]);
      for (const { sequence, tail } of decodeEntry(entry)) {
        const logged = {
          shard,
          ticket: entry.ticket,
          sequence,
          publishedAtMs: entry.publishedAtMs,
          text: textOf(tail),
        };
        this.logged.set(`${shard} ${sequence}`, logged);
      }
    }
  }

  /** That all up to a time was said to be counted, and up to which tickets it was. */
  noteAnswer(asOfMs: number, model: ModelDynamoDb): void {
    const counters = model.items("Topics").filter(({ s }) => s?.S === "log");
    const counted = new Map(counters.map((item) => [Number(item.p!.S!.split("#")[2]), Number(item.c!.N)]));
    this.#answers.push({ asOfMs, counted });
  }

  /** Messages of before an answer's time that were not counted then. */
  wrongAnswers(): string[] {
    return this.#answers.flatMap(({ asOfMs, counted }) =>
      [...this.logged.values()]
        .filter(({ shard, ticket, publishedAtMs }) => publishedAtMs <= asOfMs && ticket >= counted.get(shard)!)
        .map(({ text, publishedAtMs }) => `an answer was as of ${asOfMs} without ${text} of ${publishedAtMs}`),
    );
  }

  /** All messages of a shard in order. */
  logOf(shard: number): Logged[] {
    return [...this.logged.values()].filter((each) => each.shard === shard).sort((a, b) => a.sequence - b.sequence);
  }
}

export function textOf(tail: string): string {
  return JSON.parse(`{${tail}`).body;
}

/** Compares what callers and readers were told with what the log held. */
export function check(history: History, topic: TopicRecord, nowMs: number): string[] {
  const wrong = [...history.wrong, ...history.wrongAnswers()];
  const isOver = ({ publishedAtMs }: Logged, atMs: number): boolean =>
    topic.retentionSeconds > 0 && publishedAtMs + topic.retentionSeconds * 1000 <= atMs + 100;
  for (let shard = 0; shard < topic.shards; shard++) {
    const log = history.logOf(shard);
    log.forEach((each, i) => {
      const before = log[i - 1];
      if (before && (before.ticket > each.ticket || before.publishedAtMs > each.publishedAtMs))
        wrong.push(`${each.text} stands behind ${before.text}, which is later`);
    });
  }
  const places = Map.groupBy(history.logged.values(), ({ text }) => text);
  for (const [text, found] of places) if (found.length > 1) wrong.push(`${text} is ${found.length} times in the log`);
  for (const call of history.calls) {
    const [first] = call.answers;
    for (const answer of call.answers)
      if (JSON.stringify(answer) !== JSON.stringify(first))
        wrong.push(`one call was answered ${JSON.stringify(first)} and ${JSON.stringify(answer)}`);
    if (!first) continue;
    for (const [part, { shard, texts }] of call.parts.entries())
      for (const [i, text] of texts.entries()) {
        const logged = history.logged.get(`${shard} ${first.firstSequences[part]! + i}`);
        if (logged?.text !== text) wrong.push(`${text} was acknowledged where ${logged?.text} stands`);
      }
  }
  for (const [i, reader] of history.readers.entries())
    wrong.push(...checkReader(history, reader, `reader ${i}`, isOver));
  return [...wrong, ...unread(history, topic, isOver, nowMs)];
}

function checkReader(
  history: History,
  reader: ReaderHistory,
  name: string,
  isOver: (logged: Logged, atMs: number) => boolean,
): string[] {
  const wrong: string[] = [];
  const last = new Map<number, number>();
  for (const { shard, sequence, text } of reader.messages) {
    if (sequence <= (last.get(shard) ?? -1)) wrong.push(`${name} was given ${text} after what is behind it`);
    last.set(shard, sequence);
    if (history.logged.get(`${shard} ${sequence}`)?.text !== text)
      wrong.push(`${name} was given ${text}, which does not stand there`);
  }
  for (const { shard, from, to, atMs } of reader.losses)
    for (const logged of history.logOf(shard))
      if (logged.sequence >= from && logged.sequence <= to && !isOver(logged, atMs))
        wrong.push(`${name} was told that ${logged.text} is gone before its time`);
  return wrong;
}

/** Every reader has read to the end: what it was not given it was told to be gone. */
function unread(
  history: History,
  topic: TopicRecord,
  isOver: (logged: Logged, atMs: number) => boolean,
  nowMs: number,
): string[] {
  const wrong: string[] = [];
  history.readers.forEach((reader, i) => {
    const given = new Set(reader.messages.map(({ shard, sequence }) => `${shard} ${sequence}`));
    for (const logged of history.logged.values()) {
      const { shard, sequence, text } = logged;
      const isTold = reader.losses.some((loss) => loss.shard === shard && loss.from <= sequence && sequence <= loss.to);
      if (given.has(`${shard} ${sequence}`) || isTold) continue;
      // The end of a log that has expired is told of only with what comes behind it.
      const isLast = history.logOf(shard).every((each) => each.sequence <= sequence || isOver(each, nowMs));
      if (!(isLast && isOver(logged, nowMs))) wrong.push(`reader ${i} was never given ${text} (${topic.topic})`);
    }
  });
  return wrong;
}
