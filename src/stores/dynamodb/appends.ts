import { BellwetherError } from "#contract/errors.ts";
import type { Clock } from "#core/clock.ts";
import type { NewsBoard } from "#core/news.ts";
import type { AppendRequest, AppendResult } from "#core/store.ts";
import { appendAgain } from "./append-again.ts";
import { Call, writeBatch } from "./append-batch.ts";
import { readRecord } from "./idempotency.ts";
import type { Requests } from "./requests.ts";
import { unavailable } from "./retries.ts";
import type { ShardViews } from "./shard-views.ts";

/** An entry holds at most this of several calls, in bytes and messages; further calls wait for the next. */
const groupBytesMax = 350_000;
const groupMessagesMax = 1_000;
/** Batches of one topic under way: a second one does not wait for the first, which may be held up in a shard. */
const batchesMax = 2;

/** The calls to one topic that wait, and how many batches are under way. */
interface Lane {
  readonly topic: { readonly topic: string; readonly incarnation: number };
  readonly waiting: { readonly call: Call; readonly done: () => void }[];
  batches: number;
  isGathering: boolean;
}

/**
 * Appends calls. Those to one topic that arrive while others are under way are written together, so that singles under load
 * cost two writes for many. Calls with one Idempotency-Key go one after the other here; between processes the record tells.
 */
export class Appends {
  readonly #requests: Requests;
  readonly #views: ShardViews;
  readonly #news: NewsBoard;
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();
  readonly #keys = new Map<string, Promise<unknown>>();

  constructor(requests: Requests, views: ShardViews, news: NewsBoard, clock: Clock) {
    this.#clock = clock;
    this.#requests = requests;
    this.#views = views;
    this.#news = news;
  }

  append(request: AppendRequest): Promise<AppendResult> {
    const call = new Call(request, this.#clock, this.#requests.timing);
    const key = request.idempotency?.recordKey;
    if (key === undefined) return this.#write(call);
    const before = this.#keys.get(key) ?? Promise.resolve();
    const result = before.then(() => this.#once(call));
    const settled = result.then(
      () => {},
      () => {},
    );
    this.#keys.set(key, settled);
    void settled.then(() => {
      if (this.#keys.get(key) === settled) this.#keys.delete(key);
    });
    return result;
  }

  async #once(call: Call): Promise<AppendResult> {
    const { request, came } = call;
    const record = await readRecord(this.#requests, request.idempotency!, came.nowMs);
    if (!record) return this.#write(call);
    return appendAgain(this.#requests, this.#views, request, record, came);
  }

  async #write(call: Call): Promise<AppendResult> {
    const { request, came } = call;
    await this.#join(call);
    if (call.record) return appendAgain(this.#requests, this.#views, request, call.record, came);
    const stored = call.parts.flatMap(({ stored }) => stored ?? []);
    if (stored.length < call.parts.length) throw failure(call);
    const { topic, incarnation } = request;
    this.#news.tell(call.parts.map(({ shard }) => ({ topic, incarnation, shard })));
    return {
      publishedAtMs: Math.max(...stored.map(({ publishedAtMs }) => publishedAtMs)),
      firstSequences: stored.map(({ firstSequence }) => firstSequence),
      replayed: false,
    };
  }

  #join(call: Call): Promise<void> {
    const { topic, incarnation } = call.request;
    const key = `${topic}#${incarnation}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = { topic: { topic, incarnation }, waiting: [], batches: 0, isGathering: false };
      this.#lanes.set(key, lane);
    }
    const joined = lane;
    return new Promise((resolve) => {
      joined.waiting.push({ call, done: resolve });
      void this.#serve(key, joined);
    });
  }

  async #serve(key: string, lane: Lane): Promise<void> {
    if (lane.isGathering || lane.batches >= batchesMax) return;
    lane.isGathering = true;
    // Not at once: what this turn of the event loop still brings shall share the entry.
    await this.#requests.timing.turn();
    lane.isGathering = false;
    const batch = nextBatch(lane);
    if (batch.length > 0) {
      lane.batches += 1;
      const calls = batch.map(({ call }) => call);
      try {
        if (lane.waiting.length > 0) void this.#serve(key, lane);
        await writeBatch(this.#requests, this.#views, lane.topic, calls, this.#clock);
      } catch (error) {
        for (const call of calls) call.error ??= error;
      }
      lane.batches -= 1;
      for (const { done } of batch) done();
    }
    if (lane.waiting.length > 0) void this.#serve(key, lane);
    else if (lane.batches === 0 && !lane.isGathering) this.#lanes.delete(key);
  }
}

/** Takes from the front what fits into one entry for each shard; at least one call. */
function nextBatch({ waiting }: Lane): Lane["waiting"] {
  const sizes = new Map<number, { bytes: number; messages: number }>();
  const fits = ({ call }: Lane["waiting"][number]): boolean =>
    call.request.parts.every(({ shard, count, payload }) => {
      const { bytes, messages } = sizes.get(shard) ?? { bytes: 0, messages: 0 };
      return bytes + payload.length <= groupBytesMax && messages + count <= groupMessagesMax;
    });
  let taken = 0;
  for (const each of waiting) {
    if (taken > 0 && !fits(each)) break;
    for (const { shard, count, payload } of each.call.request.parts) {
      const { bytes, messages } = sizes.get(shard) ?? { bytes: 0, messages: 0 };
      sizes.set(shard, { bytes: bytes + payload.length, messages: messages + count });
    }
    taken += 1;
  }
  return waiting.splice(0, taken);
}

/** Why a call failed, with the parts that are stored all the same. */
function failure({ parts, error }: Call): unknown {
  const accepted = parts.flatMap(({ stored }, i) => (stored ? [i] : []));
  if (accepted.length === 0) return error ?? unavailable(new Error("The call was not written."));
  const message = "Some shards hold their part of the call and others do not. Repeat it with the same Idempotency-Key.";
  return new BellwetherError("unavailable", message, { retryAfterSeconds: 1, accepted }, { cause: error });
}
