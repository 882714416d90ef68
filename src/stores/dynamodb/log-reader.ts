import type { Clock } from "#core/clock.ts";
import type { Entry } from "#core/entry.ts";
import { type ShardRef, shardKey } from "#core/shard.ts";
import type { Counter } from "./counter.ts";
import {
  decodeEntryItem,
  isTombstone,
  putTombstone,
  segmentEnd,
  segmentKey,
  segmentOf,
  ticketOf,
  writtenAtMs,
} from "./entries.ts";
import type { Item } from "./items.ts";
import type { Requests } from "./requests.ts";
import type { ShardViews } from "./shard-views.ts";
import { trimOf } from "./trim.ts";

/** One query asks for at most so many entries. */
const entriesMax = 1_000;
/** A counter seen so long ago still says that its shard is there. */
const viewAgeMs = 1_000;
const firstLookMs = 10;
const lookMaxMs = 250;

/** Reads the log of a shard: the contiguous run of its tickets, filling those that a dead writer left open. */
export class LogReader {
  readonly #views: ShardViews;
  readonly #clock: Clock;
  readonly #graceMs: number;
  /** Gaps that are being waited for, so that many readers wait once. */
  readonly #settling = new Map<string, Promise<boolean>>();

  constructor(views: ShardViews, clock: Clock, graceMs: number) {
    this.#views = views;
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /**
   * Entries from a ticket on. A missing ticket below the trim has expired and is stepped over. Ends early before a gap; one
   * that lies first is waited for, so that what is empty was at the end of the log.
   */
  async readEntries(
    requests: Requests,
    ref: ShardRef,
    fromTicket: number,
    messagesMax: number,
    bytesMax: number,
  ): Promise<Entry[]> {
    const counter = await this.#counterOf(requests, ref);
    if (!counter) return [];
    const entries: Entry[] = [];
    const trim = trimOf(counter, this.#clock.nowMs()).tickets;
    let [ticket, messages, bytes] = [fromTicket, 0, 0];
    for (let isSure = false; ; ) {
      const segment = segmentOf(ticket);
      const { items, more } = await requests.query("Messages", segmentKey(ref, segment), {
        from: ticket,
        limit: entriesFor(counter, messagesMax - messages, bytesMax - bytes),
        consistent: isSure,
      });
      if (ticket < trim && (items[0] === undefined || ticketOf(items[0]) > ticket)) {
        ticket = Math.min(trim, items[0] ? ticketOf(items[0]) : segmentEnd(segment));
        if (ticket !== (items[0] && ticketOf(items[0]))) continue;
      }
      const run = runFrom(items, ticket);
      for (const item of run) {
        ticket += 1;
        if (isTombstone(item)) continue;
        const entry = decodeEntryItem(item);
        entries.push(entry);
        messages += entry.count;
        bytes += entry.payload.length;
        if (messages >= messagesMax || bytes >= bytesMax) return entries;
      }
      const goesOn = (run.length === items.length && more) || ticket === segmentEnd(segment);
      if (entries.length > 0 && !(goesOn && run.length > 0)) return entries;
      if (run.length > 0) isSure = false;
      else if (!isSure) {
        // What was read may have been old, and so what is known of the end.
        isSure = true;
        if (ticket >= this.#endOf(ref) && !(await this.#views.read(requests, ref, true))) return entries;
      } else if (items.length === 0 && ticket >= this.#endOf(ref)) return entries;
      else if (!(await this.#settled(requests, ref, ticket))) return entries;
    }
  }

  /** The first entry at or behind a ticket and below `end`; gaps are not looked at. */
  async firstEntryFrom(requests: Requests, ref: ShardRef, fromTicket: number, end: number): Promise<Entry | undefined> {
    let ticket = fromTicket;
    for (let limit = 1; ticket < end; limit = Math.min(limit * 4, 64)) {
      const segment = segmentOf(ticket);
      const { items, more } = await requests.query("Messages", segmentKey(ref, segment), {
        from: ticket,
        limit,
        consistent: true,
      });
      const item = items.find((each) => !isTombstone(each));
      if (item) return ticketOf(item) < end ? decodeEntryItem(item) : undefined;
      ticket = more ? ticketOf(items.at(-1)!) + 1 : segmentEnd(segment);
    }
    return undefined;
  }

  async #counterOf(requests: Requests, ref: ShardRef): Promise<Counter | undefined> {
    const recent = this.#views.recent(ref, requests.timing.monotonicMs(), viewAgeMs);
    return recent ?? (await this.#views.read(requests, ref, false)) ?? this.#views.read(requests, ref, true);
  }

  /** The tickets that are known here to be given out. */
  #endOf(ref: ShardRef): number {
    return this.#views.recent(ref, 0, Number.POSITIVE_INFINITY)?.tickets ?? 0;
  }

  #settled(requests: Requests, ref: ShardRef, ticket: number): Promise<boolean> {
    const key = `${shardKey(ref)}#${ticket}`;
    let settled = this.#settling.get(key);
    if (!settled) {
      settled = this.#settle(requests, ref, ticket).finally(() => this.#settling.delete(key));
      this.#settling.set(key, settled);
    }
    return settled;
  }

  /**
   * Waits for the entry of a ticket that was given out, and puts a tombstone in its place when its writer must be taken for
   * dead: what stands behind it is older than the grace, or the gap was seen for that long. The tombstone is written once
   * like an entry: where the writer was faster, its entry stays. When to do so is not a matter of safety, only of how long
   * a dead writer holds readers up. false when the shard is gone.
   */
  async #settle(requests: Requests, ref: ShardRef, ticket: number): Promise<boolean> {
    const { timing } = requests;
    const seenMs = timing.monotonicMs();
    for (let lookMs = firstLookMs; ; lookMs = Math.min(lookMs * 2, lookMaxMs)) {
      await timing.sleep(lookMs);
      const next = await this.#nextItem(requests, ref, ticket);
      if (next && ticketOf(next) === ticket) return true;
      const isOld = next !== undefined && this.#clock.nowMs() - writtenAtMs(next) > this.#graceMs;
      if (!isOld && timing.monotonicMs() - seenMs < this.#graceMs) continue;
      const counter = await this.#views.read(requests, ref, true);
      if (!counter) return false;
      const filled = await putTombstone(requests, ref, ticket, this.#clock.nowMs(), counter.retentionSeconds);
      if (!filled.refused) requests.events.gapFilled();
      return true;
    }
  }

  /** What stands at a ticket or first behind it, also in the next segment. */
  async #nextItem(requests: Requests, ref: ShardRef, ticket: number): Promise<Item | undefined> {
    for (const segment of [segmentOf(ticket), segmentOf(ticket) + 1]) {
      const from = Math.max(ticket, segmentEnd(segment - 1));
      const { items } = await requests.query("Messages", segmentKey(ref, segment), {
        from,
        limit: 1,
        consistent: true,
      });
      if (items[0]) return items[0];
    }
    return undefined;
  }
}

/** The items that stand at this ticket and those that follow without a gap. */
function runFrom(items: readonly Item[], ticket: number): Item[] {
  const end = items.findIndex((item, i) => ticketOf(item) !== ticket + i);
  return items.slice(0, end === -1 ? items.length : end);
}

/** How many entries hold so much, by the average of the shard: what is read and not given is paid for too. */
function entriesFor({ tickets, messages, bytes }: Counter, messagesMax: number, bytesMax: number): number {
  const byMessages = (messagesMax * tickets) / Math.max(1, messages);
  const byBytes = (bytesMax * tickets) / Math.max(1, bytes);
  return Math.max(1, Math.min(entriesMax, Math.ceil(Math.min(byMessages, byBytes))));
}
