import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Client, createClient, type SubscriberHandle } from "#client/mod.ts";
import type { PopularTerms } from "#contract/types.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { type DemoText, readGivenTexts, readInstalledTexts } from "./demo-texts.ts";
import { countOf, formatCount, formatRate } from "./format.ts";
import { createScreen } from "./screen.ts";
import { drawTerms } from "./terms-chart.ts";
import { parseWhole } from "./usage.ts";

/** `bellwether demo`. */
export const demoCommand = defineCommand({
  summary: "a tour: publish real text, read it, and watch what it talks about",
  help: `
bellwether demo [file]...

Publishes text, paragraph by paragraph, with three publishers to up to three topics, reads it with two subscribers, and
shows the popular terms as they change. The text is that of the files, else documents found on this machine. If no
service answers at the URL, one is started in a temporary folder, and is gone afterwards.

  --seconds N         how long to take; 20 by default`,
  options: { seconds: { type: "string" } },
  argumentsMax: 100,
  async run(context, values, files) {
    const seconds = parseWhole("--seconds", values.seconds ?? "20", 1, 86_400);
    const texts = files.length > 0 ? await readGivenTexts(files) : await readInstalledTexts(packageFolder);
    if (texts.length === 0) throw new Error("There is no text with paragraphs to publish. Name other files.");
    const service = await findService(context);
    try {
      await runTour({ ...context, url: service.url }, texts, seconds);
      await context.stdout.write(whatNext(service.url, service.isOwn, texts));
    } finally {
      await service.close();
    }
  },
});

/** Two folders up in the sources as in what is installed. */
const packageFolder = fileURLToPath(new URL("../../", import.meta.url));

interface DemoService {
  readonly url: string;
  readonly isOwn: boolean;
  close(): Promise<void>;
}

async function findService(context: Context): Promise<DemoService> {
  const health = await fetch(`${context.url.replace(/\/+$/, "")}/healthz`, {
    signal: AbortSignal.timeout(2_000),
  }).catch(() => undefined);
  await health?.body?.cancel();
  if (health?.ok) {
    await context.stdout.write(`Using the service at ${context.url}.\n`);
    return { url: context.url, isOwn: false, close: async () => {} };
  }
  const { startLocalService } = await import("#hosts/local/serve.ts");
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-demo-"));
  const service = await startLocalService({ port: 0, host: "127.0.0.1", dataDir });
  await context.stdout.write(`Started a service for this tour at ${service.url}.\n`);
  return {
    url: service.url,
    isOwn: true,
    async close() {
      await service.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What the tour counts while it goes on. */
interface Tally {
  published: number;
  /** By subscriber. */
  readonly read: number[];
}

async function runTour(context: Context, texts: readonly DemoText[], seconds: number): Promise<void> {
  const client = createClient({ url: context.url, adminKey: context.adminKey });
  const topics = texts.map(({ topic }) => topic);
  const tally: Tally = { published: 0, read: [0, 0] };
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);

  const all = await client.registerSubscriber({ name: "demo-all", topics });
  const first = await client.registerSubscriber({ name: "demo-first", topics: topics.slice(0, 1) });
  const readers = [all, first].map((each, index) => readAll(client.subscriber(each), tally, index, signal));
  const startedMs = performance.now();
  const publishing = publishAll(client, texts, seconds, tally, context.signal);
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

/** Ten turns a second; in each, every publisher sends its share so that the text lasts for the time. */
async function publishAll(
  client: Client,
  texts: readonly DemoText[],
  seconds: number,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const topics = texts.map(({ topic }) => topic);
  const names = ["demo-ann", "demo-ben", "demo-cleo"];
  const registered = await Promise.all(names.map((name) => client.registerPublisher({ name, topics })));
  const publishers = registered.map((each) => client.publisher(each));
  const turns = seconds * 10;
  const endMs = performance.now() + seconds * 1_000;
  const lanes = texts.flatMap(({ topic, paragraphs }) =>
    publishers.map((publisher, index) => {
      const own = paragraphs.filter((_text, place) => place % publishers.length === index);
      return { topic, publisher, own, perTurn: Math.min(200, own.length / turns) };
    }),
  );
  for (let turn = 1; turn <= turns && performance.now() < endMs && !signal.aborted; turn += 1) {
    const turnMs = performance.now();
    await Promise.all(
      lanes.map(async ({ topic, publisher, own, perTurn }) => {
        const batch = own.slice(Math.round((turn - 1) * perTurn), Math.round(turn * perTurn));
        for (const part of inParts(batch)) {
          await publisher.publish(
            topic,
            part.map((body) => ({ title: body.slice(0, 80), body })),
            { signal },
          );
          tally.published += part.length;
        }
      }),
    );
    await sleep(Math.max(0, 100 - (performance.now() - turnMs)), undefined, { signal }).catch(() => {});
  }
}

/** Parts of at most 200,000 characters of Latin text, well within a batch. */
function* inParts(batch: readonly string[]): Generator<string[], void> {
  let part: string[] = [];
  let size = 0;
  for (const text of batch) {
    const bytes = Buffer.byteLength(text) + 200;
    if (part.length > 0 && size + bytes > 200_000) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(text);
    size += bytes;
  }
  if (part.length > 0) yield part;
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

function whatNext(url: string, isOwn: boolean, texts: readonly DemoText[]): string {
  const topic = texts[0]?.topic ?? "news";
  const there = `
These ${countOf(texts.length, "topic")} stay in the service:
  bellwether subscribe ${topic} --url ${url} --limit 3
  bellwether terms ${topic} --url ${url} --watch
`;
  const own = `
That service and its data are gone now. To go on with one that stays:
  bellwether serve
and in another terminal:
  bellwether publish news "Hello, world"
  bellwether subscribe news --follow
  bellwether terms news --watch
`;
  return `${isOwn ? own : there}Every function is plain HTTP; ${isOwn ? "the service's" : url} /openapi.json lists them.\n`;
}
