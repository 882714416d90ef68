import { BellwetherError } from "#contract/errors.ts";
import type { RebuildTermsRequest, TermsRebuild } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { draftOf, encodePart } from "#core/entry.ts";
import { type ShardRef, shardKey, shardsOf } from "#core/shard.ts";
import type { TopicRecord } from "#core/store.ts";
import type { Context } from "#functions/context.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { countedIds, fakeContext } from "#functions/fake-context.ts";
import { rebuildTerms } from "#functions/rebuild-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import { type Caps, roomyCaps } from "#terms/windows.ts";
import { Random } from "../random.ts";
import { findWrongCounts, type Published } from "./checks.ts";
import { FaultyTerms, type Lies, type Mood, StoreFault } from "./faulty-terms.ts";
import { ModelStore, type Omissions } from "./model-store.ts";
import { Turns } from "./turns.ts";

/** What a run did, and each count in which it went wrong. */
export interface RunResult {
  readonly wrong: readonly string[];
  readonly messages: number;
  readonly faults: number;
  readonly rebuilds: number;
}

/** A variant of the store that breaks a rule; none is the store as the port asks for it. */
export interface Variant {
  readonly omissions?: Omissions;
  /** What its runs have more or less of than others. */
  readonly mood?: Partial<Mood>;
  readonly lies?: (clock: { readonly nowMs: () => number }) => Lies;
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const t0 = Date.UTC(2026, 0, 5);
const words = ["apple", "pear", "plum", "fig", "kiwi"] as const;
const tinyCaps: Caps = { leaf: { topic: 2, overall: 2 }, levels: { 1: 2, 2: 3, 3: 3, 4: 4 }, all: 4 };
/** A clock goes back by less, and a message comes less late, than the day after which days are folded. */
const backMsMax = 12 * hour;
const lateMsMax = 6 * hour;
/** Within a shard, publish time goes back by less: a writer may be held up between its ticket and its time. */
const disorderMsMax = minute;

/**
 * One life of counting under faults, which a seed decides: processes that count and roll up at once over a store that
 * fails, while messages come, also late, clocks jump and summaries expire. Then faults end, all is counted and rolled up,
 * and every summary is compared with what was published.
 */
export async function runWithFaults(seed: number, variant: Variant = {}): Promise<RunResult> {
  const run = new Run(seed, variant);
  for (let rounds = run.random.integer(2, 7); rounds > 0; rounds--) {
    run.publishSome(4);
    await run.works();
    run.passTime();
    if (run.random.chance(0.3)) run.faulty.deliverLate();
    if (run.random.chance(0.3)) run.model.expire(run.nowMs);
  }
  run.faulty.heal();
  for (const ms of [0, 10 * minute, hour, day, 3 * day]) {
    run.passAll(ms);
    await run.settle();
  }
  // What was still under way comes when everything has long been done, and also when much has expired.
  if (run.random.chance(0.5)) run.model.expire(run.nowMs);
  run.faulty.deliverLate(true);
  await run.settle();
  const { published, faults, rebuilds, refused } = run;
  return {
    wrong: [...refused, ...findWrongCounts(run.model, published)],
    messages: published.length,
    faults,
    rebuilds,
  };
}

class Run {
  readonly random: Random;
  readonly model: ModelStore;
  readonly faulty: FaultyTerms;
  readonly published: Published[] = [];
  nowMs: number;
  /** The furthest that the clock, and a publish time, has been. */
  #clockMaxMs = 0;
  #publishedMaxMs = 0;
  faults = 0;
  rebuilds = 0;
  readonly refused: string[] = [];
  #rebuilt: RebuildTermsRequest | undefined;
  /** The steps of the clock: in some runs all of it happens within minutes, in others within weeks. */
  readonly #steps: readonly number[];
  /** How many messages are ahead. */
  readonly #ahead: number;
  readonly #mood: Mood;
  readonly #turns: Turns;
  readonly #topics: TopicRecord[];
  readonly #processes: Process[];
  readonly #ids = countedIds();

  constructor(seed: number, variant: Variant) {
    const random = new Random(seed);
    this.random = random;
    this.nowMs = t0 + random.integer(0, 2 * day);
    const steps = [second, 15 * second, 2 * minute, 15 * minute, 3 * hour, 26 * hour, 3 * day, 10 * day];
    this.#steps = steps.slice(0, random.integer(2, steps.length));
    this.#ahead = random.pick([0, 0, 0.2]);
    this.#turns = new Turns(random);
    this.model = new ModelStore(random.chance(0.25) ? tinyCaps : roomyCaps, random.pick([1, 4]), variant.omissions);
    this.#topics = ["a", "b"].slice(0, random.integer(1, 2)).map((topic) => ({
      topic,
      incarnation: 1,
      shards: random.integer(1, 2),
      retentionSeconds: 0,
      terms: { enabled: true, languages: [], hidden: [] },
    }));
    for (const topic of this.#topics) {
      this.model.topics.set(topic.topic, topic);
      for (const ref of shardsOf(topic)) this.model.logs.set(shardKey(ref), { ref, entries: [], counted: 0 });
    }
    const mood = {
      failing: random.pick([0, 0.05, 0.15, 0.4]),
      repeating: random.pick([0, 0.1, 0.3]),
      arriving: random.pick([0.05, 0.3]),
      late: random.pick([0, 0.3, 0.9]),
      rebuilding: random.pick([0, 0, 0.25, 0.5]),
      cutting: random.pick([0, 0.5]),
      ...variant.mood,
    };
    this.#mood = mood;
    const clock = { nowMs: () => this.nowMs };
    this.faulty = new FaultyTerms(this.model, random, this.#turns, mood, variant.lies?.(clock) ?? {});
    this.#processes = [this.#start(), this.#start()];
  }

  publishSome(most: number): void {
    for (let entries = this.random.integer(0, most); entries > 0; entries--) {
      const topic = this.random.pick(this.#topics);
      this.#publish(this.random.pick(shardsOf(topic)));
    }
  }

  /** Some passes at once, by one or two processes, while messages come and late writes arrive. */
  async works(): Promise<void> {
    const works: (() => Promise<unknown>)[] = [];
    for (let i = this.random.integer(1, 5); i > 0; i--) {
      const process = this.random.pick(this.#processes);
      const kind = this.random.next();
      if (kind < this.#mood.rebuilding) works.push(() => this.#rebuild(process.context));
      else works.push(() => (kind < 0.7 ? process.counting.countTerms() : rollUpTerms(process.context)));
    }
    const ends = await this.#turns.run(works, () => {
      if (this.random.chance(0.04)) this.publishSome(1);
      if (this.random.chance(this.#mood.arriving)) this.faulty.deliverLate();
      if (this.random.chance(0.01)) this.model.expire(this.nowMs);
      if (this.random.chance(0.02)) this.passTime();
    });
    for (const end of ends) {
      if (end.status === "fulfilled") continue;
      if (!(end.reason instanceof StoreFault)) throw end.reason;
      this.faults += 1;
    }
    // A process that ends begins anew without what it had in memory.
    for (let i = 0; i < this.#processes.length; i++) if (this.random.chance(0.2)) this.#processes[i] = this.#start();
  }

  passTime(): void {
    const { random } = this;
    this.#clockMaxMs = Math.max(this.#clockMaxMs, this.nowMs);
    if (random.chance(0.15))
      this.nowMs = Math.max(this.nowMs - random.integer(1, backMsMax), this.#clockMaxMs - backMsMax);
    else this.nowMs += random.integer(0, random.pick(this.#steps));
  }

  /** Moves the clock this far past everything that has been. */
  passAll(ms: number): void {
    this.nowMs = Math.max(this.nowMs, this.#clockMaxMs, this.#publishedMaxMs) + ms;
  }

  /** Until everything is counted, and rolled up as far as it can be now. */
  async settle(): Promise<void> {
    const { counting, context } = this.#processes[0]!;
    for (let passes = 0; this.model.listUncounted().length > 0; passes++) {
      if (passes > 100) throw new Error("Counting never ends.");
      await this.#alone(() => counting.countTerms());
    }
    for (let marks = ""; ; ) {
      await this.#alone(() => rollUpTerms(context));
      const now = JSON.stringify([...this.model.marks.values()]);
      if (now === marks) return;
      marks = now;
    }
  }

  #publish(ref: ShardRef): void {
    const { random } = this;
    const { entries } = this.model.logs.get(shardKey(ref))!;
    const earliestMs = Math.max(0, ...entries.map((entry) => entry.publishedAtMs)) - disorderMsMax;
    const publishedAtMs = Math.max(this.nowMs - this.#lateMs(), earliestMs);
    const messages = Array.from({ length: random.integer(1, 3) }, () => words.filter(() => random.chance(0.3)));
    const last = entries.at(-1);
    const drafts = messages.map((terms) => draftOf(`"body":"${terms.join(" ")}"}`));
    entries.push({
      ticket: entries.length,
      firstSequence: last ? last.firstSequence + last.count : 0,
      count: messages.length,
      publishedAtMs,
      payload: encodePart("p", drafts),
    });
    for (const terms of messages) this.published.push({ ref, publishedAtMs, terms });
    this.#publishedMaxMs = Math.max(this.#publishedMaxMs, publishedAtMs);
  }

  /**
   * How late a message is; below 0, how far ahead: publish time does not go back in a shard when its clock does. Half of
   * the late ones fall into a bucket where messages are already.
   */
  #lateMs(): number {
    const { random } = this;
    if (random.chance(this.#ahead)) return -random.integer(0, 8 * day);
    if (!random.chance(this.#mood.late)) return 0;
    const among = random.chance(0.5) && this.published.length > 0 ? random.pick(this.published) : undefined;
    const lateMs = among ? this.nowMs - among.publishedAtMs : lateMsMax;
    return lateMs >= 0 && lateMs < lateMsMax
      ? lateMs
      : random.integer(0, random.pick([20 * second, 10 * minute, lateMsMax]));
  }

  /** Rebuilds some hours in which there are messages, or goes on with a rebuild that was not done. */
  async #rebuild(context: Context): Promise<void> {
    const { random } = this;
    if (this.published.length === 0) return;
    if (!this.#rebuilt || random.chance(0.3)) {
      const at = random.pick(this.published).publishedAtMs;
      const from = timeToString(at - random.integer(0, 1) * hour);
      const to = timeToString(at + random.integer(1, 3) * hour);
      this.#rebuilt = { from, to, ...(random.chance(0.5) && { topic: random.pick(this.#topics).topic }) };
    }
    for (let calls = random.integer(1, 6); calls > 0; calls--) {
      const { continue: before, ...body } = this.#rebuilt;
      const answer: TermsRebuild | undefined = await rebuildTerms(
        context,
        { kind: "admin" },
        { body: this.#rebuilt },
      ).catch((error) => {
        // The hours are too new, or too old, for the clock of now.
        if (!(error instanceof BellwetherError)) throw error;
        // The log is never trimmed here: a range that cannot be recounted was counted wrong.
        if (error.code !== "invalid_request") this.refused.push(error.message);
        return undefined;
      });
      if (answer?.state === "done") this.rebuilds += 1;
      this.#rebuilt = answer?.continue === undefined ? undefined : { ...body, continue: answer.continue };
      if (!this.#rebuilt) return;
    }
  }

  async #alone(work: () => Promise<unknown>): Promise<void> {
    const [end] = await this.#turns.run([work]);
    if (end!.status === "rejected") throw end!.reason;
  }

  #start(): Process {
    const context = fakeContext(this.faulty.store(), { nowMs: () => this.nowMs }, this.#ids);
    return { context, counting: new TermCounting(context) };
  }
}

interface Process {
  readonly context: Context;
  readonly counting: TermCounting;
}
