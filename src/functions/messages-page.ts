import type { Discontinuity } from "#contract/types.ts";
import { type Cursor, encodeCursor } from "#core/cursor.ts";
import { cursorAfter, type ReadStep } from "#core/reader.ts";
import type { ServiceSettings } from "#core/settings.ts";

/** An event of a page: a message's JSON as stored, or a loss. `id` is the cursor after it. */
export type PageEvent = { readonly id: string } & (
  | { readonly message: string }
  | { readonly discontinuity: Discontinuity }
);

/** A page before it is written out. Its messages are JSON texts that are copied, not parsed. */
export interface MessagesPage {
  readonly messages: readonly string[];
  readonly discontinuities: readonly Discontinuity[];
  readonly cursor: string;
  readonly pollAfterMs: number;
  /** How many messages were looked at to find these; only where some are wanted and others not. */
  readonly scanned?: number;
  /** In order of delivery, each with its cursor; made when asked for, as only streams need them. */
  events(): PageEvent[];
}

/** A page of nothing that only says where a stream begins, so that one cut before its first message resumes there. */
export function beginningPage(cursor: Cursor): MessagesPage {
  return { messages: [], discontinuities: [], cursor: encodeCursor(cursor), pollAfterMs: 0, events: () => [] };
}

/** What one step of reading, begun at `from`, has found. */
export function pageOfStep(settings: ServiceSettings, from: Cursor, step: ReadStep): MessagesPage {
  return {
    messages: step.deliveries.flatMap((delivery) => ("message" in delivery ? [delivery.message] : [])),
    discontinuities: step.deliveries.flatMap((delivery) =>
      "discontinuity" in delivery ? [delivery.discontinuity] : [],
    ),
    cursor: encodeCursor(step.cursor),
    pollAfterMs: step.more ? 0 : settings.pollAfterMs,
    events: () => {
      let cursor = from;
      return step.deliveries.map((delivery) => {
        cursor = cursorAfter(cursor, delivery);
        const id = encodeCursor(cursor);
        return "message" in delivery
          ? { id, message: delivery.message }
          : { id, discontinuity: delivery.discontinuity };
      });
    },
  };
}
