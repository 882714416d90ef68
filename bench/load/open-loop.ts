import { Deliveries } from "./deliveries.ts";
import { Gauge } from "./gauge.ts";
import type { LadderJob, LadderResult, LadderStep, LoadResult, OpenLoopJob, Target } from "./jobs.ts";
import { Schedule } from "./schedule.ts";
import { openSenders, openSubscribers, type Sender } from "./senders.ts";

/** How long after the last message its deliveries may take. */
const lingerMs = 10_000;

interface Step {
  readonly messagesPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly lingerMs: number;
  /** Whether to wait in a spin: messages go out to the microsecond, but the core is never idle and its use says nothing. */
  readonly spin: boolean;
}

export async function runOpenLoop(job: OpenLoopJob): Promise<LoadResult> {
  const loop = await OpenLoop.open(job);
  const result = await loop.run({ ...job, lingerMs, spin: true });
  loop.close();
  return result;
}

/** Climbs from rate to rate, with the same subscribers, until deliveries are late or missing at two rates in a row. */
export async function runLadder(job: LadderJob): Promise<LadderResult> {
  const loop = await OpenLoop.open(job);
  const steps: LadderStep[] = [];
  for (const messagesPerSecond of job.rates) {
    const times = { warmUpSeconds: 0.5, seconds: job.seconds, lingerMs: job.p99MsMax * 4 };
    const { p99Ms, missing, cores, ...load } = await loop.run({ messagesPerSecond, ...times, spin: false });
    const good = p99Ms <= job.p99MsMax && missing === 0;
    const offered = messagesPerSecond * job.streams;
    steps.push({ offered, delivered: load.messagesPerSecond, p99Ms, missing, good, cores });
    const used = cores && ` (${percent(cores.server)} + ${percent(cores.generator)} %)`;
    process.stderr.write(` ${messagesPerSecond}/s:${good ? "" : "!"}${Math.round(p99Ms)}ms${used ?? ""}`);
    if (!good && steps.at(-2)?.good === false) break;
  }
  loop.close();
  return { steps };
}

function percent(share: number): number {
  return Math.round(share * 100);
}

/** Publishers that send on schedule, and the subscribers (if any) whose deliveries are timed. */
class OpenLoop {
  readonly #job: { readonly serverPid: number; readonly streams: number };
  readonly #senders: readonly Sender[];
  readonly #idle: Sender[];
  #subscribers: { close(): void } | undefined;
  /** What to do with the number of a message that has come where it was going. */
  #arrive = (_number: number, _atMs: number): void => {};
  /** Numbers go on from one run to the next, so that what comes late is not taken for a message of the next. */
  #next = 0;

  private constructor(job: { readonly serverPid: number; readonly streams: number }, senders: readonly Sender[]) {
    this.#job = job;
    this.#senders = senders;
    this.#idle = [...senders];
  }

  static async open(job: {
    readonly target: Target;
    readonly connections: number;
    readonly streams: number;
    readonly serverPid: number;
  }): Promise<OpenLoop> {
    const loop = new OpenLoop(job, await openSenders(job.target, job.connections));
    if (job.streams > 0) {
      const deliveries = new Deliveries(job.streams);
      loop.#subscribers = await openSubscribers(job.target, job.streams, (number, subscriber, atMs) => {
        if (deliveries.note(subscriber, number)) loop.#arrive(number, atMs);
      });
    }
    return loop;
  }

  async run(step: Step): Promise<LoadResult> {
    const schedule = new Schedule(step.messagesPerSecond);
    const warmUp = Math.round(step.warmUpSeconds * step.messagesPerSecond);
    const total = warmUp + Math.round(step.seconds * step.messagesPerSecond);
    const expected = (total - warmUp) * (this.#job.streams || 1);
    const gauge = new Gauge(this.#job.serverPid);
    const first = this.#next;
    this.#next += total;
    let arrived = 0;
    const startedAt = performance.now();
    this.#arrive = (number, atMs) => {
      if (gauge.running) gauge.messages += 1;
      const index = number - first;
      if (index < warmUp) return;
      arrived += 1;
      gauge.latency(schedule.latencyMs(index, atMs - startedAt));
    };

    for (let due = 0; due < total; ) {
      const elapsed = performance.now() - startedAt;
      due = Math.min(total, schedule.dueBy(elapsed));
      if (!gauge.running && due > warmUp) gauge.start();
      this.#sendDue(first + due, gauge);
      await turn(schedule.dueAtMs(due) - elapsed, step.spin);
    }
    const result = gauge.stop();
    const until = performance.now() + step.lingerMs;
    while (arrived < expected && performance.now() < until) await turn(10, false);
    return result(expected - arrived);
  }

  close(): void {
    this.#subscribers?.close();
    for (const sender of this.#senders) sender.close();
  }

  #sent = 0;
  #due = 0;

  /** Messages that were due while every connection was busy go first. */
  #sendDue(due: number, gauge: Gauge): void {
    this.#due = due;
    while (this.#sent < this.#due && this.#idle.length > 0) {
      const number = this.#sent++;
      // By turns, so that none is silent for long: servers close connections that never say anything.
      const sender = this.#idle.shift()!;
      sender.send(number, () => {
        gauge.messagesTotal += 1;
        this.#idle.push(sender);
        if (!this.#subscribers) this.#arrive(number, performance.now());
        if (this.#sent < this.#due) this.#sendDue(this.#due, gauge);
      });
    }
  }
}

/** A turn of the event loop. In a spin, a timer only where there is time for one, as timers are a millisecond off. */
function turn(spareMs: number, spin: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (!spin || spareMs > 2) setTimeout(resolve, 1);
    else setImmediate(resolve);
  });
}
