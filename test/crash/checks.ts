import { setTimeout as delay } from "node:timers/promises";
import { stopWordsFor } from "#terms/stop-words.ts";
import { messageTerms } from "#terms/tokenize.ts";
import { type ApiMessage, type ApiTerms, call } from "./api.ts";
import type { Body, CrashPublisher, Publish } from "./publishing.ts";
import type { CrashSubscriber } from "./subscribing.ts";

export type Log = ReadonlyMap<number, readonly ApiMessage[]>;

/** What is wrong with the log of a topic, given what its publishers were told. */
export function checkLog(log: Log, publishers: readonly CrashPublisher[]): string[] {
  const byId = new Map([...log.values()].flat().map((message) => [message.id, message]));
  return [
    ...[...log].flatMap(([shard, messages]) => checkSequences(shard, messages)),
    ...publishers.flatMap((publisher) => checkPublisher(publisher, log, byId)),
  ];
}

function checkSequences(shard: number, messages: readonly ApiMessage[]): string[] {
  const wrong: string[] = [];
  for (let i = 1; i < messages.length; i++) {
    const [before, message] = [messages[i - 1]!, messages[i]!];
    if (message.sequence <= before.sequence)
      wrong.push(`shard ${shard}: sequence ${message.sequence} is read after ${before.sequence}`);
    if (message.publishedAt < before.publishedAt)
      wrong.push(`shard ${shard}: ${message.id} is of ${message.publishedAt}, before ${before.id}`);
  }
  return wrong.slice(0, 5);
}

function checkPublisher(publisher: CrashPublisher, log: Log, byId: ReadonlyMap<string, ApiMessage>): string[] {
  const wrong: string[] = [];
  const stored = new Map<number, ApiMessage>();
  for (const [shard, messages] of log) {
    let last = -1;
    for (const message of messages) {
      const { by, number } = message.body as Body;
      if (by !== publisher.name) continue;
      // One after another and never sent again without a key: rising numbers are both order and exactly once.
      if (number <= last) wrong.push(`${by}: number ${number} lies behind ${last} in shard ${shard}`);
      last = number;
      if (stored.has(number)) wrong.push(`${by}: number ${number} is stored twice`);
      stored.set(number, message);
    }
  }
  let known = 0;
  for (const publish of publisher.calls) {
    wrong.push(...checkCall(publisher.name, publish, stored, byId));
    known += publish.messages.filter(({ number }) => stored.has(number)).length;
  }
  if (known !== stored.size) wrong.push(`${publisher.name}: messages are stored that were never sent`);
  return wrong;
}

function checkCall(
  by: string,
  { messages, acknowledged, refused, idempotencyKey }: Publish,
  stored: ReadonlyMap<number, ApiMessage>,
  byId: ReadonlyMap<string, ApiMessage>,
): string[] {
  const there = messages.filter(({ number }) => stored.has(number)).length;
  if (!acknowledged) {
    if (idempotencyKey !== undefined) return [`${by}: a call with an Idempotency-Key was never settled`];
    if (refused && there > 0) return [`${by}: ${there} messages are stored of a call that was refused`];
    return there === 0 || there === messages.length ? [] : [`${by}: a batch is stored in part (${there})`];
  }
  return messages.flatMap(({ number, key, text }, i) => {
    const { id, sequence } = acknowledged[i]!;
    const message = byId.get(id);
    if (!message) return [`${by}: the acknowledged message ${id} (number ${number}) is LOST`];
    const same =
      message.sequence === sequence &&
      message.key === key &&
      JSON.stringify(message.body) === JSON.stringify({ by, number, text });
    return same ? [] : [`${by}: the message ${id} is not the one that was acknowledged under this id`];
  });
}

/** What a subscriber was given since its last seek must be the log from there, as far as it has read, and still be there. */
export function checkDelivered(subscriber: CrashSubscriber, log: Log): string[] {
  return subscriber.stretches.flatMap((stretch) =>
    [...stretch.delivered].flatMap(([shard, delivered]) => {
      const messages = log.get(shard) ?? [];
      const from = stretch.from.get(shard) ?? 0;
      const first = messages.findIndex(({ sequence }) => sequence >= from);
      const wrong = delivered.findIndex(({ id, body }, i) => {
        const message = first < 0 ? undefined : messages[first + i];
        return message?.id !== id || JSON.stringify(message.body) !== JSON.stringify(body);
      });
      return wrong < 0
        ? []
        : [`${subscriber.name}: delivery ${wrong} of shard ${shard} from ${from} on is not the log's`];
    }),
  );
}

/** Exact counts of what is stored, as an independent reader makes them. */
export function recount(messages: Iterable<{ readonly title?: string; readonly body: unknown }>): {
  messages: number;
  pairs: number;
  counts: Map<string, number>;
} {
  const stopWords = stopWordsFor(["en"]);
  const counts = new Map<string, number>();
  let total = 0;
  let pairs = 0;
  for (const message of messages) {
    total += 1;
    for (const term of messageTerms(message, { stopWords })) {
      pairs += 1;
      counts.set(term, (counts.get(term) ?? 0) + 1);
    }
  }
  return { messages: total, pairs, counts };
}

/** What is wrong with an answer about all of `messages`. */
export function checkTerms(what: string, answer: ApiTerms, truth: ReturnType<typeof recount>): string[] {
  const wrong: string[] = [];
  if (answer.messages !== truth.messages || answer.pairs !== truth.pairs)
    wrong.push(
      `${what}: ${answer.messages} messages and ${answer.pairs} pairs were counted of ${truth.messages} and ${truth.pairs}`,
    );
  for (const { term, count, error } of answer.terms) {
    const true_ = truth.counts.get(term) ?? 0;
    if (true_ < count || true_ > count + error)
      wrong.push(`${what}: "${term}" is in ${true_} messages, not in [${count}, ${count + error}]`);
  }
  if (answer.exact && answer.terms.length < Math.min(1000, truth.counts.size))
    wrong.push(`${what}: an exact answer holds ${answer.terms.length} of ${truth.counts.size} terms`);
  return wrong.slice(0, 5);
}

/** Asks for the terms of all time once everything published up to `publishedAt` is counted. */
export async function termsOfAll(
  url: string,
  topic: string | undefined,
  publishedAt: string | undefined,
): Promise<ApiTerms> {
  const scope = topic === undefined ? "" : `&topic=${topic}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await call<ApiTerms>(url, "GET", `/v1/popular-terms?window=all&limit=1000${scope}`);
    if (publishedAt === undefined || answer.asOf >= publishedAt) return answer;
    if (Date.now() > deadline) throw new Error(`Counting does not catch up: as of ${answer.asOf}, not ${publishedAt}.`);
    await delay(20);
  }
}

export function lastOf(log: Log): string | undefined {
  return [...log.values()]
    .map((messages) => messages.at(-1)?.publishedAt)
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
}
