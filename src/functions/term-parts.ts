import type { SummaryRecord } from "#core/store.ts";
import { Lexicon, type Part, readPart, Totals } from "#terms/totals.ts";
import { keyText } from "./scopes.ts";

/** What is kept of decoded summaries at most, about: 40 busy hours, or 400 quiet topics. */
const bytesMaxDefault = 100_663_296;
/** What a part or a sum takes besides its numbers: objects, and the texts that it is found by. */
const objectBytes = 1_000;
/** How many sums are kept of a scope: those of all windows and their baselines, and one of the past. */
const sumsMax = 10;
/** A scope is decoded anew after so long, which takes 50 ms for a busy day: its lexicon fills with terms of the past. */
const lifeMs = 300_000;
/** After so long the event loop gets a turn: a busy day that was never asked for takes 50 ms to decode. */
const turnMs = 5;

/** The summaries of one scope, decoded into the numbers of its lexicon. */
class ScopeParts {
  readonly lexicon = new Lexicon();
  readonly #begunAtMs: number;
  readonly #parts = new Map<string, { readonly mark: string; readonly part: Part }>();
  /** Sums by what they are sums of; the one asked for last is the last. */
  readonly #sums = new Map<string, Totals>();
  #partBytes = 0;
  #sumBytes = 0;

  constructor(nowMs: number) {
    this.#begunAtMs = nowMs;
  }

  isOver(nowMs: number): boolean {
    return nowMs - this.#begunAtMs >= lifeMs;
  }

  get bytes(): number {
    return this.lexicon.bytes + this.#partBytes + this.#sumBytes;
  }

  /** The sum of the records, which is made anew only when one of them is another. */
  sum(records: readonly SummaryRecord[]): Totals {
    const sources = records.map((record) => `${keyText(record)} ${markOf(record)}`).join();
    const kept = this.#sums.get(sources);
    const sum =
      kept ??
      new Totals(
        records.map((record) => this.partOf(record)),
        this.lexicon,
      );
    this.#sums.delete(sources);
    this.#sums.set(sources, sum);
    if (!kept) this.#sumBytes += bytesOfSum(sources, sum);
    for (const [oldest, old] of this.#sums) {
      if (this.#sums.size <= sumsMax) break;
      this.#sums.delete(oldest);
      this.#sumBytes -= bytesOfSum(oldest, old);
    }
    return sum;
  }

  has(record: SummaryRecord): boolean {
    return this.#parts.get(keyText(record))?.mark === markOf(record);
  }

  partOf(record: SummaryRecord): Part {
    const key = keyText(record);
    const kept = this.#parts.get(key);
    const mark = markOf(record);
    if (kept?.mark === mark) return kept.part;
    const part = readPart(record.bytes, this.lexicon);
    this.#parts.set(key, { mark, part });
    this.#partBytes += bytesOf(part) - (kept ? bytesOf(kept.part) : 0);
    return part;
  }
}

/**
 * Decoded summaries, so that each is decoded once and not with every answer. A scope that has grown too large or too old, or
 * was not asked for the longest, is forgotten as a whole: its lexicon only grows.
 */
export class TermParts {
  readonly #bytesMax: number;
  readonly #nowMs: () => number;
  /** The one asked for last is the last. */
  readonly #scopes = new Map<string, ScopeParts>();

  /** `nowMs` is of a clock that never goes back. */
  constructor(bytesMax: number = bytesMaxDefault, nowMs: () => number = () => performance.now()) {
    this.#bytesMax = bytesMax;
    this.#nowMs = nowMs;
  }

  /** Adds up each of these lists of records of one scope. All totals are of one lexicon. */
  async totals(scope: string, ...lists: readonly (readonly SummaryRecord[])[]): Promise<Totals[]> {
    const parts = this.#take(scope);
    let turnEndsAt = performance.now() + turnMs;
    for (const record of lists.flat()) {
      if (parts.has(record)) continue;
      parts.partOf(record);
      if (performance.now() < turnEndsAt) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnEndsAt = performance.now() + turnMs;
    }
    const totals = lists.map((records) => parts.sum(records));
    this.#trim();
    return totals;
  }

  /** How many messages a summary of the scope counts. */
  messagesOf(scope: string, record: SummaryRecord): number {
    return this.#take(scope).partOf(record).messages;
  }

  #take(scope: string): ScopeParts {
    const nowMs = this.#nowMs();
    const kept = this.#scopes.get(scope);
    const parts = kept && !kept.isOver(nowMs) ? kept : new ScopeParts(nowMs);
    this.#scopes.delete(scope);
    this.#scopes.set(scope, parts);
    return parts;
  }

  #trim(): void {
    const nowMs = this.#nowMs();
    let bytes = 0;
    for (const [scope, parts] of this.#scopes) {
      if (parts.isOver(nowMs)) this.#scopes.delete(scope);
      else bytes += parts.bytes;
    }
    for (const [scope, parts] of this.#scopes) {
      if (bytes <= this.#bytesMax) return;
      this.#scopes.delete(scope);
      bytes -= parts.bytes;
    }
  }
}

/** Tells a summary from another in its place: by version, length and the checksum that it ends with. */
function markOf({ version, bytes }: SummaryRecord): string {
  return `${version} ${bytes.length} ${bytes.subarray(-4).join()}`;
}

function bytesOf({ ids, counts, adjusts }: Part): number {
  return objectBytes + ids.byteLength + counts.byteLength + (adjusts?.byteLength ?? 0);
}

function bytesOfSum(sources: string, sum: Totals): number {
  return objectBytes + sources.length + sum.bytes;
}
