import { effect, signal, untracked } from "@preact/signals";
import type { Overview } from "#client/mod.ts";
import { client, connectionNumber, rights } from "./connection.ts";

/** What the service said of itself, asked all the time: so it is noticed at every view when it is gone. */
export const overview = signal<Overview | undefined>(undefined);

/** Rates between two answers, in messages per second; null where they are not known. */
export interface Sample {
  readonly atMs: number;
  readonly inPerSecond: number | null;
  readonly outPerSecond: number | null;
  readonly lag: number | null;
}

/** The last quarter of an hour; of what went out, as far as this page was open. */
export const samples = signal<readonly Sample[]>([]);

const everyMs = 2_000;
const everyMsMax = 15_000;
const keptMs = 900_000;

/** Asks as long as the page does live and is looked at. */
export function startTraffic(): void {
  let from = connectionNumber.value;
  const ask = async (): Promise<void> => {
    if (from !== connectionNumber.value) {
      from = connectionNumber.value;
      overview.value = undefined;
      samples.value = [];
    }
    const asked = client.value;
    if (document.hidden || rights.value?.read === false) return;
    try {
      const answer = await asked.getOverview();
      if (asked !== client.value) return;
      if (!overview.value) void recall(answer);
      else samples.value = recent([...samples.value, sampleOf(overview.value, answer)]);
      overview.value = answer;
    } catch {
      // The connection's state says so.
    }
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = (): void => {
    clearTimeout(timer);
    const startedAt = performance.now();
    void ask().finally(() => {
      clearTimeout(timer);
      timer = setTimeout(next, pauseMs(performance.now() - startedAt));
    });
  };
  // At once when it is another service, or another key.
  effect(() => {
    if (connectionNumber.value >= 0) untracked(next);
  });
}

/** A service of thousands of topics takes long to add them up: it is left alone for 20 times as long as it took. */
const pauseMs = (tookMs: number): number => Math.min(everyMsMax, Math.max(everyMs, tookMs * 20));

function recent(all: readonly Sample[]): readonly Sample[] {
  const sinceMs = (all.at(-1)?.atMs ?? 0) - keptMs;
  return all.filter(({ atMs }) => atMs >= sinceMs);
}

/** Of more topics than this the past is not asked for: it would be as many questions. */
const topicsRecalled = 12;

/** What came in before this page was opened, from the log itself. What went out then is not known. */
async function recall(answer: Overview): Promise<void> {
  const asked = client.value;
  if (answer.topics.value > topicsRecalled) return;
  try {
    const { items } = await asked.listTopics({ limit: topicsRecalled });
    const toMs = Date.parse(answer.at);
    const query = { from: new Date(toMs - keptMs).toISOString(), to: answer.at, buckets: 60 };
    const activities = await Promise.all(items.map(({ topic }) => asked.getTopicActivity(topic, query)));
    const { from, bucketMs, messages } = activities[0] ?? {};
    if (asked !== client.value || from === undefined || bucketMs === undefined || messages === undefined) return;
    if (activities.some((each) => each.bucketMs !== bucketMs)) return;
    const past = messages.map((_, i) => {
      const sum = activities.reduce((total, each) => total + (each.messages[i] ?? 0), 0);
      const atMs = Date.parse(from) + (i + 1) * bucketMs;
      return { atMs, inPerSecond: sum / (bucketMs / 1000), outPerSecond: null, lag: null };
    });
    // A service that has been quiet until a moment ago is not shown as a quarter of an hour of nothing.
    const begun = past.findIndex(({ inPerSecond }) => inPerSecond > 0);
    const known = past.slice(begun < 0 ? past.length : Math.max(0, begun - 1));
    samples.value = [...known.filter(({ atMs }) => atMs <= toMs), ...samples.value];
  } catch {
    // Then the line begins now.
  }
}

/** What happened between two answers. A process that was started again in between counts from zero. */
export function sampleOf(before: Overview, after: Overview): Sample {
  const passed = Math.max(0.001, (Date.parse(after.at) - Date.parse(before.at)) / 1000);
  const per = (from: number, to: number): number => Math.max(0, (to - from) / passed);
  const atMs = Date.parse(after.at);
  const lag = after.subscribers?.lag ?? null;
  const [a, b] = [before.traffic, after.traffic];
  if (a === null || b === null) {
    return { atMs, lag, inPerSecond: per(before.messagesPublished, after.messagesPublished), outPerSecond: null };
  }
  if (a.since !== b.since) return { atMs, lag, inPerSecond: null, outPerSecond: null };
  return {
    atMs,
    lag,
    inPerSecond: per(a.messagesIn, b.messagesIn),
    outPerSecond: per(a.messagesOut, b.messagesOut),
  };
}
