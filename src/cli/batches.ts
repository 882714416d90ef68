import { limits } from "#contract/limits.ts";
import type { MessageIn } from "#contract/types.ts";

/** Well below `batchMessagesMax`, so that one answer is not waited for too long. */
const batchMessages = 500;

/** What a stored message takes besides its text, rounded up. */
const messageOverheadBytes = 64;

/**
 * Gathers messages into batches within the limits. While one batch is on its way the next ones are read ahead, so a
 * fast input gives full batches and a slow one (a log that is followed) gives what there is, without a timer. When the
 * signal aborts, it ends with what was read so far.
 */
export async function* inBatches(
  messages: AsyncIterable<MessageIn>,
  signal: AbortSignal,
): AsyncGenerator<MessageIn[], void> {
  const waiting: MessageIn[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};
  const changed = () => new Promise<void>((resolve) => (wake = resolve));

  const iterator = messages[Symbol.asyncIterator]();
  const readAhead = async () => {
    try {
      for (let next = await iterator.next(); !next.done && !ended; next = await iterator.next()) {
        waiting.push(next.value);
        if (waiting.length === 1) wake();
        while (waiting.length >= 2 * batchMessages && !ended) await changed();
      }
    } catch (error) {
      failure = { error };
    }
    ended = true;
    wake();
  };

  const stop = () => {
    ended = true;
    wake();
  };
  signal.addEventListener("abort", stop, { once: true });
  void readAhead();
  try {
    for (;;) {
      if (waiting.length === 0 && !ended) await changed();
      // One turn of the event loop lets what is there already come in.
      await new Promise((resolve) => setImmediate(resolve));
      if (waiting.length > 0) {
        const batch = takeBatch(waiting);
        wake();
        yield batch;
      } else if (ended) break;
    }
    if (failure) throw failure.error;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

function takeBatch(waiting: MessageIn[]): MessageIn[] {
  let bytes = 0;
  let count = 0;
  for (const message of waiting) {
    bytes += Buffer.byteLength(JSON.stringify(message)) + messageOverheadBytes;
    if (count > 0 && (bytes > limits.batchBytesMax || count >= batchMessages)) break;
    count += 1;
  }
  return waiting.splice(0, count);
}
