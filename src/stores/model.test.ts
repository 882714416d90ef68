import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Cursor } from "#core/cursor.ts";
import { hash32, type ShardRef } from "#core/shard.ts";
import type { AppendRequest, Store, SummaryKey, TermsChange, TopicRecord } from "#core/store.ts";
import { storeOverModel } from "../../test/dynamodb-faults/model-client.ts";
import { ModelDynamoDb } from "../../test/dynamodb-faults/model-dynamodb.ts";
import { openEmbeddedStore } from "./embedded/store.ts";
import { createMemoryStore } from "./memory/store.ts";

/*
 * Random operations against the memory store, which is the model, and another one must agree: in each answer, in each
 * error code, and in all that can be read after each operation. One operation at a time, as group commit makes entries of
 * calls that arrive together; what holds then is in the conformance suite, and so is `waitForNews`.
 *
 * On failure fast-check prints the seed, the path and the shortest list of operations that it found.
 */

const t0 = Date.UTC(2026, 0, 1);
const terms = { enabled: true, languages: ["en"], hidden: [] };
const topicNames = ["a", "b", "b.1"] as const;
const subscriberIds = ["s1", "s2", "s10"] as const;
const publisherIds = ["p1", "p2"] as const;
const tokenIds = ["k1", "k2"] as const;

// ── The operations, as data that shrinks and prints well ────────────────────────────────────────────────────────────

const topicName = fc.constantFrom(...topicNames);
const subscriberId = fc.constantFrom(...subscriberIds);
const publisherId = fc.constantFrom(...publisherIds);
const small = fc.nat({ max: 6 });
const max = fc.constantFrom(1, 2, 3, 3);
const retentionSeconds = fc.constantFrom(0, 3_600, 7_200);
const stepMs = fc.constantFrom(0, 0, 1, 500, 5_000, -3_000, 60_000, -600_000, 600_000, 3_600_000);
const position = fc.record({ ticket: small, index: fc.nat({ max: 2 }), sequence: small });
const positions = fc.uniqueArray(fc.tuple(fc.nat({ max: 2 }), position), {
  selector: ([shard]) => shard,
  maxLength: 3,
});
const topicPositions = fc.uniqueArray(fc.record({ topic: topicName, incarnation: fc.nat({ max: 1 }), positions }), {
  selector: ({ topic }) => topic,
  maxLength: 2,
});
const scopeTopic = fc.constantFrom("overall", ...topicNames);
const summaryKey = fc.record({ scopeTopic, level: fc.constantFrom(0, 1, 5), start: fc.nat({ max: 1 }) });
const mark = fc.record({ key: summaryKey, stamp: fc.constantFrom("x", "y") });
/** Mostly 0, so that conditions mostly hold. */
const wrongBy = fc.constantFrom(0, 0, 0, 0, 0, 1, -1);

const operation = fc.oneof(
  fc.record({
    kind: fc.constant("createTopic"),
    topic: topicName,
    shards: fc.integer({ min: 1, max: 3 }),
    retentionSeconds,
    max,
  }),
  fc.record({ kind: fc.constant("updateTopic"), topic: topicName, retentionSeconds }),
  fc.record({ kind: fc.constant("deleteTopic"), topic: topicName, reservedMs: fc.constantFrom(0, 1, 600_000) }),
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append"),
      topic: topicName,
      isLate: fc.constantFrom(false, false, false, false, true),
      parts: fc.array(fc.record({ shard: fc.nat({ max: 2 }), count: fc.integer({ min: 1, max: 3 }), bytes: small }), {
        minLength: 1,
        maxLength: 3,
      }),
      idempotency: fc.option(
        fc.record({
          recordKey: fc.constantFrom("r1", "r2"),
          fingerprint: fc.constantFrom("f", "f", "f", "g"),
          keptMs: fc.constantFrom(1, 5_000, 86_400_000),
        }),
        { nil: undefined },
      ),
    }),
  },
  fc.record({
    kind: fc.constant("readEntries"),
    topic: topicName,
    shard: fc.nat({ max: 3 }),
    from: small,
    messagesMax: fc.integer({ min: 1, max: 6 }),
    bytesMax: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant("findEntry"),
    topic: topicName,
    shard: fc.nat({ max: 3 }),
    by: fc.constantFrom("sequence", "publishedAtMs"),
    at: fc.nat({ max: 12 }),
    stepMs,
  }),
  fc.record({
    kind: fc.constant("createSubscriber"),
    id: subscriberId,
    topics: fc.uniqueArray(topicName, { minLength: 1 }),
    isNamed: fc.boolean(),
    topicPositions,
    max,
  }),
  fc.record({ kind: fc.constant("deleteSubscriber"), id: subscriberId }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("commitCursor"), id: subscriberId, wrongBy, topicPositions }) },
  fc.record({ kind: fc.constant("seekSubscriber"), id: subscriberId, topicPositions }),
  fc.record({ kind: fc.constant("touchSubscriber"), id: subscriberId }),
  fc.record({ kind: fc.constant("createPublisher"), id: publisherId, max }),
  fc.record({ kind: fc.constant("putPublisherTopics"), id: publisherId, topics: fc.uniqueArray(topicName) }),
  fc.record({ kind: fc.constant("deletePublisher"), id: publisherId }),
  fc.record({
    kind: fc.constant("putStreamToken"),
    id: fc.constantFrom(...tokenIds),
    usableMs: fc.constantFrom(1, 60_000),
  }),
  fc.record({
    kind: fc.constant("list"),
    after: fc.option(fc.constantFrom("", "a", "b", "b.0", "p1", "s1", "s2"), { nil: undefined }),
    limit: fc.integer({ min: 1, max: 3 }),
    topic: fc.option(topicName, { nil: undefined }),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("saveTerms"),
      puts: fc.uniqueArray(fc.record({ key: summaryKey, wrongBy, keptMs: fc.constantFrom(1, 60_000, 86_400_000) }), {
        selector: ({ key }) => JSON.stringify(key.level === 5 ? { ...key, start: 0 } : key),
        maxLength: 2,
      }),
      setMarks: fc.array(mark, { maxLength: 2 }),
      clearMarks: fc.array(mark, { maxLength: 2 }),
      cursors: fc.uniqueArray(
        fc.record({
          topic: topicName,
          shard: fc.nat({ max: 2 }),
          isLate: wrongBy.map((by) => by > 0),
          wrongBy,
          step: small,
        }),
        { selector: ({ topic, shard }) => `${topic}#${shard}`, maxLength: 2 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("expire") }) },
  fc.record({ kind: fc.constant("restart") }),
);

type Operation = Parameters<Parameters<typeof operation.map>[0]>[0];
type OperationOf<Kind extends Operation["kind"]> = Extract<Operation, { kind: Kind }>;

// ── Running them ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What one run knows: the time, and every incarnation of a topic that was asked for, so that late calls can be made. */
class World {
  nowMs = t0;
  readonly incarnations = new Map<string, TopicRecord[]>(topicNames.map((name) => [name, []]));

  /** The present incarnation of a topic, or with `isLate` the one before; one that never was if there is none. */
  topic(name: string, isLate = false): TopicRecord {
    const known = this.incarnations.get(name)!;
    const none = { topic: name, incarnation: 1, shards: 1, retentionSeconds: 0, terms };
    return known.at(isLate ? -2 : -1) ?? none;
  }

  ref(name: string, shard: number, isLate = false): ShardRef {
    return { topic: name, incarnation: this.topic(name, isLate).incarnation, shard };
  }

  refs(): ShardRef[] {
    return topicNames.flatMap((name) =>
      this.incarnations
        .get(name)!
        .slice(-2)
        .flatMap(({ incarnation, shards }) =>
          Array.from({ length: shards }, (_, shard) => ({ topic: name, incarnation, shard })),
        ),
    );
  }

  scope(scopeTopic: string): string {
    return scopeTopic === "overall" ? scopeTopic : `topic:${scopeTopic}#${this.topic(scopeTopic).incarnation}`;
  }

  summaryKey({ scopeTopic, level, start }: { scopeTopic: string; level: number; start: number }): SummaryKey {
    return {
      scope: this.scope(scopeTopic),
      level: level as SummaryKey["level"],
      startMs: level === 5 ? 0 : t0 + 60_000 * start,
    };
  }

  summaryKeys(): SummaryKey[] {
    return ["overall", ...topicNames].flatMap((scopeTopic) =>
      [0, 1, 5].flatMap((level) => [0, 1].map((start) => this.summaryKey({ scopeTopic, level, start }))),
    );
  }

  cursorTopics(topics: OperationOf<"seekSubscriber">["topicPositions"]): Cursor["topics"] {
    return topics.map(({ topic, incarnation, positions }) => ({
      topicHash: hash32(topic),
      incarnation: t0 + incarnation,
      positions: new Map(positions),
    }));
  }
}

type Verb = (store: Store) => Promise<unknown>;

/** The calls of an operation, with the same arguments for every store. What they need to know is read from the model. */
async function verbsOf(operation: Operation, world: World, model: Store): Promise<Verb[]> {
  const { nowMs } = world;
  switch (operation.kind) {
    case "createTopic": {
      const { topic, shards, retentionSeconds, max } = operation;
      // A clock that goes back makes no incarnation twice: names stay reserved for longer than it may err.
      const incarnation = Math.max(nowMs, world.topic(topic).incarnation + 1);
      const record = { topic, incarnation, shards, retentionSeconds, terms };
      return [(store) => store.createTopic(record, max)];
    }
    case "updateTopic": {
      const changes = { retentionSeconds: operation.retentionSeconds, terms: { ...terms, hidden: [operation.topic] } };
      return [(store) => store.updateTopic(operation.topic, changes)];
    }
    case "deleteTopic":
      return [(store) => store.deleteTopic(operation.topic, nowMs + operation.reservedMs)];
    case "append": {
      const { idempotency, ...request } = appendRequest(operation, world);
      // Whether a reused key or a topic that is gone is told of first is left open.
      const isThere = (await model.getTopic(request.topic))?.incarnation === request.incarnation;
      return [(store) => store.append({ ...request, ...(isThere && idempotency && { idempotency }) })];
    }
    case "readEntries": {
      const ref = world.ref(operation.topic, operation.shard);
      return [(store) => store.readEntries(ref, operation.from, operation.messagesMax, operation.bytesMax)];
    }
    case "findEntry": {
      const ref = world.ref(operation.topic, operation.shard);
      const at = operation.by === "sequence" ? { sequence: operation.at } : { publishedAtMs: nowMs + operation.stepMs };
      return [(store) => store.findEntry(ref, at)];
    }
    case "createSubscriber": {
      const { id, topics, isNamed, topicPositions, max } = operation;
      if (await model.getSubscriber(id)) return []; // ids are random: none comes twice
      const cursor = { generation: 0, topics: world.cursorTopics(topicPositions) };
      const record = { subscriberId: id, topics, secretHash: "00ff", createdAtMs: nowMs, cursor };
      return [(store) => store.createSubscriber(isNamed ? { ...record, name: "Ann" } : record, max)];
    }
    case "deleteSubscriber":
      return [(store) => store.deleteSubscriber(operation.id)];
    case "commitCursor": {
      const stored = await model.getSubscriber(operation.id);
      const generation = Math.max(0, (stored?.cursor.generation ?? 0) + operation.wrongBy);
      const cursor = { generation, topics: world.cursorTopics(operation.topicPositions) };
      return [(store) => store.commitCursor(operation.id, cursor, nowMs)];
    }
    case "seekSubscriber":
      return [(store) => store.seekSubscriber(operation.id, world.cursorTopics(operation.topicPositions))];
    case "touchSubscriber":
      return [(store) => store.touchSubscriber(operation.id, nowMs)];
    case "createPublisher": {
      const { id, max } = operation;
      if (await model.getPublisher(id)) return [];
      const record = { publisherId: id, name: "Bob", topics: ["a"], secretHash: "00ff", createdAtMs: nowMs };
      return [(store) => store.createPublisher(record, max)];
    }
    case "putPublisherTopics":
      return [(store) => store.putPublisherTopics(operation.id, operation.topics)];
    case "deletePublisher":
      return [(store) => store.deletePublisher(operation.id)];
    case "putStreamToken": {
      const { id, usableMs } = operation;
      const record = { id, secretHash: "00ff", subscriberId: "s1", createdAtMs: nowMs };
      return [(store) => store.putStreamToken({ ...record, usableUntilMs: nowMs + usableMs })];
    }
    case "list": {
      const { after, limit, topic } = operation;
      return [
        (store) => store.listTopics(after, limit),
        (store) => store.listPublishers(after, limit),
        (store) => store.listSubscribers(after, limit, topic),
        async (store) => (await store.listUncounted(limit)).length,
        async (store) => (await store.listWork(undefined, limit)).map(({ level, startMs }) => [level, startMs]),
      ];
    }
    case "saveTerms": {
      const change = await termsChange(operation, world, model);
      return [(store) => store.saveTerms(change)];
    }
    case "expire":
      return [(store) => expireAll(store, nowMs)];
    case "restart":
      return [];
  }
}

function appendRequest(operation: OperationOf<"append">, world: World): AppendRequest {
  const { topic, incarnation, shards } = world.topic(operation.topic, operation.isLate);
  const parts = new Map(
    operation.parts.map(({ shard, count, bytes }, i) => [
      shard % shards,
      { shard: shard % shards, count, payload: Uint8Array.from({ length: bytes }, (_, j) => 16 * i + j) },
    ]),
  );
  const request = { topic, incarnation, nowMs: world.nowMs, parts: [...parts.values()] };
  if (!operation.idempotency) return request;
  // As the function that publishes makes them: a key is of one topic, a fingerprint of one payload.
  const { keptMs } = operation.idempotency;
  const recordKey = `${topic}#${incarnation} ${operation.idempotency.recordKey}`;
  const sizes = request.parts.map(({ shard, count, payload }) => [shard, count, payload.length]);
  const fingerprint = `${operation.idempotency.fingerprint} ${sizes}`;
  return { ...request, idempotency: { recordKey, fingerprint, expiresAtMs: world.nowMs + keptMs } };
}

async function termsChange(operation: OperationOf<"saveTerms">, world: World, model: Store): Promise<TermsChange> {
  const puts = operation.puts.map(async ({ key, wrongBy, keptMs }) => {
    const [stored] = await model.getSummaries([world.summaryKey(key)]);
    const version = (stored?.version ?? 0) + 1 + wrongBy;
    const bytes = Uint8Array.from([version, keptMs % 251]);
    return {
      ...world.summaryKey(key),
      version,
      bytes,
      included: { [`${key.scopeTopic}#0`]: version },
      expiresAtMs: world.nowMs + keptMs,
    };
  });
  const uncounted = await model.listUncounted(1_000);
  const cursors = operation.cursors.map(async ({ topic, shard, isLate, wrongBy, step }) => {
    const ref = world.ref(topic, shard % world.topic(topic, isLate).shards, isLate);
    const end = (await model.getShard(ref))?.tickets ?? 0;
    const stands = uncounted.find((each) => fc.stringify(each.ref) === fc.stringify(ref))?.ticket ?? end;
    const fromTicket = stands + wrongBy;
    return { ref, fromTicket, toTicket: Math.max(fromTicket, Math.min(fromTicket + step, end)) };
  });
  const marks = (list: typeof operation.setMarks) =>
    list.map(({ key, stamp }) => ({ ...world.summaryKey(key), stamp }));
  // A change names a mark once.
  const named = new Map(
    [...marks(operation.setMarks), ...marks(operation.clearMarks)].map((each, i) => [
      `${each.scope} ${each.level} ${each.startMs}`,
      { each, isSet: i < operation.setMarks.length },
    ]),
  );
  return {
    puts: await Promise.all(puts),
    setMarks: [...named.values()].filter(({ isSet }) => isSet).map(({ each }) => each),
    clearMarks: [...named.values()].filter(({ isSet }) => !isSet).map(({ each }) => each),
    // And a shard once.
    cursors: [...new Map((await Promise.all(cursors)).map((each) => [fc.stringify(each.ref), each])).values()],
  };
}

/** How large a step is differs between stores; that steps end, and where, does not. */
async function expireAll(store: Store, nowMs: number): Promise<void> {
  for (let steps = 0; await store.expire(nowMs); steps++) assert.ok(steps < 1_000, "expiry does not finish");
}

/** Everything that can be read, in an order that does not depend on the store where the port names none. */
async function everything(store: Store, world: World): Promise<unknown> {
  const byText = (a: unknown, b: unknown): number => (fc.stringify(a) < fc.stringify(b) ? -1 : 1);
  const shards = world.refs().map(async (ref) => ({
    ref,
    state: await store.getShard(ref),
    entries: await store.readEntries(ref, 0, 1_000, 1_000_000),
  }));
  return {
    topics: await store.listTopics(undefined, 10),
    each: await Promise.all(topicNames.map((name) => store.getTopic(name))),
    publishers: await store.listPublishers(undefined, 10),
    subscribers: await store.listSubscribers(undefined, 10),
    readers: await Promise.all(topicNames.map((name) => store.listSubscribers(undefined, 10, name))),
    tokens: await Promise.all(tokenIds.map((id) => store.getStreamToken(id))),
    shards: await Promise.all(shards),
    uncounted: (await store.listUncounted(100)).toSorted(byText),
    summaries: (await store.getSummaries(world.summaryKeys())).toSorted(byText),
    work: (await store.listWork(undefined, 100))
      .map(({ stamp, ...key }) => ({ ...key, stamp: stamp.split(" ")[0] }))
      .toSorted(byText),
  };
}

/** An answer or an error as plain data: bytes as hex, maps as lists in order of key, errors as code and details. */
async function outcomeOf(verb: Verb, store: Store): Promise<unknown> {
  try {
    return comparable(await verb(store));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "BellwetherError") throw error;
    const { code, details } = error as Error & { code: string; details: object };
    return { code, details };
  }
}

function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof Map) return [...value].map(comparable).sort();
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, comparable(each)]));
}

/** A store to be compared with the model. */
interface Subject {
  store: Store;
  restart(): Promise<void>;
  close(): Promise<void>;
}

async function embeddedSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), "bellwether-model-"));
  const subject: Subject = {
    store: await openEmbeddedStore(folder),
    async restart() {
      await subject.store.close();
      subject.store = await openEmbeddedStore(folder);
    },
    async close() {
      await subject.store.close();
      await rm(folder, { recursive: true });
    },
  };
  return subject;
}

/** Over the model of DynamoDB, which is held to a real engine by a test of its own. Its clock stands, so that it trims nothing. */
async function dynamoDbSubject(): Promise<Subject> {
  const store = storeOverModel(new ModelDynamoDb(), { nowMs: () => t0 });
  return { store, restart: async () => {}, close: () => store.close() };
}

/** Runs random operations over both and compares answers and all that is stored. */
async function agree(open: () => Promise<Subject>, numRuns: number): Promise<void> {
  const steps = fc.array(fc.record({ operation, stepMs }), { minLength: 1, maxLength: 45, size: "max" });
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const model = createMemoryStore();
      const subject = await open();
      const world = new World();
      const compared = async (store: Store): Promise<unknown> => comparable(await everything(store, world));
      try {
        for (const [i, { operation, stepMs }] of list.entries()) {
          world.nowMs += stepMs;
          // What differs in time only: that store forgets later, by itself.
          if (operation.kind === "expire" && !subject.store.traits.expiresAtOnce) continue;
          const what = `step ${i} at t0 + ${world.nowMs - t0}: ${fc.stringify(operation)}`;
          for (const verb of await verbsOf(operation, world, model)) {
            const expected = await outcomeOf(verb, model);
            // Without transactions a refused change may be done in part: which part is in the conformance suite.
            if (operation.kind === "saveTerms" && expected === false && !subject.store.traits.transactions) continue;
            const actual = await outcomeOf(withOwnStamps(verb, subject.store), subject.store);
            assert.deepEqual(actual, expected, `the answer differs in ${what}`);
          }
          if (operation.kind === "createTopic") await noteIncarnation(operation.topic, world, model);
          if (operation.kind === "restart") await subject.restart();
          if (operation.kind === "deleteTopic" && !subject.store.traits.expiresAtOnce)
            await expireAll(subject.store, world.nowMs);
          assert.deepEqual(
            await compared(subject.store),
            await compared(model),
            `what is stored differs after ${what}`,
          );
        }
      } finally {
        await subject.close();
      }
    }),
    { numRuns },
  );
}

/**
 * A store without transactions makes its own stamps of those given. To compare, a mark is cleared by the stamp that the
 * store has for it where its beginning is the one given.
 */
function withOwnStamps(verb: Verb, store: Store): Verb {
  if (store.traits.transactions) return verb;
  return () =>
    verb({
      ...store,
      async saveTerms(change) {
        const marks = await store.listWork(undefined, 1_000);
        const clearMarks = change.clearMarks.map((mark) => {
          const own = marks.find(
            ({ scope, level, startMs }) => scope === mark.scope && level === mark.level && startMs === mark.startMs,
          );
          return own?.stamp.split(" ")[0] === mark.stamp ? own : mark;
        });
        return store.saveTerms({ ...change, clearMarks });
      },
    });
}

test("memory and embedded give the same answers to the same operations", { timeout: 120_000 }, () =>
  agree(embeddedSubject, 100),
);

test("memory and dynamodb give the same answers to the same operations", { timeout: 120_000 }, () =>
  agree(dynamoDbSubject, 100),
);

async function noteIncarnation(topic: string, world: World, model: Store): Promise<void> {
  const record = await model.getTopic(topic);
  const known = world.incarnations.get(topic)!;
  if (record && record.incarnation !== known.at(-1)?.incarnation) known.push(record);
}
