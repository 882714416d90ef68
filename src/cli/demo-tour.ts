import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient, type SubscriberHandle } from "#client/mod.ts";
import type { PopularTerms } from "#contract/types.ts";
import type { Context } from "./context.ts";
import { publishAll } from "./demo-publishers.ts";
import type { DemoText } from "./demo-texts.ts";
import { formatCount, formatRate } from "./format.ts";
import { createScreen } from "./screen.ts";
import { drawTerms } from "./terms-chart.ts";

/** What the tour counts while it goes on. */
interface Tally {
  published: number;
  /** By subscriber. */
  readonly read: number[];
}

/** Publishes the texts within the time, reads them, and shows both; resolves when the text is out and read. */
export async function runTour(context: Context, texts: readonly DemoText[], seconds: number): Promise<void> {
  const client = createClient({ url: context.url, adminKey: context.adminKey });
  const topics = texts.map(({ topic }) => topic);
  const tally: Tally = { published: 0, read: [0, 0] };
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);

  const all = await client.registerSubscriber({ name: "demo-all", topics });
  const first = await client.registerSubscriber({ name: "demo-first", topics: topics.slice(0, 1) });
  const readers = [all, first].map((each, index) => readAll(client.subscriber(each), tally, index, signal));
  const startedMs = performance.now();
  const publishing = publishAll(client, texts, seconds, (messages) => (tally.published += messages), context.signal);
  // A failure on either side ends the tour; it is thrown below, when both are awaited.
  const showing = show(context, createClient({ url: context.url, token: all.token }), topics, tally, startedMs, signal);
  try {
    await Promise.race([publishing, showing, Promise.all(readers)]);
    await publishing;
    for (let waits = 0; waits < 50 && tally.read[0] !== tally.published && !context.signal.aborted; waits += 1) {
      await sleep(100);
    }
    await sleep(1_000, undefined, { signal: context.signal }).catch(() => {});
  } finally {
    stop.abort();
    await Promise.allSettled([publishing, showing, ...readers]);
  }
  await Promise.all([showing, ...readers]);
}

async function readAll(subscriber: SubscriberHandle, tally: Tally, index: number, signal: AbortSignal): Promise<void> {
  for await (const _message of subscriber.messages({ signal })) tally.read[index] = (tally.read[index] ?? 0) + 1;
}

/** Draws until the signal, and once more at the end; on no terminal a line now and then, and the bars only at the end. */
async function show(
  context: Context,
  reader: Client,
  topics: readonly string[],
  tally: Tally,
  startedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = context;
  const screen = createScreen(stdout);
  const limit = Math.min(8, Math.max(3, Math.floor((stdout.size().rows - 5) / topics.length) - 3));
  const ask = () => Promise.all(topics.map((topic) => reader.getPopularTerms({ topic, window: "10m", limit })));
  for (;;) {
    const popular = await ask();
    const isEnd = signal.aborted;
    const counts = describeTally(tally, startedMs);
    if (stdout.isTerminal || isEnd) await screen.draw([counts, ...drawAll(context, popular)]);
    else await stdout.write(`${counts}  ${describeTop(popular)}\n`);
    if (isEnd) return;
    await sleep(stdout.isTerminal ? 500 : 2_000, undefined, { signal }).catch(() => {});
  }
}

function drawAll({ stdout }: Context, popular: readonly PopularTerms[]): string[] {
  return popular.flatMap((each) => ["", ...drawTerms(stdout, each)]);
}

function describeTally({ published, read }: Tally, startedMs: number): string {
  const seconds = Math.max(0.1, (performance.now() - startedMs) / 1_000);
  const counts = `3 publishers sent ${formatCount(published)} (${formatRate(published / seconds)})`;
  const reads = `2 subscribers read ${formatCount(read[0] ?? 0)} (all topics) and ${formatCount(read[1] ?? 0)} (the first)`;
  return `${counts}; ${reads}`;
}

function describeTop(popular: readonly PopularTerms[]): string {
  const tops = popular.flatMap(({ terms }) => terms.slice(0, 2));
  return tops.map(({ term, count }) => `${term} ${formatCount(count)}`).join(", ");
}
