import { BellwetherError } from "#contract/errors.ts";
import type { Discontinuity, Message } from "#contract/types.ts";
import { type Committer, createCommitter } from "./committer.ts";
import { type Deliveries, type DeliverySource, pageDeliveries, streamDeliveries } from "./deliveries.ts";
import type { Retries } from "./retries.ts";
import { stoppable } from "./stoppable.ts";

/** How to read a subscription's messages. */
export interface MessagesOptions {
  /** true (default): go on for ever. false: end when everything there is has been read. */
  readonly follow?: boolean | undefined;
  /** `stream` (default): an event stream. `poll`: long polls, for a proxy that holds streams back. Without `follow`, always pages. */
  readonly transport?: "stream" | "poll" | undefined;
  /** End after so many messages. Unlike leaving the loop, it counts the last one as processed. */
  readonly limit?: number | undefined;
  /** true (default): commit what was processed. false: the subscription stays where it is. */
  readonly commit?: boolean | undefined;
  /** Ends the iteration in order, as the end of the messages would. */
  readonly signal?: AbortSignal | undefined;
  /** Called when messages are gone that were not read, before the next one is given. Without it, loss goes unnoticed. */
  readonly onDiscontinuity?: ((discontinuity: Discontinuity) => void) | undefined;
}

/** What the iteration needs from a subscription; a live tail, which commits nothing, leaves the last two out. */
export interface MessagesSource {
  /** A source whose calls end with the signal. */
  open(signal: AbortSignal): DeliverySource;
  commit?(cursor: string): Promise<void>;
  cursorBehind?(after: string | undefined, messages: readonly Message[]): Promise<string | undefined>;
}

const commitEveryMs = 1_000;
const commitEveryMessages = 100;

/**
 * Iterates over messages. Asking for the next message says that the last one is processed: it is committed within
 * about a second or 100 messages, and at the end. A message that the loop was left at (`break`, an exception) is not
 * processed and comes again. `return()` works while a `next()` is waiting.
 */
export function iterateMessages(
  source: MessagesSource,
  retries: Retries,
  options: MessagesOptions,
): AsyncIterableIterator<Message> {
  const messagesLeft = options.limit ?? Number.POSITIVE_INFINITY;
  return stoppable(options.signal, (signal, onEnd) =>
    runSessions({ source, retries, options, signal, messagesLeft }, onEnd),
  );
}

/** One iteration, over all its sessions. */
interface Reading {
  readonly source: MessagesSource;
  readonly retries: Retries;
  readonly options: MessagesOptions;
  readonly signal: AbortSignal;
  messagesLeft: number;
}

/** A session reads from the subscription's own cursor; a seek by somebody else ends it, and the next one begins there. */
async function* runSessions(reading: Reading, onEnd: () => void): AsyncGenerator<Message, void> {
  try {
    while (!reading.signal.aborted && reading.messagesLeft > 0) {
      try {
        yield* runSession(reading);
        return;
      } catch (error) {
        if (!isSuperseded(error)) throw error;
      }
    }
  } finally {
    onEnd();
  }
}

async function* runSession(reading: Reading): AsyncGenerator<Message, void> {
  const { source, options, signal } = reading;
  const session = new AbortController();
  const end = () => session.abort();
  signal.addEventListener("abort", end, { once: true });
  let failure: unknown;
  const committer = startCommitter(source, options, (error) => {
    failure = error;
    session.abort();
  });
  let failed = false;
  try {
    read: for await (const deliveries of openDeliveries(reading, session.signal)) {
      for (const { message, cursor } of deliveries) {
        yield message;
        committer?.processed(message, cursor);
        reading.messagesLeft -= 1;
        if (session.signal.aborted || reading.messagesLeft <= 0) break read;
      }
    }
    if (failure !== undefined) throw failure;
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    signal.removeEventListener("abort", end);
    session.abort();
    await committer?.finish().catch((error) => {
      // The first error tells more; and at the end a seek by somebody else is no error.
      if (!failed && !isSuperseded(error)) throw error;
    });
  }
}

function openDeliveries(reading: Reading, signal: AbortSignal): AsyncGenerator<Deliveries, void> {
  const { source, retries, options } = reading;
  const follow = options.follow ?? true;
  const deliveryOptions = { signal, retries, onDiscontinuity: options.onDiscontinuity ?? (() => {}) };
  return follow && options.transport !== "poll"
    ? streamDeliveries(source.open(signal), deliveryOptions)
    : pageDeliveries(source.open(signal), { ...deliveryOptions, follow, messagesLeft: () => reading.messagesLeft });
}

function startCommitter(
  { commit, cursorBehind }: MessagesSource,
  options: MessagesOptions,
  onFailure: (error: unknown) => void,
): Committer | undefined {
  if (!commit || !cursorBehind || options.commit === false) return undefined;
  return createCommitter({
    commit,
    cursorBehind,
    onFailure,
    everyMs: commitEveryMs,
    everyMessages: commitEveryMessages,
  });
}

function isSuperseded(error: unknown): boolean {
  return error instanceof BellwetherError && error.code === "cursor_superseded";
}
