import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Discontinuity, Message, MessagePage } from "#contract/types.ts";
import { createEventStreamParser, type StreamEvent } from "./event-stream.ts";
import { isTransient, type Retries, retryDelayMs } from "./retries.ts";
import { sleep } from "./sleep.ts";

/** A message with the cursor behind it; within a page only the last one has it. */
export interface Delivery {
  readonly message: Message;
  readonly cursor: string | undefined;
}

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

/** Two and a half heartbeats: after so long a silence the connection counts as lost. */
export const silenceMsMax = limits.heartbeatSeconds * 2_500 + 2_500;

/** What to wait before a stream that ended in order is opened again, if it did not say. */
const reopenMsDefault = 1_000;

/**
 * Reads event streams, one after the other, each from where the last one broke off, until the signal aborts. The first
 * connection is tried as often as any call; once there was one, it is tried for ever. Errors that do not pass are thrown.
 */
export async function* streamDeliveries(
  source: DeliverySource,
  options: DeliveryOptions,
): AsyncGenerator<Delivery, void> {
  let cursor: string | undefined;
  let failures = 0;
  let everConnected = false;
  while (!options.signal.aborted) {
    let waitMs = reopenMsDefault;
    try {
      const chunks = await source.openStream(cursor);
      everConnected = true;
      const parser = createEventStreamParser();
      for await (const chunk of chunks) {
        failures = 0;
        for (const event of parser.push(chunk)) {
          if (event.id !== "") cursor = event.id;
          if (event.event === "message") yield { message: parseData<Message>(event), cursor };
          else if (event.event === "discontinuity") options.onDiscontinuity(parseData<Discontinuity>(event));
        }
        waitMs = parser.retryMs ?? waitMs;
      }
    } catch (error) {
      if (options.signal.aborted) return;
      failures += 1;
      const isLast = !everConnected && failures >= options.retries.attempts;
      waitMs = passingDelayMs(error, options.retries, failures, isLast);
    }
    await sleep(waitMs, options.signal);
  }
}

/**
 * Reads page after page: by long poll when it follows, else until it has caught up. Trying again is the transport's;
 * a connection lost while following is tried for ever.
 */
export async function* pageDeliveries(
  source: DeliverySource,
  options: DeliveryOptions & { readonly follow: boolean; readonly messagesLeft: () => number },
): AsyncGenerator<Delivery, void> {
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
    for (const [index, message] of page.messages.entries()) {
      yield { message, cursor: index === page.messages.length - 1 ? cursor : undefined };
    }
    if (page.pollAfterMs > 0 && !options.follow) return;
    if (page.messages.length === 0) await sleep(page.pollAfterMs, options.signal);
  }
}

/** No more than are wanted, so that the page ends with the last one of them. */
function pageMessages(messagesLeft: number): number {
  return Math.min(messagesLeft, limits.pageMessagesDefault);
}

/** The time to wait before going on; throws the error when it does not pass or this was the last try. */
function passingDelayMs(error: unknown, retries: Retries, failures: number, isLast: boolean): number {
  if (!(error instanceof BellwetherError) || !isTransient(error) || isLast) throw error;
  return retryDelayMs(retries, failures, error) ?? (error.details.retryAfterSeconds ?? 0) * 1_000;
}

function parseData<T>(event: StreamEvent): T {
  try {
    return JSON.parse(event.data) as T;
  } catch (cause) {
    throw new BellwetherError("internal", `An event "${event.event}" does not hold JSON.`, {}, { cause });
  }
}
