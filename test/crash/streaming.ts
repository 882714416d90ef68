import { UnexpectedAnswer } from "./api.ts";

export interface StreamedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/**
 * The events of a stream, behind `lastEventId`, until the signal or the service ends it. Leaving the loop ends the
 * connection. What came in part is dropped: it comes again behind the last event that came whole.
 */
export async function* streamEvents(
  url: string,
  path: string,
  options: { readonly token: string; readonly lastEventId: string; readonly signal: AbortSignal },
): AsyncGenerator<StreamedEvent> {
  const { token, lastEventId, signal } = options;
  const left = new AbortController();
  try {
    const response = await fetch(`${url}${path}`, {
      headers: { accept: "text/event-stream", authorization: `Bearer ${token}`, "last-event-id": lastEventId },
      signal: AbortSignal.any([signal, left.signal]),
    });
    if (!response.ok) throw new UnexpectedAnswer(response.status, `GET ${path}: ${await response.text()}`);
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const frames = text.split("\n\n");
      text = frames.pop()!;
      for (const frame of frames) {
        const event = eventOf(frame);
        if (event) yield event;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    left.abort();
  }
}

/** undefined for a comment, and for what only says when to come back. */
function eventOf(frame: string): StreamedEvent | undefined {
  const fields = new Map(
    frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  const [id, event, data] = ["id", "event", "data"].map((name) => fields.get(name));
  return id === undefined || event === undefined || data === undefined ? undefined : { id, event, data };
}
