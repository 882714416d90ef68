import type { Discontinuity } from "#contract/types.ts";
import { type Cursor, encodeCursor } from "#core/cursor.ts";
import { MovingCursor, type ReadStep } from "#core/reader.ts";
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

/** A page as streams give it. */
export interface StreamPage {
  /** As `write` makes it. Written once, however many streams give the page. */
  written(write: (page: MessagesPage) => Uint8Array): Uint8Array;
}

/** A page that one stream gives. */
export function streamPageOf(page: MessagesPage): StreamPage {
  return { written: (write) => write(page) };
}

/** A page of nothing that only says where a stream begins, so that one cut before its first message resumes there. */
export function beginningPage(cursor: Cursor): StreamPage {
  const page = { messages: [], discontinuities: [], cursor: encodeCursor(cursor), pollAfterMs: 0, events: () => [] };
  return streamPageOf(page);
}

/** What one step of reading, begun at `from`, has found. */
export function pageOfStep(settings: ServiceSettings, from: Cursor, step: ReadStep): MessagesPage {
  const { deliveries } = step;
  const cursor = encodeCursor(step.cursor);
  const messages: string[] = [];
  const discontinuities: Discontinuity[] = [];
  for (const delivery of deliveries) {
    if ("message" in delivery) messages.push(delivery.message);
    else discontinuities.push(delivery.discontinuity);
  }
  return {
    messages,
    discontinuities,
    cursor,
    pollAfterMs: step.more ? 0 : settings.pollAfterMs,
    events: () => {
      const passed = new MovingCursor(from);
      return deliveries.map((delivery, i) => {
        passed.pass(delivery);
        const id = i === deliveries.length - 1 ? cursor : encodeCursor(passed);
        return "message" in delivery
          ? { id, message: delivery.message }
          : { id, discontinuity: delivery.discontinuity };
      });
    },
  };
}
