import { decodeCursor, encodeCursor } from "#core/cursor.ts";
import type { Answer } from "../harness.ts";
import type { Plan, Who } from "./plans.ts";
import { Known, type Pool } from "./values.ts";

/** The newest of each pool are kept: enough to be varied, few enough to meet again. */
const poolMax = 40;

const hourMs = 3_600_000;

/** What a run knows of the service it calls: names, ids, tokens and cursors that answers gave. */
export class World {
  readonly #adminKey: string | undefined;
  /** By pool, and by pool and owner: a subscriber's cursors, a topic's messages. */
  readonly #pools = new Map<string, string[]>();
  /** By publisher's or subscriber's id. */
  readonly #tokens = new Map<string, string>();
  /** A publisher of each topic. */
  readonly #publisherOf = new Map<string, string>();

  constructor(adminKey: string | undefined) {
    this.#adminKey = adminKey;
    for (const key of ["a", "b", "c"]) this.#add("idempotencyKey", key);
  }

  /** A plan's value with everything known put in, mostly what belongs to the owner. */
  resolve(value: unknown, owner = ""): unknown {
    if (value instanceof Known) return this.#know(value, owner);
    if (Array.isArray(value)) return value.map((each) => this.resolve(each, owner));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.resolve(each, owner)]));
  }

  /** The token for a call, or undefined for none. */
  tokenFor(who: Who, operationId: string, path: Readonly<Record<string, unknown>>): string | undefined {
    switch (who) {
      case "nobody":
        return undefined;
      case "garbage":
        return "garbage";
      case "publisher":
        return this.#tokens.get(this.#newest("publisherId"));
      case "subscriber":
        return this.#tokens.get(this.#newest("subscriberId"));
      case "fitting":
        return this.#fitting(operationId, path);
      case "spoiled": {
        const token = this.#fitting(operationId, path) ?? "bw_pub_x_0123456789abcdef";
        return token.slice(0, -2) + (token.endsWith("xx") ? "yy" : "xx");
      }
      case "admin":
        return this.#adminKey;
    }
  }

  /** Takes what an answer tells. */
  learn({ operation, path }: Pick<Plan, "operation" | "path">, answer: Answer): void {
    if (answer.status === 204 && operation.method === "DELETE") this.#forget(path);
    if (answer.status >= 300 || answer.json === undefined) return;
    const { token, publisherId, subscriberId, topics } = answer.json;
    if (typeof token === "string") {
      this.#tokens.set(publisherId ?? subscriberId, token);
      if (publisherId) for (const topic of topics) this.#publisherOf.set(topic, publisherId);
    }
    if (operation.id !== "getPopularTerms") this.#walk(answer.json, ownerOf(path) || subscriberId || "");
  }

  #walk(value: unknown, owner: string): void {
    if (Array.isArray(value)) for (const each of value.slice(0, 20)) this.#walk(each, owner);
    if (typeof value !== "object" || value === null) return;
    const { topic } = value as { topic?: unknown };
    for (const [name, each] of Object.entries(value)) {
      if (typeof each === "string" && each.length < 3_000)
        this.#learnField(name, each, name === "id" && typeof topic === "string" ? topic : owner);
      else if (name === "topics" && Array.isArray(each)) for (const topic of each) this.#add("topic", String(topic));
      // What callers sent themselves tells nothing.
      else if (["items", "messages", "subscribers"].includes(name)) this.#walk(each, owner);
    }
  }

  #learnField(name: string, value: string, owner: string): void {
    if ((name === "publisherId" || name === "subscriberId") && this.#tokens.has(value)) this.#add(name, value);
    else if (name === "id") this.#add(`messageId ${owner}`, value);
    else if (name === "cursor") for (const pool of ["cursor", `cursor ${owner}`]) this.#add(pool, value);
    else if (["topic", "next", "continue", "streamToken"].includes(name)) this.#add(name, value);
  }

  #fitting(operationId: string, path: Readonly<Record<string, unknown>>): string | undefined {
    const { publisherId, subscriberId, topic } = path;
    if (typeof subscriberId === "string" && !operationId.startsWith("delete"))
      return this.#tokens.get(subscriberId) ?? this.#adminKey;
    if (operationId === "getPublisher") return this.#tokens.get(textOf(publisherId)) ?? this.#adminKey;
    if (operationId === "publish")
      return this.#tokens.get(this.#publisherOf.get(textOf(topic)) ?? "") ?? this.#adminKey;
    return this.#adminKey;
  }

  #know({ pool, at }: Known, owner: string): string {
    if (pool === "time") return new Date(Date.now() - (at % 5_000) * 1_000).toISOString();
    if (pool === "hour") return new Date(Math.floor(Date.now() / hourMs - (at % 60)) * hourMs).toISOString();
    if (pool === "cursorAhead") return aheadOf(this.#know({ pool: "cursor", at }, owner));
    const own = this.#pools.get(`${pool} ${owner}`);
    const values = (own && at % 4 > 0 ? own : this.#pools.get(pool)) ?? [];
    return values[Math.floor(at / 4) % values.length] ?? (pool === "messageId" ? "0-0" : "none");
  }

  #newest(pool: Pool): string {
    return this.#pools.get(pool)?.at(-1) ?? "";
  }

  #add(pool: string, value: string): void {
    const values = this.#pools.get(pool) ?? [];
    this.#pools.set(pool, values);
    if (values.includes(value)) return;
    values.push(value);
    if (values.length > poolMax) values.shift();
  }

  /** What was deleted is asked for no more, but for the tenth of it that answers 404. */
  #forget(path: Readonly<Record<string, unknown>>): void {
    const id = textOf(path.publisherId ?? path.subscriberId ?? path.topic);
    if (path.publisherId === undefined && path.subscriberId === undefined) this.#publisherOf.delete(id);
    if (id.charCodeAt(0) % 10 === 0) return;
    for (const values of this.#pools.values()) if (values.includes(id)) values.splice(values.indexOf(id), 1);
  }
}

/** Whose cursors and messages a path is about. */
export function ownerOf({ subscriberId, topic }: Readonly<Record<string, unknown>>): string {
  const owner = subscriberId ?? topic;
  return typeof owner === "string" ? owner : "";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A cursor that is sound and lies beyond the end of every log. */
function aheadOf(cursor: string): string {
  try {
    const { generation, topics } = decodeCursor(cursor);
    const far = topics.map((topic) => ({
      ...topic,
      positions: new Map(
        [...topic.positions].map(([shard]) => [shard, { ticket: 2 ** 40, index: 0, sequence: 2 ** 41 }]),
      ),
    }));
    return encodeCursor({ generation, topics: far });
  } catch {
    return cursor;
  }
}
