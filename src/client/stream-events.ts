import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { createEventStreamParser, type StreamEvent } from "./event-stream.ts";
import { isTransient, type Retries, retryDelayMs } from "./retries.ts";
import { sleep } from "./sleep.ts";

/** Two and a half heartbeats: after so long a silence the connection counts as lost. */
export const silenceMsMax = limits.heartbeatSeconds * 2_500 + 2_500;

/** What to wait before a stream that ended in order is opened again, if it did not say. */
const reopenMsDefault = 1_000;

/**
 * The events of event streams, one stream after the other, until the signal aborts, together as they came. `open` is
 * given the id of the last event, if there was one; each event is given with the latest id. The first connection is tried as often as any call;
 * once there was one, it is tried for ever. Errors that do not pass are thrown.
 */
export async function* streamEvents(
  open: (lastEventId: string | undefined) => Promise<AsyncGenerator<Uint8Array, void>>,
  { signal, retries }: { readonly signal: AbortSignal; readonly retries: Retries },
): AsyncGenerator<readonly StreamEvent[], void> {
  let lastEventId: string | undefined;
  let failures = 0;
  let everConnected = false;
  while (!signal.aborted) {
    let waitMs = reopenMsDefault;
    try {
      const chunks = await open(lastEventId);
      everConnected = true;
      const parser = createEventStreamParser();
      for await (const chunk of chunks) {
        failures = 0;
        const events = parser.push(chunk).map((event) => {
          if (event.id !== "") lastEventId = event.id;
          return { ...event, id: lastEventId ?? "" };
        });
        if (events.length > 0) yield events;
        if (parser.lastEventId !== "") lastEventId = parser.lastEventId;
        waitMs = parser.retryMs ?? waitMs;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const isLast = !everConnected && failures >= retries.attempts;
      waitMs = passingDelayMs(error, retries, failures, isLast);
    }
    await sleep(waitMs, signal);
  }
}

/** The time to wait before going on; throws the error when it does not pass or this was the last try. */
export function passingDelayMs(error: unknown, retries: Retries, failures: number, isLast: boolean): number {
  if (!(error instanceof BellwetherError) || !isTransient(error) || isLast) throw error;
  return retryDelayMs(retries, failures, error) ?? (error.details.retryAfterSeconds ?? 0) * 1_000;
}

/** The JSON that an event holds. Throws `internal` when it holds none. */
export function parseData<T>(event: StreamEvent): T {
  try {
    return JSON.parse(event.data) as T;
  } catch (cause) {
    throw new BellwetherError("internal", `An event "${event.event}" does not hold JSON.`, {}, { cause });
  }
}
