import { comparePositions, decodeCursor, type Position } from "#core/cursor.ts";
import type { Random } from "../random.ts";
import { type ApiMessage, type ApiPage, call, shardOf, UnexpectedAnswer } from "./api.ts";

/**
 * Reads one topic by long poll from a cursor that it holds itself, and commits now and then, in both ways. What it held
 * survives the service's crash: every message must come once, in order, from one end of the run to the other.
 */
export class CrashSubscriber {
  readonly name: string;
  readonly topic: string;
  readonly violations: string[] = [];
  /** All that was delivered, by shard. */
  readonly delivered = new Map<number, ApiMessage[]>();
  readonly #subscriberId: string;
  readonly #token: string;
  readonly #random: Random;
  #cursor: string;
  /** The last commit that was answered, and the last that was asked for. */
  #committed: string;
  #asked: string;
  commits = 0;

  constructor(
    name: string,
    topic: string,
    registered: { readonly subscriberId: string; readonly token: string; readonly cursor: string },
    random: Random,
  ) {
    this.name = name;
    this.topic = topic;
    this.#subscriberId = registered.subscriberId;
    this.#token = registered.token;
    this.#cursor = registered.cursor;
    this.#committed = registered.cursor;
    this.#asked = registered.cursor;
    this.#random = random;
  }

  /** Reads until the service is gone. */
  async run(url: string): Promise<void> {
    try {
      for (;;) await this.#step(url, 1);
    } catch (error) {
      if (error instanceof UnexpectedAnswer) this.violations.push(`${this.name}: ${error.message}`);
    }
  }

  /** Reads on to the present end. */
  async drain(url: string): Promise<void> {
    while (!(await this.#step(url, 0)));
  }

  /** The committed cursor is at least what was answered and at most what was asked; all behind it can be read. */
  async check(url: string, log: ReadonlyMap<number, readonly ApiMessage[]>): Promise<void> {
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
      for (const message of page.messages)
        read.set(shardOf(message), [...(read.get(shardOf(message)) ?? []), message.id]);
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
  async #step(url: string, wait: number): Promise<boolean> {
    const commits = this.#random.chance(0.3);
    if (commits) this.#asked = this.#cursor;
    const limit = this.#random.integer(1, 200);
    const page = await this.#page(url, `limit=${limit}&wait=${wait}&commit=${commits}&after=${this.#cursor}`);
    if (commits) this.#note(this.#cursor);
    if (page.discontinuities.length > 0)
      this.violations.push(`${this.name}: a loss was announced: ${JSON.stringify(page.discontinuities)}`);
    for (const message of page.messages) {
      const delivered = this.delivered.get(shardOf(message)) ?? [];
      delivered.push(message);
      this.delivered.set(shardOf(message), delivered);
    }
    this.#cursor = page.cursor;
    if (this.#random.chance(0.2)) await this.#commit(url);
    return page.pollAfterMs > 0;
  }

  async #commit(url: string): Promise<void> {
    const cursor = this.#cursor;
    this.#asked = cursor;
    await call(url, "PUT", this.#path("/cursor"), { token: this.#token, body: JSON.stringify({ cursor }) });
    this.#note(cursor);
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
