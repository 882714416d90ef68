import type { DynamoDBStreamEvent } from "aws-lambda";
import type { Context } from "#functions/context.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import type { Invocation } from "./invocation.ts";
import type { Telemetry } from "./telemetry.ts";

/** A function that an event only wakes; what it does follows from what is stored. */
export type BackgroundFunction = (event: unknown, invocation: Invocation) => Promise<void>;

/** Left of an invocation's time when no further pass is begun: one takes some hundred milliseconds, at most seconds. */
const passMs = 10_000;

/**
 * Counts the terms of what was published, from the count cursors on, until nothing is left or time is short. Woken by the
 * messages' stream, and by a schedule in case a wake-up was lost. What the event holds is not read but for its age: it may
 * come late, twice or not at all. Rejects when a pass fails, so that the stream gives the event again.
 */
export function createCountTerms(context: Context, telemetry: Telemetry): BackgroundFunction {
  const counting = new TermCounting(context);
  return (event, invocation) =>
    telemetry.invoked(invocation, async () => {
      let counted = 0;
      let uncuttable = 0;
      await whileThereIsMore("countTerms", invocation, telemetry, async () => {
        const pass = await counting.countTerms();
        counted += pass.messages;
        uncuttable += pass.uncuttable;
        return pass.more;
      });
      const sinceMs = oldestRecordMs(event);
      if (sinceMs !== undefined) telemetry.measured("countingLagMs", Math.max(0, context.clock.nowMs() - sinceMs));
      if (counted > 0) telemetry.measured("messagesCounted", counted);
      if (uncuttable > 0) telemetry.measured("uncuttableMessages", uncuttable);
    });
}

/** Rolls up the buckets that are closed, then forgets what has expired, until nothing is left or time is short. */
export function createRollUpTerms(context: Context, telemetry: Telemetry): BackgroundFunction {
  return (_event, invocation) =>
    telemetry.invoked(invocation, async () => {
      await whileThereIsMore("rollUpTerms", invocation, telemetry, () => rollUpTerms(context));
      await whileThereIsMore("expire", invocation, telemetry, () => context.store.expire(context.clock.nowMs()));
    });
}

async function whileThereIsMore(
  work: string,
  invocation: Invocation,
  telemetry: Telemetry,
  step: () => Promise<boolean>,
): Promise<void> {
  try {
    while (await step()) if (invocation.getRemainingTimeInMillis() < passMs) return;
  } catch (error) {
    telemetry.failed(work, error);
    throw error;
  }
}

function oldestRecordMs(event: unknown): number | undefined {
  const { Records: records } = (event ?? {}) as Partial<DynamoDBStreamEvent>;
  const seconds = records?.map(({ dynamodb }) => dynamodb?.ApproximateCreationDateTime ?? Number.NaN) ?? [];
  const known = seconds.filter((each) => Number.isFinite(each));
  return known.length > 0 ? Math.min(...known) * 1000 : undefined;
}
