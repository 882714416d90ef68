import type { AppendRequest, AppendResult } from "#core/store.ts";
import type { WriteError } from "./protocol.ts";

/**
 * Many appends as a few flat values. Cloning each as objects with a buffer of its own took a sixth of the serving
 * thread's time under single publishes (measured by a CPU profile); so packed it takes one buffer, which is moved.
 */
export interface PackedAppends {
  /** The distinct topics, which the numbers name by index. */
  readonly topics: readonly { readonly topic: string; readonly incarnation: number }[];
  /** Of each append: topic index, nowMs, number of parts, then of each part its shard, count and payload length. */
  readonly numbers: Float64Array;
  /** The payloads of all parts, end to end. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Of the appends that have a key, by index. */
  readonly idempotency: readonly (readonly [index: number, NonNullable<AppendRequest["idempotency"]>])[];
}

/** How the appends of a batch ended. */
export interface PackedResults {
  /** Of each append: 0 (done), 1 (replayed) or 2 (refused), then, unless refused, publishedAtMs, how many first sequences follow, and those. */
  readonly numbers: Float64Array;
  /** Of the refused, in order. */
  readonly errors: readonly WriteError[];
}

const done = 0;
const replayed = 1;
const refused = 2;

export function packAppends(requests: readonly AppendRequest[]): PackedAppends {
  const topics = new TopicTable();
  const numbers: number[] = [];
  const idempotency: [number, NonNullable<AppendRequest["idempotency"]>][] = [];
  let bytes = 0;
  requests.forEach((request, i) => {
    numbers.push(topics.indexOf(request), request.nowMs, request.parts.length);
    for (const { shard, count, payload } of request.parts) {
      numbers.push(shard, count, payload.length);
      bytes += payload.length;
    }
    if (request.idempotency) idempotency.push([i, request.idempotency]);
  });
  const payload = new Uint8Array(bytes);
  let at = 0;
  for (const { parts } of requests) {
    for (const part of parts) {
      payload.set(part.payload, at);
      at += part.payload.length;
    }
  }
  return { topics: topics.rows, numbers: Float64Array.from(numbers), payload, idempotency };
}

/** The requests in their order; their payloads are views of the one buffer. */
export function unpackAppends({ topics, numbers, payload, idempotency }: PackedAppends): AppendRequest[] {
  const requests: AppendRequest[] = [];
  let payloadAt = 0;
  let nextIdempotency = 0;
  for (let at = 0; at < numbers.length; ) {
    const named = topics[numbers[at]!];
    const nowMs = numbers[at + 1]!;
    const partsCount = numbers[at + 2]!;
    if (!named || !fits(partsCount, at + 3 + 3 * partsCount, numbers)) throw damaged("append", at);
    const { topic, incarnation } = named;
    at += 3;
    const parts: AppendRequest["parts"][number][] = [];
    for (let i = 0; i < partsCount; i++, at += 3) {
      const end = payloadAt + numbers[at + 2]!;
      parts.push({ shard: numbers[at]!, count: numbers[at + 1]!, payload: payload.subarray(payloadAt, end) });
      payloadAt = end;
    }
    const keyed = idempotency[nextIdempotency];
    if (keyed?.[0] === requests.length) {
      requests.push({ topic, incarnation, parts, nowMs, idempotency: keyed[1] });
      nextIdempotency++;
    } else requests.push({ topic, incarnation, parts, nowMs });
  }
  return requests;
}

export function packResults(results: readonly (AppendResult | WriteError)[]): PackedResults {
  const numbers: number[] = [];
  const errors: WriteError[] = [];
  for (const result of results) {
    if ("code" in result) {
      numbers.push(refused);
      errors.push(result);
    } else {
      const { publishedAtMs, firstSequences } = result;
      // Not one a part: a replayed answer has as many as the first call had.
      numbers.push(result.replayed ? replayed : done, publishedAtMs, firstSequences.length, ...firstSequences);
    }
  }
  return { numbers: Float64Array.from(numbers), errors };
}

/** The results and errors in the order of the requests. */
export function unpackResults({ numbers, errors }: PackedResults): (AppendResult | WriteError)[] {
  const results: (AppendResult | WriteError)[] = [];
  let nextError = 0;
  for (let at = 0; at < numbers.length; ) {
    const how = numbers[at]!;
    if (how === refused && nextError < errors.length) {
      results.push(errors[nextError++]!);
      at += 1;
      continue;
    }
    const end = at + 3 + numbers[at + 2]!;
    if (how === refused || !fits(numbers[at + 2]!, end, numbers)) throw damaged("result", at);
    const firstSequences = [...numbers.subarray(at + 3, end)];
    results.push({ publishedAtMs: numbers[at + 1]!, firstSequences, replayed: how === replayed });
    at = end;
  }
  return results;
}

/** Whether so many things, which end there, can be in the numbers. A count that cannot would be read without end. */
function fits(count: number, end: number, numbers: Float64Array): boolean {
  return Number.isInteger(count) && count >= 0 && end <= numbers.length;
}

function damaged(what: string, at: number): Error {
  return new Error(`A packed ${what} is damaged at number ${at}.`);
}

/** Gives each topic of a batch a number. */
class TopicTable {
  readonly rows: { topic: string; incarnation: number }[] = [];
  readonly #indexes = new Map<string, number>();

  indexOf({ topic, incarnation }: Pick<AppendRequest, "topic" | "incarnation">): number {
    const known = this.#indexes.get(topic);
    if (known !== undefined && this.rows[known]!.incarnation === incarnation) return known;
    const index = this.rows.push({ topic, incarnation }) - 1;
    this.#indexes.set(topic, index);
    return index;
  }
}
