import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "#client/mod.ts";
import type { DemoText } from "./demo-texts.ts";

/** Ten turns a second; in each, every publisher sends its share so that the text lasts for the time. */
export async function publishAll(
  client: Client,
  texts: readonly DemoText[],
  seconds: number,
  onPublished: (messages: number) => void,
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
          );
          onPublished(part.length);
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
