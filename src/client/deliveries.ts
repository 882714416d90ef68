import { limits } from "#contract/limits.ts";
import type { Discontinuity, Message, MessagePage } from "#contract/types.ts";
import type { StreamEvent } from "./event-stream.ts";
import type { Retries } from "./retries.ts";
import { sleep } from "./sleep.ts";
import { parseData, passingDelayMs, streamEvents } from "./stream-events.ts";

/** A message with the cursor behind it; within a page only the last one has it. */
export interface Delivery {
  readonly message: Message;
  readonly cursor: string | undefined;
}

/**
 * Deliveries that came together, each made when it is asked for, and loss announced between them: a step between two
 * asynchronous iterations costs more than a message's JSON, and is taken once for all.
 */
export type Deliveries = Iterable<Delivery>;

/** Where deliveries come from. Without a cursor: from where the source begins. */
export interface DeliverySource {
  openStream(cursor: string | undefined): Promise<AsyncGenerator<Uint8Array, void>>;
  readPage(cursor: string | undefined, waitSeconds: number, limit: number): Promise<MessagePage>;
}

/** How to read from a source. */
export interface DeliveryOptions {
  readonly signal: AbortSignal;
  readonly retries: Retries;
  readonly onDiscontinuity: (discontinuity: Discontinuity) => void;
}

/**
 * Reads event streams, one after the other, each from where the last one broke off, until the signal aborts; as
 * `streamEvents`.
 */
export async function* streamDeliveries(
  source: DeliverySource,
  options: DeliveryOptions,
): AsyncGenerator<Deliveries, void> {
  for await (const events of streamEvents((cursor) => source.openStream(cursor), options)) {
    yield deliveriesOf(events, options);
  }
}

function* deliveriesOf(events: readonly StreamEvent[], options: DeliveryOptions): Generator<Delivery, void> {
  for (const event of events) {
    const cursor = event.id === "" ? undefined : event.id;
    if (event.event === "message") yield { message: parseData<Message>(event), cursor };
    else if (event.event === "discontinuity") options.onDiscontinuity(parseData<Discontinuity>(event));
  }
}

/**
 * Reads page after page: by long poll when it follows, else until it has caught up. Trying again is the transport's;
 * a connection lost while following is tried for ever.
 */
export async function* pageDeliveries(
  source: DeliverySource,
  options: DeliveryOptions & { readonly follow: boolean; readonly messagesLeft: () => number },
): AsyncGenerator<Deliveries, void> {
  let cursor: string | undefined;
  let failures = 0;
  while (!options.signal.aborted) {
    let page: MessagePage;
    try {
      page = await source.readPage(
        cursor,
        options.follow ? limits.waitSecondsMax : 0,
        pageMessages(options.messagesLeft()),
      );
      failures = 0;
    } catch (error) {
      if (options.signal.aborted) return;
      failures += 1;
      const isLast = !options.follow || cursor === undefined;
      await sleep(passingDelayMs(error, options.retries, failures, isLast), options.signal);
      continue;
    }
    page.discontinuities.forEach(options.onDiscontinuity);
    cursor = page.cursor;
    const last = page.messages.length - 1;
    yield page.messages.map((message, index) => ({ message, cursor: index === last ? page.cursor : undefined }));
    if (page.pollAfterMs > 0 && !options.follow) return;
    if (page.messages.length === 0) await sleep(page.pollAfterMs, options.signal);
  }
}

/** No more than are wanted, so that the page ends with the last one of them. */
function pageMessages(messagesLeft: number): number {
  return Math.min(messagesLeft, limits.pageMessagesDefault);
}
