import { comparePositions, decodeCursor, type Position } from "#core/cursor.ts";
import type { Random } from "../random.ts";
import { type ApiMessage, type ApiPage, call, shardOf, UnexpectedAnswer } from "./api.ts";
import { streamEvents } from "./streaming.ts";

/** What was delivered between two seeks, by shard. */
export interface Stretch {
  /** The first sequence of each shard that is to be read; 0 where none is named. */
  readonly from: ReadonlyMap<number, number>;
  readonly delivered: Map<number, ApiMessage[]>;
}

export interface SubscribingOptions {
  /** Also reads event streams, leaves them, and resumes them. */
  readonly streams?: boolean;
  /** Seeks now and then. */
  readonly seeks?: boolean;
}

/**
 * Reads one topic from a cursor that it holds itself, by pulling, long polls and event streams, and commits now and then,
 * in both ways. What it held survives the service's crash: every message must come once, in order, from one end of the run
 * to the other, or from where it sought to.
 */
export class CrashSubscriber {
  readonly name: string;
  readonly topic: string;
  readonly violations: string[] = [];
  readonly stretches: Stretch[] = [{ from: new Map(), delivered: new Map() }];
  readonly #subscriberId: string;
  readonly #token: string;
  readonly #random: Random;
  readonly #options: SubscribingOptions;
  #cursor: string;
  /** The last commit that was answered, and the last that was asked for. */
  #committed: string;
  #asked: string;
  /** A seek was asked for, and the service did not say whether it was done. */
  #isLost = false;
  commits = 0;
  seeks = 0;
  deliveredCount = 0;

  constructor(
    name: string,
    topic: string,
    registered: { readonly subscriberId: string; readonly token: string; readonly cursor: string },
    random: Random,
    options: SubscribingOptions = {},
  ) {
    this.name = name;
    this.topic = topic;
    this.#subscriberId = registered.subscriberId;
    this.#token = registered.token;
    this.#cursor = registered.cursor;
    this.#committed = registered.cursor;
    this.#asked = registered.cursor;
    this.#random = random;
    this.#options = options;
  }

  /** Does one thing with its subscription. Throws what it ran into. */
  async step(url: string): Promise<void> {
    const { streams = false, seeks = false } = this.#options;
    if (this.#isLost) await this.#seek(url);
    if (streams && this.#random.chance(0.1)) await this.#stream(url);
    else await this.#poll(url, this.#random.integer(0, 1));
    if (this.#random.chance(0.2)) await this.#commit(url);
    if (seeks && this.#random.chance(0.02)) await this.#seek(url);
  }

  /** Reads on to the present end. */
  async drain(url: string): Promise<void> {
    if (this.#isLost) await this.#seek(url);
    while (!(await this.#poll(url, 0)));
  }

  /** The committed cursor is at least what was answered and at most what was asked; all behind it can be read. */
  async check(url: string, log: ReadonlyMap<number, readonly ApiMessage[]>): Promise<void> {
    if (this.#isLost) await this.#seek(url);
    const { cursor } = await call<{ cursor: string }>(url, "GET", this.#path(""), { token: this.#token });
    for (let shard = 0; shard < 16; shard++) {
      const [committed, found, asked] = [this.#committed, cursor, this.#asked].map((text) => positionIn(text, shard));
      if (comparePositions(found!, committed!) < 0)
        this.violations.push(`${this.name}: the cursor of shard ${shard} moved back to ${JSON.stringify(found)}`);
      if (comparePositions(found!, asked!) > 0)
        this.violations.push(`${this.name}: the cursor of shard ${shard} is beyond what was ever committed`);
    }
    this.#committed = cursor;
    await this.#checkReadable(url, cursor, log);
  }

  async #checkReadable(url: string, from: string, log: ReadonlyMap<number, readonly ApiMessage[]>): Promise<void> {
    const read = new Map<number, string[]>();
    for (let after = from; ; ) {
      const page = await this.#page(url, `limit=1000&after=${after}`);
      for (const message of page.messages) {
        const ids = read.get(shardOf(message)) ?? [];
        ids.push(message.id);
        read.set(shardOf(message), ids);
      }
      after = page.cursor;
      if (page.pollAfterMs > 0) break;
    }
    for (const [shard, messages] of log) {
      const { sequence } = positionIn(from, shard);
      const expected = messages.filter((message) => message.sequence >= sequence).map(({ id }) => id);
      if (JSON.stringify(read.get(shard) ?? []) !== JSON.stringify(expected))
        this.violations.push(`${this.name}: reading shard ${shard} from the committed cursor does not give its log`);
    }
  }

  /** One page. Gives whether it reached the end. */
  async #poll(url: string, wait: number): Promise<boolean> {
    const commits = this.#random.chance(0.3);
    if (commits) this.#asked = this.#cursor;
    const limit = this.#random.integer(1, 200);
    const page = await this.#page(url, `limit=${limit}&wait=${wait}&commit=${commits}&after=${this.#cursor}`);
    if (commits) this.#note(this.#cursor);
    if (page.discontinuities.length > 0) this.#lost(page.discontinuities);
    for (const message of page.messages) this.#take(message);
    this.#cursor = page.cursor;
    return page.pollAfterMs > 0;
  }

  /** An event stream for a while, left wherever it is. */
  async #stream(url: string): Promise<void> {
    const signal = AbortSignal.timeout(this.#random.integer(50, 1_500));
    let left = this.#random.integer(1, 1_000);
    for await (const { id, event, data } of streamEvents(url, this.#path("/messages"), {
      token: this.#token,
      lastEventId: this.#cursor,
      signal,
    })) {
      if (event === "discontinuity") this.#lost(data);
      else this.#take(JSON.parse(data) as ApiMessage);
      this.#cursor = id;
      left -= 1;
      if (left === 0) return;
    }
  }

  #take(message: ApiMessage): void {
    const { delivered } = this.stretches.at(-1)!;
    const shard = shardOf(message);
    const messages = delivered.get(shard) ?? [];
    messages.push(message);
    delivered.set(shard, messages);
    this.deliveredCount += 1;
  }

  #lost(discontinuities: unknown): void {
    this.violations.push(`${this.name}: a loss was announced: ${JSON.stringify(discontinuities)}`);
  }

  async #commit(url: string): Promise<void> {
    const cursor = this.#cursor;
    this.#asked = cursor;
    await call(url, "PUT", this.#path("/cursor"), { token: this.#token, body: JSON.stringify({ cursor }) });
    this.#note(cursor);
  }

  /** To the beginning, or back to where it had committed. What it held before must then be refused. */
  async #seek(url: string): Promise<void> {
    const before = this.#cursor;
    const from = this.#random.chance(0.5) ? "earliest" : this.#committed;
    this.#isLost = true;
    const { cursor } = await call<{ cursor: string }>(url, "POST", this.#path("/seek"), {
      token: this.#token,
      body: JSON.stringify({ from }),
    });
    this.#isLost = false;
    this.seeks += 1;
    this.#cursor = cursor;
    this.#committed = cursor;
    this.#asked = cursor;
    const positions = decodeCursor(cursor).topics[0]?.positions ?? new Map<number, Position>();
    this.stretches.push({
      from: new Map([...positions].map(([shard, { sequence }]) => [shard, sequence])),
      delivered: new Map(),
    });
    await this.#checkSuperseded(url, before);
  }

  async #checkSuperseded(url: string, cursor: string): Promise<void> {
    try {
      await call(url, "PUT", this.#path("/cursor"), { token: this.#token, body: JSON.stringify({ cursor }) });
      this.violations.push(`${this.name}: a commit of before the seek was taken after it`);
    } catch (error) {
      if (!(error instanceof UnexpectedAnswer && error.status === 409)) throw error;
    }
  }

  #note(cursor: string): void {
    this.#committed = cursor;
    this.commits += 1;
  }

  #page(url: string, query: string): Promise<ApiPage> {
    return call<ApiPage>(url, "GET", this.#path(`/messages?${query}`), { token: this.#token });
  }

  #path(rest: string): string {
    return `/v1/subscribers/${this.#subscriberId}${rest}`;
  }
}

function positionIn(cursor: string, shard: number): Position {
  return decodeCursor(cursor).topics[0]?.positions.get(shard) ?? { ticket: 0, index: 0, sequence: 0 };
}
