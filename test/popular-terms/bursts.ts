import { defaultServiceSettings } from "#core/settings.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { getPopularTerms } from "#functions/get-popular-terms.ts";
import { publish } from "#functions/publish.ts";
import { putTopic } from "#functions/put-topic.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import type { TermsAnswer } from "#functions/term-answers.ts";
import { createContext } from "#hosts/node-context.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import type { Caps } from "#terms/windows.ts";
import { HeldClock } from "../harness.ts";
import type { Random } from "../random.ts";
import { withCaps } from "./caps.ts";

const admin = { kind: "admin" } as const;
const plantedPerBurst = 10;
const vocabulary = 20_000;

export interface BurstOptions {
  readonly random: Random;
  readonly window: "1m" | "10m" | "1h";
  readonly messagesPerMinute: number;
  /** How many windows are asked for, every other with a burst. */
  readonly windows: number;
  /** Fewer terms to a summary than the memory store has room for. */
  readonly caps?: Caps;
  readonly onWindow?: (done: number) => void;
}

export interface BurstResult {
  /** Of the first ten that were reported, the part that was planted; mean over the windows with a burst. */
  readonly precisionAt10: number;
  /** Of the ten that were planted, the part that was reported. */
  readonly recall: number;
  /** Terms reported that were not planted, a window; over all windows. */
  readonly falseAlarms: number;
  readonly bursts: number;
}

/**
 * A stream of words whose frequencies follow Zipf's law, in messages of 4 to 16, in which every other window ten rare words
 * burst: each comes in a fifth to a half of a minute's messages, spread over the window. Asked at the end of each window, through the functions and on a clock of its
 * own.
 */
export async function findBursts({
  random,
  window,
  messagesPerMinute,
  windows,
  caps,
  onWindow,
}: BurstOptions): Promise<BurstResult> {
  const stretch = {
    "1m": { minutes: 1, before: 60 },
    "10m": { minutes: 10, before: 360 },
    "1h": { minutes: 60, before: 1_440 },
  }[window];
  const clock = new HeldClock();
  const store = caps ? withCaps(createMemoryStore(), caps) : createMemoryStore();
  const context = createContext(store, defaultServiceSettings, clock);
  const counting = new TermCounting(context);
  const word = zipf(random);
  await putTopic(context, admin, { topic: "t", body: { retentionSeconds: 3_600, terms: { languages: [] } } });

  const minute = async (planted: ReadonlyMap<string, number>): Promise<void> => {
    for (let slot = 0; slot < 6; slot++) {
      const bodies = Array.from({ length: messagesPerMinute / 6 }, () => {
        const words = Array.from({ length: random.integer(4, 16) }, word);
        for (const [term, chance] of planted) if (random.chance(chance)) words.push(term);
        return { body: words.join(" ") };
      });
      const body = Buffer.from(JSON.stringify({ messages: bodies }));
      await publish(context, admin, { topic: "t", mediaType: "application/json", body: async () => body });
      if (slot < 5) clock.pass(10);
    }
    await counting.countTerms();
  };
  const settle = async (): Promise<void> => {
    clock.pass(10);
    while (await rollUpTerms(context));
    while (await store.expire(clock.nowMs()));
  };

  for (let i = 0; i < stretch.before; i++) {
    await minute(new Map());
    await settle();
  }
  let precision = 0;
  let recall = 0;
  let falseAlarms = 0;
  let bursts = 0;
  for (let i = 0; i < windows; i++) {
    const planted = i % 2 === 0 ? plant(random, stretch.minutes) : new Map<string, number>();
    for (let m = 0; m < stretch.minutes; m++) {
      if (m > 0) await settle();
      await minute(planted);
    }
    clock.pass(9);
    const answer = await ask(context, window);
    clock.pass(-9);
    const found = answer.terms.filter(({ term }) => planted.has(term)).length;
    falseAlarms += answer.terms.length - found;
    if (planted.size > 0) {
      const first = answer.terms.slice(0, 10);
      bursts += 1;
      precision += first.filter(({ term }) => planted.has(term)).length / Math.max(1, first.length);
      recall += found / planted.size;
    }
    await settle();
    onWindow?.(i + 1);
  }
  return { precisionAt10: precision / bursts, recall: recall / bursts, falseAlarms: falseAlarms / windows, bursts };
}

/** Words of the rare half, each with the chance to come in a message. */
function plant(random: Random, minutes: number): Map<string, number> {
  const planted = new Map<string, number>();
  while (planted.size < plantedPerBurst)
    planted.set(wordOf(random.integer(vocabulary / 2, vocabulary - 1)), (0.2 + 0.3 * random.next()) / minutes);
  return planted;
}

function zipf(random: Random): () => string {
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= vocabulary; rank++) {
    sum += 1 / rank;
    sums.push(sum);
  }
  return () => {
    const at = random.next() * sum;
    let low = 0;
    let high = vocabulary - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return wordOf(low);
  };
}

/** Letters alone, as numbers are no terms. */
function wordOf(rank: number): string {
  return `w${[...String(rank)].map((digit) => "abcdefghij"[Number(digit)]).join("")}`;
}

async function ask(
  context: Parameters<typeof getPopularTerms>[0],
  window: BurstOptions["window"],
): Promise<TermsAnswer> {
  return getPopularTerms(context, admin, { topic: "t", window, sort: "rising", limit: 1_000 });
}
