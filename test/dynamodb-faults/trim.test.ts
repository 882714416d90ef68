import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { draftOf, encodePart } from "#core/entry.ts";
import type { TopicRecord } from "#core/store.ts";
import { storeOverModel } from "./model-client.ts";
import { ModelDynamoDb } from "./model-dynamodb.ts";

const [hour, day] = [3_600_000, 86_400_000];
const t0 = Date.UTC(2026, 0, 1);
const ref = { topic: "a", incarnation: t0, shard: 0 };
const terms = { enabled: true, languages: [], hidden: [] };

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("append" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(1, hour, 5 * hour, day, 2 * day, 9 * day, 40 * day, 400 * day),
    }),
  },
  fc.record({
    kind: fc.constant("retention" as const),
    seconds: fc.constantFrom(0, 3_600, 86_400, 604_800, 30 * 86_400, 3_650 * 86_400),
  }),
);

/*
 * What DynamoDB may have deleted lies below the trim, always and with a day to spare for clocks that differ: or a reader
 * would take it for a gap. And nothing lies below the trim that has not expired, by a retention that held then or since.
 */
test("entries are below the trim before they may be deleted, and not before they have expired", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), async (steps) => {
      const model = new ModelDynamoDb();
      let nowMs = t0;
      const store = storeOverModel(model, { nowMs: () => nowMs });
      const topic: TopicRecord = { topic: "a", incarnation: t0, shards: 1, retentionSeconds: 604_800, terms };
      await store.createTopic(topic, 10);
      const written: { atMs: number; deletableMs: number; retentions: Set<number>; isOver: boolean }[] = [];
      let retentionSeconds = topic.retentionSeconds;
      let trimBefore = 0;
      for (const each of steps) {
        if (each.kind === "pass") nowMs += each.ms;
        else if (each.kind === "retention") {
          const changed = await store.updateTopic("a", { retentionSeconds: each.seconds, terms }).catch((error) => {
            assert.equal(error.code, "limit_reached");
          });
          if (changed) retentionSeconds = each.seconds;
        } else {
          const payload = encodePart("p", [draftOf('"body":1}')]);
          await store.append({ ...ref, nowMs, parts: [{ shard: 0, count: 1, payload }] });
          const item = model.items("Messages").find(({ t }) => t!.N === String(written.length))!;
          const deletableMs = item.x ? Number(item.x.N) * 1000 : Number.POSITIVE_INFINITY;
          written.push({ atMs: nowMs, deletableMs, retentions: new Set([retentionSeconds]), isOver: false });
        }
        for (const entry of written) {
          entry.retentions.add(retentionSeconds);
          entry.isOver ||= [...entry.retentions].some((s) => s > 0 && entry.atMs + s * 1000 <= nowMs);
        }
        const state = (await store.getShard(ref))!;
        assert.ok(state.firstTicket >= trimBefore, "the trim went back");
        trimBefore = state.firstTicket;
        written.forEach((entry, ticket) => {
          if (entry.deletableMs <= nowMs + day) assert.ok(ticket < state.firstTicket, `${ticket} may be deleted`);
          if (ticket < state.firstTicket) assert.ok(entry.isOver, `${ticket} has not expired`);
        });
        assert.equal(state.firstSequence, state.firstTicket);
        const counter = model.items("Topics").find(({ s }) => s?.S === "log")!;
        assert.ok(JSON.stringify(counter).length < 2_200, "the counter grows");
      }
    }),
    { numRuns: 200 },
  );
});
