import { setTimeout as delay } from "node:timers/promises";
import { decodeCursor } from "#core/cursor.ts";
import { type ApiMessage, type ApiPage, call, shardOf } from "../crash/api.ts";
import { checkTerms, recount, termsOfAll } from "../crash/checks.ts";
import type { Controls } from "../crash/controls.ts";
import { CrashPublisher } from "../crash/publishing.ts";
import type { Caller } from "../crash/service.ts";
import { adminKey } from "../crash/world.ts";
import type { Random } from "../random.ts";

const retentionSeconds = 3_600;

interface Loss {
  readonly shard: number;
  readonly fromSequence: number;
  readonly toSequence: number;
  /** The latest time that the service's clock can have shown when it announced the loss. */
  readonly announcedMs: number;
}

/**
 * A topic whose messages expire, by their `ttlSeconds` and by its retention, and a reader of it. What it is not given must
 * be announced, once and in its place, and only what had expired may be; all is counted, however soon it is gone.
 */
export class ExpiringTopic implements Caller {
  readonly name: string;
  readonly publishers: CrashPublisher[] = [];
  readonly violations: string[] = [];
  readonly #controls: Controls;
  readonly #random: Random;
  readonly #next = new Map<number, number>();
  readonly #losses: Loss[] = [];
  #cursor: string | undefined;
  delivered = 0;
  lost = 0;

  private constructor(name: string, controls: Controls, random: Random) {
    this.name = name;
    this.#controls = controls;
    this.#random = random;
  }

  static async register(url: string, name: string, controls: Controls, random: Random): Promise<ExpiringTopic> {
    const topic = new ExpiringTopic(name, controls, random.fork());
    await call(url, "PUT", `/v1/topics/${name}`, {
      token: adminKey,
      body: JSON.stringify({ shards: 2, retentionSeconds }),
    });
    for (let i = 0; i < 2; i++) {
      const { token } = await call<{ token: string }>(url, "POST", "/v1/publishers", {
        token: adminKey,
        body: JSON.stringify({ name, topics: [name] }),
      });
      topic.publishers.push(
        new CrashPublisher(`${name}-publisher-${i}`, name, token, random.fork(), { expiring: true, pauseMsMax: 100 }),
      );
    }
    return topic;
  }

  async step(url: string): Promise<void> {
    await delay(this.#random.integer(0, this.#random.pick([50, 2_000])));
    await this.#read(url);
  }

  /** What is wrong now that nothing more is published; gives also the exact counts of all that was. */
  async check(url: string): Promise<{ violations: string[]; truth: ReturnType<typeof recount> }> {
    for (const publisher of this.publishers) await publisher.settle(url);
    while (!(await this.#read(url)));
    const calls = this.publishers.flatMap((publisher) =>
      publisher.calls.map((publish) => ({ ...publish, by: publisher.name })),
    );
    const truth = recount(
      calls.flatMap(({ by, messages }) => messages.map(({ number, text }) => ({ body: { by, number, text } }))),
    );
    const last = calls
      .map(({ publishedAt }) => publishedAt ?? "")
      .sort()
      .at(-1);
    const answer = await termsOfAll(url, this.name, last);
    const violations = [
      ...this.violations,
      ...this.publishers.flatMap((publisher) => publisher.violations),
      ...this.#checkLosses(),
      ...checkTerms(`topic ${this.name}`, answer, truth),
    ];
    return { violations, truth };
  }

  async remove(url: string): Promise<void> {
    await call(url, "DELETE", `/v1/topics/${this.name}`, { token: adminKey });
  }

  /** One page. Gives whether it reached the end. */
  async #read(url: string): Promise<boolean> {
    const after = this.#cursor === undefined ? "" : `&after=${this.#cursor}`;
    const page = await call<ApiPage>(url, "GET", `/v1/topics/${this.name}/messages?limit=1000${after}`);
    const announcedMs = this.#controls.lastMs;
    const losses = page.discontinuities.map((each) => ({ ...(each as Loss), announcedMs }));
    const given = [
      ...page.messages.map((message) => rangeOf(message)),
      ...losses.map(({ shard, fromSequence, toSequence }) => ({ shard, fromSequence, toSequence })),
    ].sort((a, b) => a.fromSequence - b.fromSequence);
    for (const range of given) this.#goOn(range);
    this.#losses.push(...losses);
    this.delivered += page.messages.length;
    this.#cursor = page.cursor;
    for (const [shard, { sequence }] of decodeCursor(page.cursor).topics[0]!.positions)
      if (sequence !== (this.#next.get(shard) ?? 0))
        this.#wrong(`the cursor of shard ${shard} is at ${sequence}, behind what was given or announced`);
    return page.pollAfterMs > 0;
  }

  #goOn({ shard, fromSequence, toSequence }: Omit<Loss, "announcedMs">): void {
    const next = this.#next.get(shard) ?? 0;
    if (fromSequence !== next) this.#wrong(`shard ${shard} goes on with ${fromSequence} where ${next} is next`);
    this.#next.set(shard, toSequence + 1);
  }

  /** Only what had expired may be lost, and sequences are given once each, without a hole. */
  #checkLosses(): string[] {
    const expiresAtMs = new Map<string, number>();
    let acknowledged = 0;
    for (const { messages, acknowledged: answers, publishedAt } of this.publishers.flatMap(({ calls }) => calls)) {
      answers?.forEach(({ id }, i) => {
        const { ttlSeconds = retentionSeconds } = messages[i]!;
        expiresAtMs.set(id, Date.parse(publishedAt!) + 1_000 * Math.min(ttlSeconds, retentionSeconds));
        acknowledged += 1;
      });
    }
    const wrong: string[] = [];
    if (expiresAtMs.size !== acknowledged) wrong.push(`${acknowledged} messages have ${expiresAtMs.size} ids`);
    const end = [...this.#next.values()].reduce((sum, next) => sum + next, 0);
    if (end !== acknowledged) wrong.push(`${acknowledged} messages were acknowledged, ${end} given or announced`);
    for (const { shard, fromSequence, toSequence, announcedMs } of this.#losses) {
      for (let sequence = fromSequence; sequence <= toSequence; sequence++) {
        this.lost += 1;
        const dueMs = expiresAtMs.get(`${shard}-${sequence}`);
        if (dueMs === undefined || dueMs > announcedMs)
          wrong.push(
            `${shard}-${sequence} was lost ${dueMs === undefined ? "and never there" : `${dueMs - announcedMs} ms early`}`,
          );
      }
    }
    return wrong.slice(0, 5).map((each) => `${this.name}: ${each}`);
  }

  #wrong(message: string): void {
    this.violations.push(`${this.name}: ${message}`);
  }
}

function rangeOf(message: ApiMessage): Omit<Loss, "announcedMs"> {
  return { shard: shardOf(message), fromSequence: message.sequence, toSequence: message.sequence };
}
